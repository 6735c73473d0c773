import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { picturesOf } from '../images/pictures.test.support.js';
import { type DatasetSpec, groupsOf, type ImageDataset, loadSplit } from '../index.js';
import type { DataEvent } from '../progress.js';

/** An image: patient, study, view, year of the study, split, Edema and No Finding as CheXpert reads the report. */
type Row = [
  subject: number,
  study: number,
  view: string,
  year: number,
  split: string,
  edema: string,
  none: string,
];
const rows: Row[] = [
  [10000032, 50000001, 'PA', 2180, 'train', '1.0', ''],
  [10000032, 50000001, 'LATERAL', 2180, 'train', '1.0', ''],
  [10000032, 50000002, 'AP', 2190, 'train', '0.0', '1.0'],
  [10000764, 50000003, 'AP', 2132, 'train', '-1.0', ''],
  [11000011, 50000004, 'PA', 2140, 'validate', '', '1.0'],
  [19999987, 50000005, 'AP', 2150, 'test', '1.0', ''],
];
const dicomOf = (i: number): string => `${i}f2a3-b${i}`;
const pathOf = ([subject, study]: Row, i: number): string =>
  `files/p${String(subject).slice(0, 2)}/p${subject}/s${study}/${dicomOf(i)}.jpg`;
const studies = rows.filter(([, study], i) => rows.findIndex(([, other]) => other === study) === i);
const table = (lines: readonly unknown[][]): Buffer =>
  gzipSync(lines.map((line) => `${line.join(',')}\n`).join(''));

const tables = {
  'mimic-cxr-2.0.0-split.csv.gz': table([
    ['dicom_id', 'study_id', 'subject_id', 'split'],
    ...rows.map(([subject, study, , , split], i) => [dicomOf(i), study, subject, split]),
  ]),
  'mimic-cxr-2.0.0-metadata.csv.gz': table([
    ['dicom_id', 'subject_id', 'study_id', 'ViewPosition', 'Rows', 'Columns', 'StudyDate', 'StudyTime'],
    ...rows.map(([subject, study, view, year], i) => [
      dicomOf(i),
      subject,
      study,
      view,
      10,
      12,
      `${year}0506`,
      1.5,
    ]),
  ]),
  'mimic-cxr-2.0.0-chexpert.csv.gz': table([
    ['subject_id', 'study_id', 'Edema', 'No Finding'],
    ...studies.map(([subject, study, , , , edema, none]) => [subject, study, edema, none]),
  ]),
  'mimic-cxr-2.0.0-negbio.csv.gz': table([
    ['subject_id', 'study_id', 'Edema', 'No Finding'],
    ...studies.map(([subject, study]) => [subject, study, '1.0', '']),
  ]),
};
/** The first was 52 in 2180, and so is 62 in 2190; of the third the age is not known. */
const patients = table([
  ['subject_id', 'gender', 'anchor_age', 'anchor_year', 'anchor_year_group', 'dod'],
  [10000032, 'F', 52, 2180, '2014 - 2016', '2180-09-09'],
  [10000764, 'M', 86, 2132, '2014 - 2016', ''],
  [11000011, 'M', 0, 2140, '2014 - 2016', ''],
]);

const spec = (path: string, options: object = {}): DatasetSpec =>
  ({ name: 'mimic-cxr', path, imageSize: 8, ...options }) as DatasetSpec;

async function load(path: string, options: object = {}): Promise<ImageDataset & { notes: string[] }> {
  const events: DataEvent[] = [];
  const dataset = await loadSplit(spec(path, options), 'train', {
    onProgress: (event) => events.push(event),
  });
  return { ...dataset, notes: events.flatMap((event) => (event.kind === 'note' ? event.text : [])) };
}

const labelsOf = ({ ids, labels, classNames }: ImageDataset): string[][] =>
  ids.map((id, i) => [id, classNames[labels![i]!]!]);

