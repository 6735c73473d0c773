import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Random } from '../../random.js';
import { CORRUPTION_SETS } from '../corruptions/corrupted-images.js';
import { corrupt } from '../corruptions/index.js';
import { groupsOf, type ImageDataset } from '../dataset.js';
import { type ColoredMnistSpec, loadColoredMnist } from './colored-mnist.js';
import { loadCorruptedMnist } from './corrupted-mnist.js';
import { fetchMnist, loadMnist } from './mnist.js';
import { standIn, writeIdxFiles } from './mnist.test.support.js';

const place = await mkdtemp(join(tmpdir(), 'la-ssl-corrupted-mnist-'));
after(() => rm(place, { recursive: true }));
const cache = join(place, 'cache');
const small = standIn({ train: 1000, test: 200 });
await fetchMnist({ from: writeIdxFiles(join(place, 'idx'), small), cache }, small.origin);
const quick = { cache, threads: 1 };

/** Image i with its channels beside one another, `[H · W · 3]`. */
function rowsOf({ images }: ImageDataset, i: number): Uint8Array {
  const planes = images.subarray(i * 3 * 784, (i + 1) * 3 * 784);
  return Uint8Array.from(planes, (_, b) => planes[(b % 3) * 784 + Math.floor(b / 3)]!);
}

function assertCorrupted(clean: ImageDataset, corrupted: ImageDataset, set: 0 | 1, severity: number): void {
  const { codes } = corrupted.attributes.find(({ name }) => name === 'corruption')!;
  for (let i = 0; i < 100; i++) {
    const name = CORRUPTION_SETS[set][codes[i]!]!;
    const random = new Random(3, 0, i);
    const expected = corrupt(rowsOf(clean, i), { name, severity, height: 28, width: 28, random });
    assert.deepEqual(rowsOf(corrupted, i), expected, `${i}: ${name}`);
  }
}

test('each digit is corrupted as its attribute says, and goes with its class as in Corrupted CIFAR-10', async () => {
  const clean = await loadMnist('train', { cache }, small.origin);
  for (const set of [0, 1] as const) {
    const spec = { name: 'corrupted-mnist', set, severity: 4, alignedShare: '90%', seed: 3 } as const;
    const dataset = await loadCorruptedMnist('train', spec, quick, small.origin);
    assert.deepEqual(dataset.shape, { count: 1000, channels: 3, height: 28, width: 28 });
    assertCorrupted(clean, dataset, set, 4);
    const { groups } = groupsOf(dataset);
    for (const { name, aligned, count } of groups) if (aligned) assert.equal(count, 90, name);
    const even = groupsOf(
      await loadCorruptedMnist('test', { ...spec, testExamples: 100 }, quick, small.origin),
    );
    assert.ok(even.groups.every(({ count }) => count === 1));
  }
  assert.equal((await readdir(join(cache, 'corrupted-mnist'))).filter((it) => it.endsWith('.bin')).length, 4);
});

const colored = (
  more: Partial<ColoredMnistSpec> = {},
  split: 'train' | 'test' = 'train',
): Promise<ImageDataset> =>
  loadColoredMnist(split, { name: 'colored-mnist', seed: 3, ...more }, quick, small.origin);

test('colour and corruption at once have a share each, and are independent given the digit', async () => {
  const clean = await colored({ alignedShare: 0.8 });
  const dataset = await colored({
    set: 1,
    corruptionSeverity: 2,
    alignedShare: 'colour=80%, corruption=0.6',
  });
  assertCorrupted(clean, dataset, 1, 2);
  assert.deepEqual(dataset.attributes[0], clean.attributes[0]);
  const [colour, corruption] = dataset.attributes.map(({ codes, alignedWith }) =>
    dataset.labels!.map((label, i) => Number(codes[i] === alignedWith![label])),
  );
  for (let digit = 0; digit < 10; digit++) {
    const count = (c: number, k: number): number =>
      dataset.labels!.filter((label, i) => label === digit && colour![i] === c && corruption![i] === k)
        .length;
    const table = [count(1, 1), count(1, 0), count(0, 1), count(0, 0)];
    // 100 of each digit: 80 · 0.6, 80 · 0.4, 20 · 0.6, 20 · 0.4
    assert.deepEqual([table[0]! + table[1]!, table[0]! + table[2]!], [80, 60]);
    for (const [i, expected] of [48, 32, 12, 8].entries())
      assert.ok(Math.abs(table[i]! - expected) <= 1, `${digit}: ${table}`);
  }
  const { groups, aligned } = groupsOf(dataset);
  assert.equal(groups.length, 1000);
  assert.ok(Math.abs(aligned!.filter((it) => it === 1).length - 480) <= 10);

  const even = await colored({ set: 1 }, 'test');
  for (const { codes } of even.attributes)
    for (let g = 0; g < 100; g++)
      assert.equal(
        even.labels!.filter((label, i) => label === g % 10 && codes[i] === Math.floor(g / 10)).length,
        2,
      );
});

test('one share holds for both attributes, and one that is not named has the usual one', async () => {
  const alignedOf = ({ attributes, labels }: ImageDataset): number[] =>
    attributes.map(({ codes }) => codes.filter((code, i) => code === labels![i]).length);
  assert.deepEqual(alignedOf(await colored({ set: 0, alignedShare: 0.7 })), [700, 700]);
  assert.deepEqual(alignedOf(await colored({ set: 0, alignedShare: { corruption: '50%' } })), [950, 500]);
});

test('corruptions that nothing asked for, and attributes that are none, are refused', async () => {
  await assert.rejects(colored({ corruptionSeverity: 3 }), /need a set of corruptions, --set 0 or 1/);
  await assert.rejects(colored({ variant: 'irm', set: 0 }), /set belongs to --variant lff/);
  await assert.rejects(
    colored({ alignedShare: 'corruption=90%' }),
    /alignedShare names the attribute corruption, and there is none; these are: colour/,
  );
  for (const alignedShare of ['colour=95', 'colour=', '=0.5', 'colour', 'colour=90%,corruption']) {
    await assert.rejects(
      colored({ alignedShare }),
      /share from 0 to 1.*one for each attribute.*at alignedShare/s,
    );
  }
});
