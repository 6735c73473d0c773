import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import sharp from 'sharp';
import { parse } from 'yaml';
import { drawShapes } from '../data/index.js';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-image-folder-'));
after(() => rmSync(folder, { recursive: true }));
const runs = join(folder, 'runs');
const photos = join(folder, 'photos');
let run: string;

/** Shapes as PNG, a folder for each class, and those for training in train/. */
async function writePhotos(): Promise<void> {
  for (const split of ['train', 'test'] as const) {
    const { images, labels, classNames, ids, shape } = drawShapes(split, {
      name: 'shapes',
      examples: 48,
      testExamples: 24,
    });
    const area = shape.height * shape.width;
    for (const [i, id] of ids.entries()) {
      const planes = images.subarray(i * 3 * area, (i + 1) * 3 * area);
      const pixels = Uint8Array.from(planes, (_, k) => planes[(k % 3) * area + Math.floor(k / 3)]!);
      const place = join(photos, split, classNames[labels![i]!]!);
      mkdirSync(place, { recursive: true });
      const picture = sharp(pixels, { raw: { width: shape.width, height: shape.height, channels: 3 } });
      await picture.toFile(join(place, `${id}.png`));
    }
  }
}

const tiny = [
  ...['--width', '8', '--stem', 'imagenet', '--epochs', '1', '--batch-size', '24', '--warmup-epochs', '0'],
  ...['--threads', '1', '--precision', 'float32', '--runs', runs, '--json'],
];

before(async () => {
  await writePhotos();
  const path = relative(process.cwd(), photos);
  const outcome = await laSsl(
    ...['train', '--dataset', 'folder', '--path', path, '--image-size', '16', '--name', 'photos', ...tiny],
  );
  assert.equal(outcome.status, 0, outcome.stderr);
  run = (JSON.parse(outcome.stdout) as { run: string }).run;
});

async function rowsOf(file: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`SELECT * FROM '${file}' ORDER BY index`);
  const rows = reader.getRowObjects();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

test('a run on a folder knows where it is, and is probed and scored', async () => {
  const config = parse(readFileSync(join(run, 'config.yaml'), 'utf8'));
  assert.deepEqual([config.dataset, config.path, config.imageSize], ['folder', photos, 16]);
  const probe = await laSsl('probe', run, '--l2', '0.1', '--json');
  assert.equal(probe.status, 0, probe.stderr);
  assert.equal(JSON.parse(probe.stdout).runs[0].biased.metrics.overall.count, 24);
  const score = await laSsl('score', run, '--top', '4', '--json');
  assert.equal(score.status, 0, score.stderr);
  assert.match(JSON.parse(score.stdout).slowest[0].id, /^train\/\w+\/train-\d+-\w+\.png$/);
});

test('embed writes the features of a folder, its own and another', async () => {
  const own = join(folder, 'own.parquet');
  const { status, stderr } = await laSsl('embed', run, '--split', 'test', '--output', own);
  assert.equal(status, 0, stderr);
  const rows = await rowsOf(own);
  assert.equal(rows.length, 24);
  assert.deepEqual(
    rows.map(({ id }) => id),
    rows.map(({ id }) => id).sort(),
  );
  for (const { id, label } of rows) assert.equal(String(id).split('/')[1], label);

  const other = join(folder, 'other.parquet');
  const stars = join(photos, 'test', 'star');
  const outcome = await laSsl('embed', run, '--path', stars, '--output', other, '--json');
  assert.equal(outcome.status, 0, outcome.stderr);
  assert.deepEqual(JSON.parse(outcome.stdout).dataset, {
    name: 'folder',
    imageSize: 16,
    channels: 3,
    window: 'full',
    path: stars,
  });
  const starRows = await rowsOf(other);
  const expected = rows.filter(({ label }) => label === 'star');
  assert.equal(starRows.length, 6);
  assert.ok(!('label' in starRows[0]!) || starRows[0]!.label === null, 'no folders of classes, no labels');
  starRows.forEach(({ id, features }, i) => {
    assert.equal(`test/star/${id}`, expected[i]!.id);
    const [a, b] = [features, expected[i]!.features].map((list) => (list as { items: number[] }).items);
    for (const [f, value] of a!.entries()) assert.ok(Math.abs(value - b![f]!) < 1e-4 * (1 + Math.abs(value)));
  });
});

