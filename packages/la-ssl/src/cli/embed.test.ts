import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { DuckDBInstance, type DuckDBListValue } from '@duckdb/node-api';
import { scope } from '@la-ssl/torch';
import { evalTransform } from '../augment/index.js';
import { drawShapes, groupsOf, type ImageDataset, type TrainOrTest } from '../data/index.js';
import { extractFeatures } from '../evaluation/index.js';
import { createEncoder, loadEncoder, saveEncoder } from '../models/index.js';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-embed-'));
after(() => rmSync(folder, { recursive: true }));
let run: string;
let weights: string;
before(async () => {
  run = await trainTiny(folder, 'tiny');
  weights = join(folder, 'tiny.safetensors');
  await laSsl('export', run, '--output', weights);
});

const shapes = (split: TrainOrTest, options = {}): ImageDataset =>
  drawShapes(split, { name: 'shapes', examples: 96, testExamples: 48, alignedShare: 0.75, ...options });

async function readParquet(file: string) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`SELECT * FROM '${file}'`);
  const names = reader.columnNames();
  const types = reader.columnTypes().map(String);
  const rows = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  return { columns: names.map((name, i) => `${name} ${types[i]}`), rows };
}

const featuresOf = (row: Record<string, unknown>): number[] =>
  (row.features as DuckDBListValue).items as number[];

/** What the probe would learn from. */
async function expectedFeatures(dataset: ImageDataset): Promise<number[][]> {
  const { encoder, info } = loadEncoder(weights);
  const options = { transform: evalTransform(info.normalization), precision: info.precision };
  const features = await extractFeatures(encoder, dataset, options);
  encoder.dispose();
  return Array.from({ length: dataset.shape.count }, (_, i) => [...features.subarray(i * 64, (i + 1) * 64)]);
}

test('embed writes what is known of each example beside its features', async () => {
  const file = join(folder, 'train.parquet');
  const { status, stdout } = await laSsl('embed', run, '--output', file, '--json');
  assert.equal(status, 0);
  const result = JSON.parse(stdout);
  assert.deepEqual([result.files, result.examples, result.features], [[file], 96, 64]);
  const { columns, rows } = await readParquet(file);
  assert.deepEqual(columns, [
    ...['index INTEGER', 'id VARCHAR', 'label VARCHAR', 'group VARCHAR', 'aligned BOOLEAN'],
    ...['ground VARCHAR', 'features FLOAT[]'],
  ]);
  const dataset = shapes('train');
  const { groups, groupOf, aligned } = groupsOf(dataset);
  const expected = await expectedFeatures(dataset);
  assert.equal(rows.length, 96);
  rows.forEach((row, i) => {
    const [ground] = dataset.attributes;
    assert.deepEqual([row.index, row.id], [i, dataset.ids[i]]);
    assert.equal(row.label, dataset.classNames[dataset.labels![i]!]);
    assert.equal(row.group, groups[groupOf[i]!]!.name);
    assert.equal(row.ground, ground!.values[ground!.codes[i]!]);
    assert.equal(row.aligned, aligned![i] === 1);
    assert.deepEqual(featuresOf(row), expected[i]);
  });
});

test('embed of an exported file is that of its run, whatever the batches', async () => {
  const [own, exported] = ['own.parquet', 'exported.parquet'].map((name) => join(folder, name));
  await laSsl('embed', run, '--split', 'test', '--output', own!);
  await laSsl('embed', weights, '--split', 'test', '--output', exported!, '--batch-size', '7');
  const [a, b] = [await readParquet(own!), await readParquet(exported!)];
  assert.equal(a.rows.length, 48);
  a.rows.forEach((row, i) => {
    assert.equal(row.id, b.rows[i]!.id);
    // Convolutions of other batch sizes add up in another order.
    featuresOf(row).forEach((value, f) => {
      assert.ok(Math.abs(value - featuresOf(b.rows[i]!)[f]!) < 1e-4 * (1 + Math.abs(value)));
    });
  });
});

test('embed takes another data set, with the options of train', async () => {
  const file = join(folder, 'more.parquet');
  const { stdout } = await laSsl('embed', run, '--examples', '20', '--output', file, '--json');
  assert.deepEqual(JSON.parse(stdout).dataset.examples, 20);
  assert.deepEqual(JSON.parse(stdout).dataset.alignedShare, 0.75, 'the rest is as the run has it');
  const { rows } = await readParquet(file);
  assert.deepEqual(rows.map(featuresOf), await expectedFeatures(shapes('train', { examples: 20 })));
});

