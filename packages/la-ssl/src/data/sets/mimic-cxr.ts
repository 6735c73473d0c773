/**
 * @file MIMIC-CXR-JPG: 377,110 chest X-rays with findings from their reports, and from MIMIC-IV age and sex of the patient.
 *
 * Source: Johnson et al. 2019, https://arxiv.org/abs/1901.07042, in the layout of version 2 on PhysioNet; labels by CheXpert
 * (Irvin et al. 2019, https://arxiv.org/abs/1901.07031) or NegBio. The official splits share no patient; the images of one
 * are a cluster.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { UNKNOWN } from '../dataset.js';
import { findImages } from '../images/image-files.js';
import { nameList } from '../spec.js';
import { channelsOption, type ImageTable, imageOptions } from '../tables/image-table.js';
import { Tables } from '../tables/table.js';
import { type CodedColumn, imageTableOf } from '../tables/table-rows.js';
import { ageGroups, boundaries } from './age-groups.js';

export const mimicCxrSpec = z.strictObject({
  name: z.literal('mimic-cxr'),
  ...imageOptions,
  channels: channelsOption.default(1),
  label: z.string().min(1).default('No Finding'),
  labeler: z.enum(['chexpert', 'negbio']).default('chexpert'),
  uncertainLabel: z.enum(['positive', 'negative', 'exclude']).default('exclude'),
  missingLabel: z.enum(['negative', 'exclude']).default('negative'),
  xrayViews: z.enum(['frontal', 'all']).default('frontal'),
  patients: z.string().min(1).optional(),
  attributes: nameList.pipe(z.array(z.enum(['age', 'sex']))).optional(),
  ageBoundaries: boundaries.default([60]),
});
type MimicCxrOptions = z.output<typeof mimicCxrSpec>;

/** Never negative in the tables: a report that has a finding has no value here. */
const NO_FINDING = 'No Finding';

const QUERY = `
  SELECT s.row, s.dicom, s.subject, s.study, s.split, m.dicom IS NULL AS lacks, m.view, l.study IS NULL AS unlabelled,
    l.label, p.sex,
    TRY_CAST(p.age AS INTEGER) + TRY_CAST(substr(m.date, 1, 4) AS INTEGER) - TRY_CAST(p.year AS INTEGER) AS age,
    TRY_CAST(p.age AS INTEGER) > 0 AS has_age
  FROM splits s
    LEFT JOIN metadata m ON s.dicom = m.dicom
    LEFT JOIN labels l ON s.subject = l.subject AND s.study = l.study
    LEFT JOIN patients p ON s.subject = p.subject
  ORDER BY s.row`;

/**
 * Reads the split, the metadata, the labels and, where they are, the patients, and finds the images.
 *
 * Age is that at the study, `anchor_age + year(StudyDate) − anchor_year`. What is left out by the options (other
 * views than AP and PA, uncertain labels) is counted in a note, and is not bad. Without the patients there are no attributes.
 * @throws where the folder, a table or a finding is not there, or not as it should be
 */