test('an encoder of another data set embeds a folder at its own image size', async () => {
  const trained = await laSsl(
    ...[
      'train',
      '--dataset',
      'shapes',
      '--examples',
      '48',
      '--test-examples',
      '4',
      '--name',
      'shapes',
      ...tiny,
    ],
  );
  const output = join(folder, 'photos.npy');
  const { run: source } = JSON.parse(trained.stdout) as { run: string };
  const args = ['embed', source, '--dataset', 'folder', '--path', photos, '--output', output, '--json'];
  const outcome = await laSsl(...args);
  assert.equal(outcome.status, 0, outcome.stderr);
  assert.equal(JSON.parse(outcome.stdout).dataset.imageSize, 24);
  assert.equal(JSON.parse(outcome.stdout).examples, 48);
});

test('bad images stop a run before it begins, or are left out and recorded', async () => {
  const place = join(folder, 'some-bad');
  mkdirSync(place);
  const images = readdirSync(join(photos, 'train', 'ring'));
  for (const name of images) copyFileSync(join(photos, 'train', 'ring', name), join(place, name));
  writeFileSync(join(place, 'a.jpg'), 'not found');
  const args = [
    'train',
    '--dataset',
    'folder',
    '--path',
    place,
    '--image-size',
    '16',
    '--name',
    'bad',
    ...tiny,
  ];
  const stopped = await laSsl(...args);
  assert.equal(stopped.status, 1);
  assert.match(
    stopped.stderr,
    /has 1 entry that cannot be used:\n {2}a\.jpg holds no image.*\n.*--on-bad skip/,
  );
  assert.ok(!existsSync(join(runs, 'bad')), 'the name is free');

  const went = await laSsl(...args, '--batch-size', '6', '--on-bad', 'skip');
  assert.equal(went.status, 0, went.stderr);
  assert.match(went.stderr, /some-bad: left out 1 entry:\n {2}a\.jpg/);
  const { count, skipped: all } = JSON.parse(readFileSync(join(runs, 'bad', 'images.json'), 'utf8'));
  const [skipped] = all;
  assert.deepEqual([count, all.length], [images.length, 1]);
  assert.equal(skipped.path, 'a.jpg');
  assert.match(skipped.reason, /holds no image/);
  const output = join(folder, 'some.npy');
  const embedded = await laSsl('embed', join(runs, 'bad'), '--output', output, '--json');
  assert.deepEqual(JSON.parse(embedded.stdout).skipped, [skipped]);

  const probed = await laSsl('probe', join(runs, 'bad'));
  assert.equal(probed.status, 1);
  assert.match(probed.stderr, /has no test split.*Training, scoring and features need none/);
});

test('a run does not go on with other images', async () => {
  const place = join(folder, 'changing');
  mkdirSync(place);
  const stars = readdirSync(join(photos, 'train', 'star'));
  for (const name of stars) copyFileSync(join(photos, 'train', 'star', name), join(place, name));
  const args = ['--dataset', 'folder', '--path', place, '--image-size', '16', '--name', 'changing', ...tiny];
  const { stdout } = await laSsl('train', ...args, '--batch-size', '6');
  const { run: path } = JSON.parse(stdout) as { run: string };
  rmSync(join(path, 'encoder.safetensors')); // as if it had been stopped before the end
  renameSync(join(place, stars[0]!), join(place, 'new.png'));
  const { status, stderr } = await laSsl('train', '--resume', path);
  assert.equal(status, 1);
  assert.match(stderr, /changing has other images than when .* began: 12 now, 12 then\. Put them back/);
  renameSync(join(place, 'new.png'), join(place, stars[0]!));
  assert.equal((await laSsl('train', '--resume', path)).status, 0);
});