test('embed writes npy, and the names of the rows beside it', async () => {
  const [file, rows] = ['test.npy', 'test.csv'].map((name) => join(folder, name));
  const { stdout } = await laSsl('embed', run, '--split', 'test', '--output', file!);
  assert.match(stdout, /test\.npy, .*test\.csv: 48 examples, 64 features each/);
  const bytes = readFileSync(file!);
  assert.equal(bytes.toString('latin1', 0, 8), '\x93NUMPY\x01\x00');
  const start = 10 + bytes.readUInt16LE(8);
  assert.equal(start % 64, 0);
  const header = bytes.toString('latin1', 10, start);
  assert.match(header, /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(48, 64\), \} *\n$/);
  const values = Array.from({ length: 48 * 64 }, (_, i) => bytes.readFloatLE(start + 4 * i));
  assert.equal(bytes.length, start + 4 * values.length);
  const expected = await expectedFeatures(shapes('test'));
  assert.deepEqual(values, expected.flat());
  const [head, ...lines] = readFileSync(rows!, 'utf8').trimEnd().split('\n');
  assert.equal(head, 'index,id,label,group,aligned,ground');
  assert.deepEqual(
    lines.map((line) => line.split(',').slice(0, 2).join()),
    shapes('test').ids.map((id, i) => `${i},${id}`),
  );
});

const hasNumpy = spawnSync('/usr/bin/python3', ['-c', 'import numpy']).status === 0;
test('numpy reads the npy', { skip: hasNumpy ? false : 'numpy is not installed' }, async () => {
  const file = join(folder, 'numpy.npy');
  await laSsl('embed', run, '--split', 'test', '--output', file);
  const code = `import numpy; a = numpy.load('${file}'); print(a.shape, a.dtype, a.astype('f8').sum())`;
  const [, shape, dtype, sum] = /^\((.*)\) (\S+) (\S+)/.exec(
    spawnSync('/usr/bin/python3', ['-c', code], { encoding: 'utf8' }).stdout,
  )!;
  assert.deepEqual([shape, dtype], ['48, 64', 'float32']);
  const expected = (await expectedFeatures(shapes('test'))).flat().reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(Number(sum) - expected) < 1e-6 * Math.abs(expected));
});

test('Ctrl-C stops embed with 130 and leaves no file', async () => {
  for (const name of ['stopped.parquet', 'stopped.npy']) {
    const out = join(folder, `for-${name}`);
    mkdirSync(out);
    const before = process.listenerCount('SIGINT');
    let ended = false;
    const outcome = laSsl('embed', run, '--output', join(out, name), '--batch-size', '8').finally(() => {
      ended = true;
    });
    const hasBegun = (): boolean => name.endsWith('parquet') || readdirSync(out).length > 0;
    while (!ended && (process.listenerCount('SIGINT') === before || !hasBegun())) await setImmediate();
    process.emit('SIGINT');
    const { status, stdout, stderr } = await outcome;
    assert.deepEqual([status, stdout, stderr], [130, '', ''], name);
    assert.deepEqual(readdirSync(out), []);
  }
});

test('embed refuses what it cannot use, and writes nothing', async () => {
  const out = join(folder, 'refused');
  mkdirSync(out);
  const gray = join(folder, 'gray.safetensors');
  const { info } = loadEncoder(weights);
  const options = { ...info.options, channels: 1 };
  const encoder = scope(() => createEncoder('resnet18', options));
  saveEncoder(gray, encoder, { ...info, options });
  const refusals: [string[], number, RegExp][] = [
    [[join(folder, 'none')], 1, /none does not exist/],
    [[folder], 1, /is no run/],
    [[gray, '--output', join(out, 'x.npy')], 1, /takes images of 1 channels, shapes has 3/],
    [[run, '--severity', '3', '--output', join(out, 'x.npy')], 2, /--severity does not apply here/],
    [[run, '--split', 'val'], 2, /--split.*'val' is invalid.*train, validation, test/],
    [[run, '--output', join(out, 'x.csv')], 2, /x\.csv: its ending names no format.*\.parquet or \.npy/],
    [[run, '--output', join(out, 'deep/x.npy')], 2, /there is no folder/],
    [[run, '--batch-size', '0'], 2, /--batch-size.*whole number from 1/],
  ];
  for (const [args, status, message] of refusals) {
    const outcome = await laSsl('embed', ...args);
    assert.deepEqual([outcome.status, outcome.stdout], [status, ''], args.join(' '));
    assert.match(outcome.stderr, message);
  }
  assert.deepEqual(readdirSync(out), []);
});
