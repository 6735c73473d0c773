import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../../random.js';
import { groupsOf, type ImageDataset } from '../dataset.js';
import {
  COLOUR_DEVIATIONS,
  type ColoredMnistSpec,
  LFF_COLOURS,
  loadColoredMnist,
  paint,
} from './colored-mnist.js';
import { fetchMnist, loadMnist } from './mnist.js';
import { standIn, writeIdxFiles } from './mnist.test.support.js';

interface Case {
  severity: number;
  colour: number;
  jitter: number[];
  sha256: string;
}
const fixture = new URL('../../../fixtures/colored-mnist/colours.json', import.meta.url);
const cases = JSON.parse(await readFile(fixture, 'utf8')) as Case[];

const place = await mkdtemp(join(tmpdir(), 'la-ssl-colored-'));
after(() => rm(place, { recursive: true }));
const cache = join(place, 'cache');
const small = standIn({ train: 2000, test: 400 });
await fetchMnist({ from: writeIdxFiles(join(place, 'idx'), small), cache }, small.origin);

const load = (
  more: Partial<ColoredMnistSpec> = {},
  split: 'train' | 'test' = 'train',
): Promise<ImageDataset> =>
  loadColoredMnist(split, { name: 'colored-mnist', ...more }, { cache }, small.origin);

test('an image is painted to the byte as the official script paints it', () => {
  assert.equal(cases.length, 50);
  const ramp = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const { severity, colour, jitter, sha256 } of cases) {
    const mean = Object.values(LFF_COLOURS)[colour]!;
    const painted = paint(ramp, mean, jitter, COLOUR_DEVIATIONS[severity - 1]!);
    assert.equal(createHash('sha256').update(painted).digest('hex'), sha256, `${severity}, ${colour}`);
  }
});

test('train has the aligned share in each class, test shares each class out evenly', async () => {
  for (const [alignedShare, aligned] of [
    [0.95, 190],
    [0.98, 196],
    ['99%', 198],
    [0.995, 199],
    [0.5, 100],
  ] as const) {
    const { groups } = groupsOf(await load({ alignedShare }));
    assert.equal(groups.length, 100);
    for (const group of groups) if (group.aligned) assert.equal(group.count, aligned, group.name);
    const conflicting = groups.filter((group) => !group.aligned).map(({ count }) => count);
    const others = (200 - aligned) / 9;
    assert.ok(conflicting.every((count) => count === Math.floor(others) || count === Math.ceil(others)));
  }
  const even = groupsOf(await load({}, 'test'));
  assert.ok(even.groups.every(({ count }) => count === 4));
});

test('the colours of the images have the mean and the variance of the protocol', async () => {
  for (const severity of [1, 2, 3, 4]) {
    const dataset = await load({ severity, alignedShare: 0.1 });
    const deviation = COLOUR_DEVIATIONS[severity - 1]!;
    // The brightest pixel tells the colour to 1/255; only channels that no draw clamps are a normal sample.
    const free = Object.values(LFF_COLOURS).map((mean) => mean.map((m) => m > 0.2 && m < 0.8));
    const errors: number[] = [];
    for (let i = 0; i < dataset.shape.count; i++) {
      const code = dataset.attributes[0]!.codes[i]!;
      const gray = small.images.train.subarray(i * 784, (i + 1) * 784);
      const brightest = gray.indexOf(gray.reduce((most, value) => Math.max(most, value)));
      if (gray[brightest]! < 240) continue;
      for (let c = 0; c < 3; c++) {
        if (!free[code]![c]) continue;
        // Truncated: half a step is added back.
        const value =
          (dataset.images.subarray((i * 3 + c) * 784, (i * 3 + c + 1) * 784)[brightest]! + 0.5) /
          gray[brightest]!;
        errors.push(value - Object.values(LFF_COLOURS)[code]![c]!);
      }
    }
    assert.ok(errors.length > 3000);
    const mean = errors.reduce((sum, e) => sum + e, 0) / errors.length;
    const variance = errors.reduce((sum, e) => sum + (e - mean) ** 2, 0) / (errors.length - 1);
    // Truncation adds the variance of a uniform step; five standard errors of mean and variance.
    const expected = deviation ** 2 + 1 / 255 ** 2 / 12;
    assert.ok(Math.abs(mean) < 5 * Math.sqrt(expected / errors.length) + 2e-4, `${severity}: mean ${mean}`);
    assert.ok(
      Math.abs(variance / expected - 1) < 5 * Math.sqrt(2 / errors.length) + 0.05,
      `${severity}: variance ${variance}, expected ${expected}`,
    );
  }
});