test('findings are labels, by study; only frontal images, in the official splits', async (t) => {
  const root = await picturesOf(t, rows.map(pathOf), tables);
  const train = await load(root);
  assert.deepEqual(labelsOf(train), [
    [dicomOf(0), 'finding'],
    [dicomOf(2), 'No Finding'],
    [dicomOf(3), 'finding'],
  ]);
  assert.deepEqual(train.attributes, [], 'without patients');
  assert.ok(train.notes.some((note) => /1 images are left out: not frontal/.test(note)));
  assert.ok(!train.notes.some((note) => /not read/.test(note)), 'lateral images have a row');
  assert.deepEqual((await loadSplit(spec(root), 'validation')).ids, [dicomOf(4)]);
  assert.deepEqual((await loadSplit(spec(root), 'test')).ids, [dicomOf(5)]);
  const all = await load(root, { xrayViews: 'all' });
  assert.deepEqual([all.clusters?.name, [...all.clusters!.codes]], ['patient', [0, 0, 0, 1]]);
  const negbio = await load(root, { label: 'Edema', labeler: 'negbio' });
  assert.deepEqual(
    labelsOf(negbio).map(([, label]) => label),
    ['Edema', 'Edema', 'Edema'],
  );
});

test('uncertain findings and those not mentioned are what the options say', async (t) => {
  const root = await picturesOf(t, rows.map(pathOf), tables);
  const left = await load(root, { label: 'Edema' });
  assert.deepEqual(labelsOf(left), [
    [dicomOf(0), 'Edema'],
    [dicomOf(2), 'no Edema'],
  ]);
  assert.ok(left.notes.some((note) => /1 images are left out: Edema is uncertain/.test(note)));
  for (const [policy, label] of [
    ['positive', 'Edema'],
    ['negative', 'no Edema'],
  ]) {
    const kept = await load(root, { label: 'Edema', uncertainLabel: policy });
    assert.deepEqual(labelsOf(kept)[2], [dicomOf(3), label]);
  }
  const validation = await loadSplit(spec(root, { label: 'Edema' }), 'validation');
  assert.deepEqual(labelsOf(validation), [[dicomOf(4), 'no Edema']]);
  await assert.rejects(
    loadSplit(spec(root, { label: 'Edema', missingLabel: 'exclude' }), 'validation'),
    /has no validation split: it has train and test/,
  );
});

test('age is that at the study, in groups by boundaries; unknown where the table does not have it', async (t) => {
  const root = await picturesOf(t, rows.map(pathOf), { ...tables, 'patients.csv.gz': patients });
  const train = await load(root);
  const [age] = train.attributes;
  assert.deepEqual(
    [age!.name, age!.values, [...age!.codes]],
    ['age', ['under 60', '60 and over'], [0, 1, 1]],
  );
  assert.equal(groupsOf(train).groups[1]!.name, 'label=finding,age=60 and over');
  const both = await load(root, { attributes: 'sex,age', ageBoundaries: '53,62,80' });
  assert.deepEqual(both.attributes.map(({ values }) => values)[1], [
    'under 53',
    '53 to 61',
    '62 to 79',
    '80 and over',
  ]);
  assert.deepEqual(
    both.attributes.map(({ codes }) => [...codes]),
    [
      [0, 0, 1],
      [0, 2, 3],
    ],
  );
  const [unknown] = (await loadSplit(spec(root), 'validation')).attributes;
  assert.deepEqual([...unknown!.codes], [-1], 'an age of 0 is none');
  const [absent] = (await loadSplit(spec(root), 'test')).attributes;
  assert.deepEqual([...absent!.codes], [-1]);
  await assert.rejects(load(root, { ageBoundaries: '60,40' }), /whole years, rising/);
});

test('what is not there is named', async (t) => {
  const root = await picturesOf(
    t,
    rows.slice(1).map((row, i) => pathOf(row, i + 1)),
    tables,
  );
  await assert.rejects(
    load(root),
    /files\/p10\/p10000032\/s50000001\/0f2a3-b0\.jpg \(mimic-cxr-2\.0\.0-split\.csv\.gz, row 1\) has no such image/,
  );
  await assert.rejects(
    load(root, { label: 'Flu' }),
    /chexpert\.csv\.gz has no column Flu\. It has subject_id,/,
  );
  await assert.rejects(load(root, { attributes: 'age' }), /say where it is: --patients/);
  await assert.rejects(load(root, { patients: 'none.csv' }), /none\.csv does not exist/);
  const { 'mimic-cxr-2.0.0-metadata.csv.gz': _, ...others } = tables;
  const lacking = await picturesOf(t, rows.map(pathOf), others);
  await assert.rejects(load(lacking), /has no mimic-cxr-2\.0\.0-metadata\.csv\.gz; give the folder/);
});