export async function mimicCxrTable(options: MimicCxrOptions, signal?: AbortSignal): Promise<ImageTable> {
  const root = resolve(options.path);
  const patients = patientsFile(root, options);
  const attributes = options.attributes ?? (patients === undefined ? [] : ['age']);
  if (patients === undefined && attributes.length > 0) {
    throw new Error(
      'age and sex are in the table patients of MIMIC-IV; say where it is: --patients patients.csv.gz',
    );
  }
  const found = await findImages(root, signal);
  return Tables.use(async (tables) => {
    const file = await tableFile(root, 'split');
    await loadTables(tables, root, file, patients, options);
    const columns = await tables.query<ColumnName>(QUERY);
    const { wrong, leftOut, label } = judged(columns, options);
    const coded: Record<string, () => CodedColumn> = {
      age: () => ageGroups(columns.age, columns.has_age, options.ageBoundaries),
      sex: () => ({
        name: 'sex',
        values: ['F', 'M'],
        codes: Int32Array.from(columns.sex, (sex) => (sex === null ? UNKNOWN : ['F', 'M'].indexOf(sex))),
      }),
    };
    const counts = new Map<string, number>();
    for (const reason of leftOut.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const notes = [...counts].map(([reason, count]) => `${count} images are left out: ${reason}`);
    return imageTableOf(
      {
        ...{ name: 'mimic-cxr', root, file: basename(file), wrong, leftOut, label },
        paths: columns.dicom.map((dicom, i) => pathOf(columns.subject[i]!, columns.study[i]!, dicom)),
        ...{ ids: columns.dicom, splits: columns.split, rowNumbers: columns.row },
        attributes: attributes.map((name) => coded[name]!()),
        clusters: { name: 'patient', values: columns.subject },
        notes: [...notes, ...tables.notes],
      },
      found,
    );
  });
}

type ColumnName =
  | 'row'
  | 'dicom'
  | 'subject'
  | 'study'
  | 'split'
  | 'lacks'
  | 'view'
  | 'unlabelled'
  | 'label'
  | 'sex'
  | 'age'
  | 'has_age';
type Rows = Record<ColumnName, (string | null)[]>;

/** `files/p10/p10000032/s50414267/<dicom>.jpg`. */
function pathOf(subject: string | null, study: string | null, dicom: string | null): string | null {
  if (subject === null || study === null || dicom === null) return null;
  return `files/p${subject.slice(0, 2)}/p${subject}/s${study}/${dicom}.jpg`;
}

/** The label of each row, what is wrong with it, and why it is left out though it is not. */
function judged(
  { lacks, view, unlabelled, label }: Rows,
  { label: name, labeler, uncertainLabel, missingLabel, xrayViews }: MimicCxrOptions,
): { wrong: Map<number, string>; leftOut: Map<number, string>; label: CodedColumn } {
  const wrong = new Map<number, string>();
  const leftOut = new Map<number, string>();
  const policies: Record<string, 'positive' | 'negative' | 'exclude'> = {
    '1': 'positive',
    '0': 'negative',
    '-1': uncertainLabel,
    missing: name === NO_FINDING ? 'negative' : missingLabel,
  };
  const codes = Int32Array.from(label, (value, row) => {
    if (lacks[row] === 'true') wrong.set(row, 'is not in the metadata');
    const isFrontal = view[row] === 'AP' || view[row] === 'PA';
    if (xrayViews === 'frontal' && !isFrontal) leftOut.set(row, 'not frontal');
    else if (unlabelled[row] === 'true') leftOut.set(row, `a study that ${labeler} has not`);
    const written = value === null ? 'missing' : String(Number(value));
    const policy = policies[written];
    if (policy === undefined) wrong.set(row, `has "${value}" in column ${name}, and not 1, 0, -1 or nothing`);
    if (policy === 'exclude' && !leftOut.has(row)) {
      leftOut.set(row, `${name} is ${written === '-1' ? 'uncertain' : 'not mentioned'}`);
    }
    return policy === 'positive' ? 1 : policy === 'negative' ? 0 : UNKNOWN;
  });
  const values = [name === NO_FINDING ? 'finding' : `no ${name}`, name];
  return { wrong, leftOut, label: { name, values, codes } };
}

async function loadTables(
  tables: Tables,
  root: string,
  split: string,
  patients: string | undefined,
  { label, labeler }: MimicCxrOptions,
): Promise<void> {
  const load = async (name: string, file: string, picks: Record<string, string>): Promise<void> =>
    tables.load(name, await tables.open(file), picks);
  const study = { subject: 'subject_id', study: 'study_id' };
  await load('splits', split, { dicom: 'dicom_id', ...study, split: 'split' });
  const metadata = { dicom: 'dicom_id', view: 'ViewPosition', date: 'StudyDate' };
  await load('metadata', await tableFile(root, 'metadata'), metadata);
  await load('labels', await tableFile(root, labeler), { ...study, label });
  const person = { subject: 'subject_id', sex: 'gender', age: 'anchor_age', year: 'anchor_year' };
  if (patients !== undefined) await load('patients', patients, person);
  else await tables.empty('patients', Object.keys(person));
}

/** @throws where it was named and is not there */
function patientsFile(root: string, { patients }: MimicCxrOptions): string | undefined {
  if (patients !== undefined) return existsSync(patients) ? resolve(patients) : resolve(root, patients);
  return ['patients.csv.gz', 'patients.csv'].map((name) => join(root, name)).find((file) => existsSync(file));
}

/** `mimic-cxr-2.0.0-split.csv.gz` of any version 2, unpacked or not. */
async function tableFile(root: string, name: string): Promise<string> {
  const pattern = new RegExp(`^mimic-cxr-2\\.\\d+\\.\\d+-${name}\\.csv(\\.gz)?$`);
  const file = (await readdir(root)).sort().find((entry) => pattern.test(entry));
  if (file) return join(root, file);
  throw new Error(
    `${root} has no mimic-cxr-2.0.0-${name}.csv.gz; give the folder of MIMIC-CXR-JPG that has it, with files/: --path`,
  );
}