test('Ctrl-C while the images are decoded ends with 130 and leaves no run', async () => {
  for (const args of [
    ['train', '--dataset', 'folder', '--path', photos, '--name', 'stopped', ...tiny],
    ['embed', run, '--output', join(folder, 'stopped.npy')],
  ]) {
    const before = process.listenerCount('SIGINT');
    const work = laSsl(...args);
    while (process.listenerCount('SIGINT') === before) await setImmediate();
    process.emit('SIGINT');
    assert.equal((await work).status, 130, args[0]);
  }
  assert.ok(!existsSync(join(runs, 'stopped')));
  assert.ok(!existsSync(join(folder, 'stopped.npy')));
});

test('wrong options end with 2 and say what was meant', async () => {
  const cases: [string[], RegExp][] = [
    [['train', '--dataset', 'folder'], /--path: .*give the folder that the images are in/],
    [
      ['train', '--path', photos],
      /--path does not apply here: corrupted-cifar10 has no such option\. .*--dataset folder/,
    ],
    [['train', '--dataset', 'folder', '--path', photos, '--severity', '3'], /--severity does not apply here/],
    [['train', '--dataset', 'folder', '--path', photos, '--image-size', '4'], /--image-size 4: .*8/],
    [['train', '--dataset', 'folder', '--path', photos, '--on-bad', 'ask'], /one of stop, skip/],
    [['embed', run, '--image-size', '5000'], /--image-size 5000: .*1024/],
    [['data', 'describe', 'folder'], /--path: .*give the folder/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await laSsl(...args, ...(args[0] === 'train' ? ['--runs', runs] : []));
    assert.match(stderr, message);
    assert.equal(status, 2, args.join(' '));
  }
});

test('data describe opens only what it draws, and all where that is asked for', async () => {
  const place = join(folder, 'described');
  for (const kind of ['ring', 'star']) {
    mkdirSync(join(place, kind), { recursive: true });
    for (const name of readdirSync(join(photos, 'train', kind)))
      copyFileSync(join(photos, 'train', kind, name), join(place, kind, name));
  }
  writeFileSync(join(place, 'star', 'a.png'), 'broken'); // the first that would be drawn
  const describe = (...flags: string[]) =>
    laSsl('data', 'describe', 'folder', '--path', place, '--image-size', '16', ...flags);
  const quick = await describe();
  assert.equal(quick.status, 0, quick.stderr);
  assert.match(quick.stdout, /label=star +13$[\s\S]*Not every image was opened: --check-images/m);
  const checked = await describe('--check-images');
  assert.equal(checked.status, 1);
  assert.match(checked.stderr, /1 entry that cannot be used:\n {2}star\/a\.png holds no image/);
  const sheet = ['--sheet', join(folder, 'described.png'), '--per-group', '4'];
  assert.equal((await describe(...sheet)).status, 1);
  const drawn = await describe(...sheet, '--on-bad', 'skip', '--json');
  assert.deepEqual([drawn.status, JSON.parse(drawn.stdout).sheet.examples], [0, 7]);
  const all = await describe('--check-images', '--on-bad', 'skip', '--train-where', 'x=y');
  assert.match(all.stderr, /has no attribute x/);
  const skipped = JSON.parse((await describe('--check-images', '--on-bad', 'skip', '--json')).stdout);
  assert.deepEqual([skipped.splits[0].images, skipped.splits[0].skipped[0].path], [24, 'star/a.png']);
  const other = await laSsl('data', 'describe', 'shapes', '--check-images');
  assert.deepEqual([other.status, /shapes is not made of image files/.test(other.stderr)], [2, true]);
});

test('data describe counts a folder, and draws it', async () => {
  const out = join(folder, 'sheet.png');
  const { status, stdout, stderr } = await laSsl(
    ...['data', 'describe', 'folder', '--path', photos, '--per-group', '3', '--sheet', out, '--json'],
  );
  assert.equal(status, 0, stderr);
  const { splits, sheet } = JSON.parse(stdout);
  assert.deepEqual(sheet, { file: out, groups: 4, examples: 12 });
  const [train, test] = splits;
  assert.deepEqual([train.split, test.split, splits.length], ['train', 'test', 2]);
  assert.deepEqual([train.unknownLabels, train.aligned, train.attributes], [0, null, []]);
  const counts = train.groups.map(({ count }: { count: number }) => count);
  assert.equal(
    counts.reduce((a: number, b: number) => a + b, 0),
    train.images,
  );
});
