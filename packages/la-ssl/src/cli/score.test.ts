import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import sharp from 'sharp';
import { drawShapes } from '../data/index.js';
import { RunFolder } from '../training/index.js';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-score-'));
after(() => rmSync(folder, { recursive: true }));
let run: string;
before(async () => {
  run = await trainTiny(folder, 'tiny');
});

/** The lines of a table whose quoted cells hold no quotes. */
function readTable(file: string): Record<string, string>[] {
  const [header, ...rows] = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\r\n')
    .map((line) => Array.from(line.matchAll(/"([^"]*)"|([^",]+)/g), (match) => match[1] ?? match[2]!));
  return rows.map((cells) => Object.fromEntries(header!.map((name, c) => [name, cells[c]!])));
}

test('score writes every example, slowest first, with label, attribute, group and alignment', async () => {
  const { status, stdout } = await laSsl('score', run, '--top', '10');
  assert.equal(status, 0);
  const rows = readTable(join(run, 'score', 'slowest.csv'));
  assert.equal(rows.length, 96);
  assert.deepEqual(Object.keys(rows[0]!), [
    'rank',
    'index',
    'id',
    'label',
    'ground',
    'group',
    'aligned',
    'speed',
  ]);
  assert.equal(new Set(rows.map(({ index }) => index)).size, 96);
  const dataset = drawShapes('train', { name: 'shapes', examples: 96, alignedShare: 0.75 });
  const [ground] = dataset.attributes;
  rows.forEach((row, rank) => {
    const i = Number(row.index);
    const label = dataset.classNames[dataset.labels![i]!]!;
    const value = ground!.values[ground!.codes[i]!]!;
    assert.equal(row.rank, String(rank + 1));
    assert.deepEqual([row.id, row.label, row.ground], [dataset.ids[i], label, value]);
    assert.equal(row.group, `label=${label},ground=${value}`);
    assert.equal(row.aligned, String(dataset.labels![i] === ground!.codes[i]));
    if (rank > 0) assert.ok(Number(row.speed) >= Number(rows[rank - 1]!.speed));
  });
  assert.match(stdout, new RegExp(`^${rows[0]!.id} +${rows[0]!.label} +${rows[0]!.ground}`, 'm'));
  assert.match(stdout, /aligned \(72\)[\s\S]*conflicting \(24\)[\s\S]*AUROC[\s\S]*slowest\.csv/);
});

test('score --json gives the figures that follow from the table', async () => {
  const out = join(folder, 'elsewhere');
  const { stdout } = await laSsl('score', run, '--out', out, '--top', '6', '--views', '3', '--json');
  const result = JSON.parse(stdout);
  const rows = readTable(join(out, 'slowest.csv'));
  const speeds = (aligned: string): number[] =>
    rows.filter((row) => row.aligned === aligned).map((row) => Number(row.speed));
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
  near(result.aligned.meanSpeed, mean(speeds('true')));
  near(result.conflicting.meanSpeed, mean(speeds('false')));
  const wins = speeds('false').flatMap((c) => speeds('true').map((a) => (c < a ? 1 : c === a ? 0.5 : 0)));
  near(result.conflictingIsSlower, mean(wins));
  near(result.conflictingShare.slowest, rows.slice(0, 6).filter((row) => row.aligned === 'false').length / 6);
  assert.equal(result.views, 3);
  assert.equal(result.slowest.length, 6);
  assert.equal(result.slowest[0].id, rows[0]!.id);
});

test('the same checkpoint gives the same speeds, and other views others', async () => {
  const first = (await laSsl('score', run, '--json')).stdout;
  assert.equal((await laSsl('score', run, '--json')).stdout, first);
  const more = JSON.parse((await laSsl('score', run, '--views', '4', '--json')).stdout);
  assert.notEqual(more.meanSpeed, JSON.parse(first).meanSpeed);
});

test('the sheets show the slowest and the fastest examples', async () => {
  await laSsl('score', run, '--top', '2');
  const rows = readTable(join(run, 'score', 'slowest.csv'));
  const dataset = drawShapes('train', { name: 'shapes', examples: 96, alignedShare: 0.75 });
  for (const [file, row] of [
    ['slowest.png', rows[0]!],
    ['fastest.png', rows.at(-1)!],
  ] as const) {
    const sheet = sharp(join(run, 'score', file));
    const { data, info } = await sheet.raw().toBuffer({ resolveWithObject: true });
    // The first picture lies 8 pixels from the edges, its pixels are squares.
    const { channels, height, width } = dataset.shape;
    const square = Math.floor(160 / height);
    const shown = Array.from(
      { length: width },
      (_, x) => data[(8 * info.width + 8 + square * x) * info.channels],
    );
    const start = Number(row.index) * channels * height * width;
    assert.deepEqual(shown, Array.from(dataset.images.subarray(start, start + width)), file);
  }
});

test('Ctrl-C stops score with 130 and leaves no files', async () => {
  const out = join(folder, 'stopped');
  const before = process.listenerCount('SIGINT');
  const outcome = laSsl('score', run, '--out', out);
  while (process.listenerCount('SIGINT') === before) await setImmediate();
  process.emit('SIGINT'); // after the first of two batches
  const { status, stdout, stderr } = await outcome;
  assert.deepEqual([status, stdout, stderr], [130, '', ''], 'no result, and no error');
  assert.equal(existsSync(out), false);
  assert.equal(process.listenerCount('SIGINT'), before);
});

test('score refuses what it cannot use', async () => {
  const views = await laSsl('score', run, '--views', '1');
  assert.equal(views.status, 2);
  assert.match(views.stderr, /--views.*whole number from 2 on/s);
  const bare = new RunFolder(join(folder, 'bare'));
  await bare.create(new RunFolder(run).readConfig());
  const unfinished = await laSsl('score', bare.path);
  assert.equal(unfinished.status, 1);
  assert.match(unfinished.stderr, /bare has no checkpoint yet\. Go on with it: la-ssl train --resume/);
});
