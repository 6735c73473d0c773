import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { parse } from 'yaml';
import { drawShapes } from '../data/index.js';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-image-tables-'));
after(() => rmSync(folder, { recursive: true }));
const runs = join(folder, 'runs');
const photos = join(folder, 'photos');
const celeba = join(folder, 'celeba');

/** Label and ground of each picture of shapes that was written, by split. */
const rows: { file: string; split: number; label: number; ground: number }[] = [];

before(async () => {
  mkdirSync(photos);
  mkdirSync(join(celeba, 'img_align_celeba'), { recursive: true });
  for (const [split, at] of [['train', 0] as const, ['test', 2] as const]) {
    const { images, labels, attributes, shape } = drawShapes(split, {
      name: 'shapes',
      alignedShare: 0.75,
      examples: 48,
      testExamples: 32,
    });
    const area = shape.height * shape.width;
    for (let i = 0; i < shape.count; i++) {
      const file = `${String(rows.length + 1).padStart(6, '0')}.jpg`;
      const planes = images.subarray(i * 3 * area, (i + 1) * 3 * area);
      const pixels = Uint8Array.from(planes, (_, k) => planes[(k % 3) * area + Math.floor(k / 3)]!);
      const picture = sharp(pixels, { raw: { width: shape.width, height: shape.height, channels: 3 } });
      await picture.toFile(join(photos, file));
      await picture.toFile(join(celeba, 'img_align_celeba', file));
      rows.push({ file, split: at, label: labels![i]!, ground: attributes[0]!.codes[i]! });
    }
  }
  const sign = (is: boolean): string => (is ? ' 1' : '-1');
  const faces = rows.map(({ file, label, ground }) => `${file} ${sign(label < 2)} ${sign(ground < 2)}`);
  writeFileSync(
    join(celeba, 'list_attr_celeba.txt'),
    `${rows.length}\nBlond_Hair Male\n${faces.join('\n')}\n`,
  );
  writeFileSync(
    join(celeba, 'list_eval_partition.txt'),
    rows.map(({ file, split }) => `${file} ${split}\n`).join(''),
  );
  writeFileSync(
    join(photos, 'metadata.csv'),
    `image_id,target,ground,split,person\n${rows
      .map(
        ({ file, split, label, ground }) =>
          `${file},shape${label},ground${ground},${split},p${label % 2}${Number(file.slice(0, 6)) % 6}\n`,
      )
      .join('')}`,
  );
});

const tiny = [
  ...['--image-size', '16', '--width', '8', '--stem', 'imagenet', '--epochs', '1', '--batch-size', '24'],
  ...['--warmup-epochs', '0', '--threads', '1', '--precision', 'float32', '--runs', runs, '--json'],
];

/** Trains, probes and scores. @returns the configuration that the run keeps, and groups by name of the probe's test */
async function trainAndProbe(
  ...args: string[]
): Promise<{ config: Record<string, unknown>; groups: string[] }> {
  const trained = await laSsl('train', ...args, ...tiny);
  assert.equal(trained.status, 0, trained.stderr);
  const { run } = JSON.parse(trained.stdout) as { run: string };
  const probed = await laSsl('probe', run, '--l2', '0.1', '--json');
  assert.equal(probed.status, 0, probed.stderr);
  const { metrics } = JSON.parse(probed.stdout).runs[0].biased;
  assert.equal(metrics.overall.count, 32);
  const scored = await laSsl('score', run, '--json'); // from its checkpoint, which fits options that are lists too
  assert.equal(scored.status, 0, scored.stderr);
  return {
    config: parse(readFileSync(join(run, 'config.yaml'), 'utf8')),
    groups: Object.keys(metrics.groups),
  };
}

test('CelebA in its official layout is trained on and probed by group', async () => {
  const { config, groups } = await trainAndProbe('--dataset', 'celeba', '--path', celeba, '--name', 'faces');
  assert.deepEqual([config.dataset, config.path], ['celeba', celeba]);
  assert.deepEqual(groups, [
    'label=not Blond_Hair,Male=not Male',
    'label=not Blond_Hair,Male=Male',
    'label=Blond_Hair,Male=not Male',
    'label=Blond_Hair,Male=Male',
  ]);
  const wrong = await laSsl('train', '--dataset', 'celeba', '--path', celeba, '--label', 'Bald', ...tiny);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /list_attr_celeba\.txt has no column Bald\. It has file, Blond_Hair, Male\./);
});

