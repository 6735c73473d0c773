import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { parse } from 'yaml';
import { imagesAt, loadSplit } from '../data/index.js';
import { Random } from '../random.js';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-mimic-cxr-'));
after(() => rmSync(folder, { recursive: true }));
const root = join(folder, 'mimic');
const runs = join(folder, 'runs');
const dataset = ['--dataset', 'mimic-cxr', '--path', root, '--label', 'Edema'];
const tiny = [
  ...['--image-size', '16', '--width', '8', '--stem', 'imagenet', '--epochs', '1', '--batch-size', '16'],
  ...['--warmup-epochs', '0', '--threads', '1', '--precision', 'float32', '--runs', runs, '--json'],
];

/** One patient, study and frontal image each, with Edema in every other; gray, brighter below where there is. */
const rows = Array.from({ length: 48 }, (_, i) => {
  const [subject, study, dicom] = [10_000_000 + i, 50_000_000 + i, `d${String(i).padStart(3, '0')}`];
  const path = `files/p10/p${subject}/s${study}/${dicom}.jpg`;
  return { subject, study, dicom, path, edema: i % 2, age: i % 3 ? 40 : 70, test: i >= 32 };
});

const table = (name: string, header: string, lines: readonly unknown[][]): void =>
  writeFileSync(join(root, name), gzipSync([header, ...lines.map((line) => line.join())].join('\n')));

before(async () => {
  const random = new Random(3);
  for (const { path, edema } of rows) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    const pixels = Uint8Array.from({ length: 24 * 20 }, (_, p) => 60 + edema * (p >> 3) + random.below(90));
    const raw = { width: 24, height: 20, channels: 1 } as const;
    await sharp(pixels, { raw }).toColourspace('b-w').jpeg().toFile(join(root, path));
  }
  table(
    'mimic-cxr-2.0.0-split.csv.gz',
    'dicom_id,study_id,subject_id,split',
    rows.map((row) => [row.dicom, row.study, row.subject, row.test ? 'test' : 'train']),
  );
  table(
    'mimic-cxr-2.0.0-metadata.csv.gz',
    'dicom_id,subject_id,study_id,ViewPosition,StudyDate',
    rows.map((row) => [row.dicom, row.subject, row.study, 'PA', 21800506]),
  );
  table(
    'mimic-cxr-2.0.0-chexpert.csv.gz',
    'subject_id,study_id,Edema,No Finding',
    rows.map((row) => [row.subject, row.study, `${row.edema}.0`, '']),
  );
  table(
    'patients.csv.gz',
    'subject_id,gender,anchor_age,anchor_year',
    rows.map((row) => [row.subject, 'F', row.age, 2180]),
  );
  await train('xrays');
});

/** @returns the folder of the run */
async function train(name: string, ...options: string[]): Promise<string> {
  const outcome = await laSsl('train', ...dataset, ...tiny, '--name', name, ...options);
  assert.equal(outcome.status, 0, outcome.stderr);
  return (JSON.parse(outcome.stdout) as { run: string }).run;
}

const run = join(runs, 'xrays');

test('X-rays are trained on in one channel, probed by finding and age, and scored', async () => {
  const config = parse(readFileSync(join(run, 'config.yaml'), 'utf8'));
  assert.deepEqual([config.views, config.channels], ['medical', undefined]);
  const probe = await laSsl('probe', run, '--l2', '0.1', '--json');
  assert.equal(probe.status, 0, probe.stderr);
  const { metrics } = JSON.parse(probe.stdout).runs[0].biased;
  assert.equal(metrics.overall.count, 16);
  assert.deepEqual(metrics.clusters, { name: 'patient', count: 16 });
  assert.deepEqual(Object.keys(metrics.groups), [
    'label=no Edema,age=under 60',
    'label=no Edema,age=60 and over',
    'label=Edema,age=under 60',
    'label=Edema,age=60 and over',
  ]);
  const score = await laSsl('score', run, '--top', '4', '--json');
  assert.equal(score.status, 0, score.stderr);
  assert.ok(rows.some(({ dicom }) => dicom === JSON.parse(score.stdout).slowest[0].id));
});