test('the black stays black, and an image’s channels are its gray times one colour each', async () => {
  const dataset = await load({ severity: 1 });
  for (let i = 0; i < 50; i++) {
    const gray = small.images.train.subarray(i * 784, (i + 1) * 784);
    const code = dataset.attributes[0]!.codes[i]!;
    const random = new Random(0, 2, i);
    for (let c = 0; c < 3; c++) {
      const mean = Object.values(LFF_COLOURS)[code]![c]!;
      const colour = Math.min(1, Math.max(0, mean + 0.05 * random.normal()));
      const plane = dataset.images.subarray((i * 3 + c) * 784, (i * 3 + c + 1) * 784);
      for (let p = 0; p < 784; p++) {
        assert.ok(Math.abs(plane[p]! + 0.5 - colour * gray[p]!) <= 0.5001, `${i}, ${c}, ${p}`);
        if (gray[p] === 0) assert.equal(plane[p], 0);
      }
    }
  }
});

test('the seed sets the colours and nothing else; an image keeps its colour in a subset', async () => {
  const [once, again, other] = [await load(), await load(), await load({ seed: 1 })];
  assert.deepEqual(once, again);
  assert.deepEqual(other.attributes, once.attributes);
  assert.notDeepEqual(other.images, once.images);
  const few = await load({ examples: 100, alignedShare: 1 });
  const all = await load({ alignedShare: 1 });
  assert.deepEqual(few.images, all.images.subarray(0, 100 * 3 * 784));
});

test('irm: two classes, a quarter of the labels flipped, one colour channel', async () => {
  const dataset = await load({ variant: 'irm' });
  assert.deepEqual(dataset.classNames, ['0-4', '5-9']);
  const flipped = dataset.labels!.filter((label, i) => label !== Number(i % 10 >= 5)).length;
  assert.ok(Math.abs(flipped - 500) < 5 * Math.sqrt(2000 * 0.25 * 0.75), `${flipped} flipped`);
  const { groups } = groupsOf(dataset);
  const sizes = [0, 1].map((label) => dataset.labels!.filter((it) => it === label).length);
  assert.deepEqual(
    groups.map(({ name, aligned }) => [name, aligned]),
    [
      ['label=0-4,colour=red', true],
      ['label=0-4,colour=green', false],
      ['label=5-9,colour=red', false],
      ['label=5-9,colour=green', true],
    ],
  );
  assert.ok(
    Math.abs(groups[0]!.count - 0.8 * sizes[0]!) <= 0.5 &&
      Math.abs(groups[3]!.count - 0.8 * sizes[1]!) <= 0.5,
  );
  const gray = await loadMnist('train', { cache }, small.origin);
  const black = new Uint8Array(784);
  for (let i = 0; i < 100; i++) {
    for (let c = 0; c < 3; c++) {
      const at = [(i * 3 + c) * 784, (i * 3 + c + 1) * 784] as const;
      const expected = c === dataset.attributes[0]!.codes[i] ? gray.images.subarray(...at) : black;
      assert.deepEqual(dataset.images.subarray(...at), expected);
    }
  }
  const clean = await load({ variant: 'irm', labelNoise: 0, alignedShare: '90%' });
  assert.deepEqual(
    [...clean.labels!],
    Array.from(clean.labels!, (_, i) => Number(i % 10 >= 5)),
  );
  assert.deepEqual(
    groupsOf(clean).groups.map(({ count }) => count),
    [900, 100, 100, 900],
  );
  assert.deepEqual(
    groupsOf(await load({ variant: 'irm', labelNoise: 0 }, 'test')).groups.map(({ count }) => count),
    [100, 100, 100, 100],
  );
});

test('options that do not go together are refused', async () => {
  await assert.rejects(load({ variant: 'irm', severity: 2 }), /severity belongs to --variant lff/);
  await assert.rejects(load({ labelNoise: 0.1 }), /labelNoise belongs to --variant irm/);
  await assert.rejects(load({ severity: 6 }), /<=5\s+→ at severity/);
  await assert.rejects(load({ alignedShare: 95 }), /share from 0 to 1.*→ at alignedShare/s);
});