test('a probe can be judged on the validation split, to choose by', async () => {
  const validated = join(folder, 'validated');
  mkdirSync(validated);
  symlinkSync(join(celeba, 'img_align_celeba'), join(validated, 'img_align_celeba'));
  writeFileSync(
    join(validated, 'list_attr_celeba.txt'),
    readFileSync(join(celeba, 'list_attr_celeba.txt'), 'utf8'),
  );
  const splitOf = (row: (typeof rows)[number], i: number): number =>
    row.split === 0 && i >= 36 ? 1 : row.split;
  writeFileSync(
    join(validated, 'list_eval_partition.txt'),
    rows.map((row, i) => `${row.file} ${splitOf(row, i)}\n`).join(''),
  );
  const trained = await laSsl(
    'train',
    '--dataset',
    'celeba',
    '--path',
    validated,
    '--name',
    'judged',
    ...tiny,
  );
  assert.equal(trained.status, 0, trained.stderr);
  const probe = async (name: string, on: string) => {
    const probed = await laSsl('probe', join(runs, name), '--l2', '0.1', '--on', on, '--json');
    return probed.status === 0
      ? (JSON.parse(probed.stdout).runs[0].biased.metrics.overall.count as number)
      : probed.stderr;
  };
  assert.deepEqual(
    [await probe('judged', 'validation'), await probe('judged', 'auto'), await probe('judged', 'test')],
    [12, 12, 32],
  );
  assert.equal(await probe('faces', 'auto'), 32, 'it has no validation split');
  assert.match(String(await probe('faces', 'validation')), /validation/);
});

test('a folder with a table is trained on and probed, its columns guessed or named', async () => {
  const { config, groups } = await trainAndProbe(
    ...['--dataset', 'folder', '--path', photos, '--table', 'metadata.csv', '--attribute-columns', 'ground'],
    ...['--name', 'photos'],
  );
  assert.deepEqual([config.table, config.attributeColumns], ['metadata.csv', ['ground']]);
  assert.equal(groups.length, 16);
  assert.equal(groups[0], 'label=shape0,ground=ground0');
  const run = join(runs, 'photos');
  const over = async (...args: string[]): Promise<string> => {
    const probed = await laSsl('probe', run, '--l2', '0.1', ...args);
    assert.equal(probed.status, 0, probed.stderr);
    return probed.stdout;
  };
  const images = await over();
  assert.match(images, /intervals over test examples/);
  const people = await over('--cluster-column', 'person', '--metrics', 'auroc');
  assert.match(people, /intervals by person \(6, each drawn with all .* so few make them too narrow\)/);
  assert.match(people, /bootstrap over person \(6\), each with all of its examples/);
  assert.equal(await over(), images, 'and back, without a fit');
  const described = await laSsl(
    ...['data', 'describe', 'folder', '--path', photos, '--table', 'metadata.csv', '--image-size', '16'],
    ...['--label-column', 'ground', '--attribute-columns', 'target', '--json'],
  );
  assert.equal(described.status, 0, described.stderr);
  assert.match(described.stdout, /label=ground0,target=shape0/);
});

test('options of a table where there is none, or that cannot be meant, end with what to do', async () => {
  const cases: [string[], number, RegExp][] = [
    [
      ['--dataset', 'folder', '--path', photos, '--label-column', 'target'],
      2,
      /--label-column names .*give the table too: --table/,
    ],
    [['--table', 'metadata.csv'], 2, /--table does not apply here: corrupted-cifar10 .*--dataset folder/],
    [['--dataset', 'celeba', '--path', celeba, '--table', 'x.csv'], 2, /--table does not apply here: celeba/],
    [['--dataset', 'celeba', '--path', celeba, '--attributes', 'Male,,'], 2, /set apart by commas/],
    [['--dataset', 'waterbirds', '--path', celeba], 1, /metadata\.csv does not exist/],
    [['--dataset', 'celeba'], 2, /--path: .*give the folder that the images are in/],
  ];
  for (const [args, status, message] of cases) {
    const outcome = await laSsl('train', ...args, ...tiny);
    assert.match(outcome.stderr, message);
    assert.equal(outcome.status, status, args.join(' '));
  }
});