test('the features of an exported encoder are those that embed writes', async () => {
  const [weights, onnx, npy] = ['x.safetensors', 'x.onnx', 'x.npy'].map((name) => join(folder, name));
  for (const args of [
    ['export', run, '--output', weights!],
    ['export', run, '--output', onnx!],
    ['embed', weights!, '--split', 'test', '--output', npy!],
  ]) {
    const outcome = await laSsl(...args);
    assert.equal(outcome.status, 0, outcome.stderr);
  }
  const images = await loadSplit({ name: 'mimic-cxr', path: root, label: 'Edema', imageSize: 16 }, 'test');
  assert.deepEqual(images.shape, { count: 16, channels: 1, height: 16, width: 16 });
  const input = Float32Array.from(imagesAt(images, [...Array(16).keys()]), (v) => (v / 255 - 0.5) / 0.25);
  const session = await InferenceSession.create(onnx!, { intraOpNumThreads: 1 });
  const { features } = await session.run({ images: new Tensor('float32', input, [16, 1, 16, 16]) });
  const bytes = readFileSync(npy!);
  const start = 10 + bytes.readUInt16LE(8);
  const values = features!.data as Float32Array;
  assert.ok(Math.max(...values) > 0.1);
  assert.equal(bytes.length, start + 4 * values.length);
  values.forEach((value, i) => {
    assert.ok(Math.abs(value - bytes.readFloatLE(start + 4 * i)) < 1e-4 * (1 + Math.abs(value)));
  });
  await session.release();
});

test('views and examples are drawn in gray', async () => {
  const [views, sheet] = ['views.png', 'sheet.png'].map((name) => join(folder, name));
  const asked = [...dataset.slice(1), '--image-size', '16'];
  const all = ['--solarize-probability', '1', '--blur-probability', '1', '--grayscale-probability', '1'];
  for (const args of [
    ['preview', ...asked, '--rows', '2', '--out', views!],
    ['preview', ...asked, '--views', 'natural', ...all, '--rows', '2', '--out', views!],
  ]) {
    const outcome = await laSsl('data', ...args);
    assert.equal(outcome.status, 0, outcome.stderr);
  }
  const out = ['--per-group', '2', '--sheet', sheet!, '--json'];
  const { splits, sheet: drawn } = JSON.parse((await laSsl('data', 'describe', ...asked, ...out)).stdout);
  assert.deepEqual(drawn, { file: sheet, groups: 4, examples: 8 });
  assert.deepEqual(
    splits.map(({ images, size }: { images: number; size: object }) => [images, size]),
    [32, 16].map((images) => [images, { channels: 1, height: 16, width: 16 }]),
  );
});

test('an encoder takes images of its channels, and says so where others are asked for', async () => {
  const colour = await train('colour', '--channels', '3');
  const out = join(folder, 'colour.npy');
  const embedded = await laSsl('embed', colour, '--path', root, '--output', out, '--json');
  assert.equal(embedded.status, 0, embedded.stderr);
  assert.equal(JSON.parse(embedded.stdout).dataset.channels, 3);
  for (const [source, channels] of [
    [colour, '1'],
    [run, '3'],
  ] as const) {
    const refused = await laSsl('embed', source, '--channels', channels, '--output', out);
    assert.equal(refused.status, 1);
    const own = channels === '1' ? 3 : 1;
    assert.ok(
      refused.stderr.includes(`takes images of ${own} channels, mimic-cxr has ${channels}. `) &&
        refused.stderr.includes(`--channels ${own}`),
      refused.stderr,
    );
  }
  const wrong = await laSsl('train', ...dataset, ...tiny, '--channels', '2');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--channels.*one of 1, 3/);
});
