/** @file Data sets that are painted, and controlled settings, from the command line; MNIST is a small stand-in in the cache. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { parse } from 'yaml';
import { fetchMnist, MNIST } from '../data/sets/mnist.js';
import { standIn, writeIdxFiles } from '../data/sets/mnist.test.support.js';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-controlled-'));
process.env.LA_SSL_DATA = join(folder, 'cache');
after(() => rmSync(folder, { recursive: true }));

const tiny = [
  ...['--width', '4', '--epochs', '1', '--batch-size', '50', '--warmup-epochs', '0', '--threads', '1'],
  ...['--precision', 'float32', '--runs', join(folder, 'runs'), '--json'],
];

before(async () => {
  const { origin, images, labels } = standIn({ train: 400, test: 200 });
  Object.assign(MNIST, origin); // so that the commands take the stand-in for MNIST
  await fetchMnist({ from: writeIdxFiles(join(folder, 'idx'), { images, labels }) });
});

async function train(name: string, ...args: string[]): Promise<string> {
  const outcome = await laSsl('train', ...args, '--name', name, ...tiny);
  assert.equal(outcome.status, 0, outcome.stderr);
  return (JSON.parse(outcome.stdout) as { run: string }).run;
}

test('a run on Colored MNIST is probed by colour, and knows what it was trained on', async () => {
  const run = await train(
    'colored',
    ...[
      '--dataset',
      'colored-mnist',
      '--examples',
      '200',
      '--test-examples',
      '100',
      '--aligned-share',
      '90%',
    ],
  );
  const config = parse(readFileSync(join(run, 'config.yaml'), 'utf8'));
  assert.deepEqual([config.dataset, config.alignedShare, config.examples], ['colored-mnist', 0.9, 200]);
  const probe = await laSsl('probe', run, '--l2', '0.1', '--json');
  assert.equal(probe.status, 0, probe.stderr);
  const { metrics } = JSON.parse(probe.stdout).runs[0].biased;
  assert.deepEqual([metrics.overall.count, metrics.aligned.count, metrics.conflicting.count], [100, 10, 90]);
});

test('colour and corruption at once, classes of unequal size, and a test of other colours', async () => {
  const run = await train(
    'both',
    ...['--dataset', 'colored-mnist', '--set', '1', '--corruption-severity', '3'],
    ...['--aligned-share', 'colour=90%,corruption=0.5', '--imbalance', '4', '--imbalance-kind', 'step'],
    ...['--test-where', 'colour=blue,colour=green', '--data-seed', '5'],
  );
  const config = parse(readFileSync(join(run, 'config.yaml'), 'utf8'));
  assert.deepEqual(config.alignedShare, { colour: 0.9, corruption: 0.5 });
  assert.deepEqual(config.testWhere, { colour: ['blue', 'green'] });
  const embed = await laSsl('embed', run, '--split', 'test', '--output', join(folder, 'f.npy'), '--json');
  assert.equal(embed.status, 0, embed.stderr);
  const rows = readFileSync(join(folder, 'f.csv'), 'utf8').trim().split('\n').slice(1);
  assert.equal(rows.length, 40);
  assert.ok(
    rows.every((row) => /colour=(blue|green)/.test(row)),
    rows[0],
  );
});

test('a configuration file says the same by keys', async () => {
  const file = join(folder, 'run.yaml');
  writeFileSync(
    file,
    [
      'dataset: corrupted-mnist',
      'set: 1',
      'alignedShare: 0.1',
      'imbalance: 4',
      'trainWhere:',
      '  corruption: [identity, zoom_blur]',
      'testAlignedShare: { corruption: 0.5 }',
    ].join('\n'),
  );
  const run = await train('yaml', '--config', file);
  for (const [split, count] of [
    // 40 of each digit, 4 of each corruption: 8 are left of each, and of those 8 · 4^(−y / 9)
    ['train', 8 + 6 + 5 + 5 + 4 + 3 + 3 + 2 + 2 + 2],
    // 20 of each digit, 2 of each corruption: 2 aligned and 3 others, as half of 5 is rounded to 2
    ['test', 50],
  ] as const) {
    const output = join(folder, `yaml-${split}.npy`);
    const embed = await laSsl('embed', run, '--split', split, '--output', output, '--json');
    assert.equal(embed.status, 0, embed.stderr);
    const rows = readFileSync(output.replace('.npy', '.csv'), 'utf8').trim().split('\n').slice(1);
    assert.equal(rows.length, count);
    if (split === 'train') assert.ok(rows.every((row) => /corruption=(identity|zoom_blur)/.test(row)));
  }
});

test('of images with a table only those are decoded that the setting takes', async () => {
  const photos = join(folder, 'photos');
  mkdirSync(photos);
  // 40 of each label; 30 of each on its own place. Those on water with label 0 are no pictures.
  const rows = Array.from({ length: 80 }, (_, i) => {
    const [label, isOwn] = [i % 2, Math.floor(i / 2) % 4 > 0];
    return { file: `${i}.png`, label, place: (label === 1) === isOwn ? 'water' : 'land' };
  });
  const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  for (const { file, label, place } of rows) {
    writeFileSync(join(photos, file), label === 0 && place === 'water' ? 'no picture' : picture);
  }
  const table = rows.map(({ file, label, place }) => `${file},l${label},${place}`);
  writeFileSync(join(photos, 'metadata.csv'), ['filename,label,place', ...table].join('\n'));
  const asked = [
    ...['data', 'describe', 'folder', '--path', photos, '--table', 'metadata.csv', '--image-size', '8'],
    ...['--attribute-columns', 'place', '--check-images', '--json'],
  ];
  const refused = await laSsl(...asked, '--aligned-share', '0.9');
  assert.match(refused.stderr, /has 3 entries that cannot be used/); // 3 conflicting of 33 with label 0
  const land = await laSsl(...asked, '--train-where', 'place=land');
  assert.equal(land.status, 0, land.stderr);
  assert.deepEqual(countsOf(land.stdout), [
    ['label=l0,place=land', 30],
    ['label=l0,place=water', 0],
    ['label=l1,place=land', 10],
    ['label=l1,place=water', 0],
  ]);
  const reversed = await laSsl(...asked, '--aligned-share', 'place=100%', '--imbalance', '3');
  assert.equal(reversed.status, 0, reversed.stderr);
  assert.deepEqual(countsOf(reversed.stdout), [
    ['label=l0,place=land', 30],
    ['label=l0,place=water', 0],
    ['label=l1,place=land', 0],
    ['label=l1,place=water', 10],
  ]);
});

function countsOf(stdout: string): [string, number][] {
  const { groups } = JSON.parse(stdout).splits[0];
  return groups.map(({ name, count }: { name: string; count: number }) => [name, count]);
}

test('wrong settings end before training, with what can be done', async () => {
  const cases: [RegExp, ...string[]][] = [
    [/--imbalance 0\.5: .*>=1/, '--dataset', 'mnist', '--imbalance', '0.5'],
    [
      /--train-where "colour": give an attribute and its value/,
      '--dataset',
      'mnist',
      '--train-where',
      'colour',
    ],
    [
      /--aligned-share "many": give a share from 0 to 1/,
      '--dataset',
      'colored-mnist',
      '--aligned-share',
      'many',
    ],
    [
      /mnist has no attributes, so none can go with the label/,
      '--dataset',
      'mnist',
      '--aligned-share',
      '0.9',
    ],
    [
      /mnist has no attribute colour; its attributes: none/,
      '--dataset',
      'mnist',
      '--train-where',
      'colour=red',
    ],
    [
      /colored-mnist has no colour=red; its values: vermilion/,
      '--dataset',
      'colored-mnist',
      '--train-where',
      'colour=red',
    ],
    [/imbalanceKind needs the ratio/, '--dataset', 'mnist', '--imbalance-kind', 'step'],
    [
      /examples is 390, of which .* ask for \d+ or fewer/,
      '--dataset',
      'mnist',
      '--imbalance',
      '9',
      '--examples',
      '390',
    ],
  ];
  for (const [message, ...args] of cases) {
    const { status, stderr } = await laSsl('train', ...args, '--name', 'wrong', ...tiny);
    assert.notEqual(status, 0, args.join(' '));
    assert.match(stderr, message);
  }
});
