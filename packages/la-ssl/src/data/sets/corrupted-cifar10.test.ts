import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, beforeEach, test } from 'node:test';
import { Random } from '../../random.js';
import { CORRUPTION_SETS } from '../corruptions/corrupted-images.js';
import { corrupt } from '../corruptions/index.js';
import { groupsOf, imagesAt } from '../dataset.js';
import type { DataEvent } from '../progress.js';
import { CIFAR10, type Cifar10Origin, fetchCifar10, loadCifar10 } from './cifar10.js';
import { type CorruptedCifar10Spec, loadCorruptedCifar10 } from './corrupted-cifar10.js';

// A stand-in for CIFAR-10 of 20 images a batch: soft shapes, so that blur and contrast have something to change.
const batchSize = 20;
const place = await mkdtemp(join(tmpdir(), 'la-ssl-corrupted-'));
const source = join(place, 'cifar-10-batches-bin');
await mkdir(source);
const random = new Random(3);
const records = Array.from({ length: 6 * batchSize }, (_, i) => {
  const [a, b, c] = [random.uniform(2, 9), random.uniform(2, 9), random.uniform(0, 6)];
  const pixel = (p: number): number => 128 + 100 * Math.sin((p % 32) / a + Math.floor(p / 32) / b + c);
  return Uint8Array.from({ length: 3073 }, (_, p) => (p === 0 ? i % 10 : pixel(p - 1)));
});
const batches = Array.from({ length: 6 }, (_, b) =>
  Buffer.concat(records.slice(b * batchSize, (b + 1) * batchSize)),
);
for (const [b, batch] of batches.entries()) {
  await writeFile(join(source, b < 5 ? `data_batch_${b + 1}.bin` : 'test_batch.bin'), batch);
}
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const origin: Cifar10Origin = {
  ...CIFAR10,
  batchSize,
  sha256: { train: sha256(Buffer.concat(batches.slice(0, 5))), test: sha256(batches[5]!) },
};
const cache = join(place, 'cache');
await fetchCifar10({ from: source, cache }, origin);
const made = join(cache, 'corrupted-cifar10');

const spec: CorruptedCifar10Spec = { name: 'corrupted-cifar10', alignedShare: 0.9 };
const quick = { cache, threads: 1 };
const load = (
  more: Partial<CorruptedCifar10Spec> = {},
  options = {},
): ReturnType<typeof loadCorruptedCifar10> =>
  loadCorruptedCifar10('train', { ...spec, ...more }, { ...quick, ...options }, origin);

const reference = await load();

beforeEach(() => rm(made, { recursive: true, force: true }));
after(() => rm(place, { recursive: true }));

test('each image is corrupted as its attribute says, in both sets and splits', async () => {
  for (const set of [0, 1] as const) {
    for (const [stream, split] of (['train', 'test'] as const).entries()) {
      const recipe = { ...spec, set, severity: 3, seed: 11 };
      const dataset = await loadCorruptedCifar10(split, recipe, quick, origin);
      const clean = await loadCifar10(split, { cache }, origin);
      const { codes, values } = dataset.attributes[0]!;
      assert.equal(values, CORRUPTION_SETS[set]);
      for (let i = 0; i < dataset.shape.count; i++) {
        const planes = imagesAt(clean, [i]);
        const picture = Uint8Array.from(
          { length: 3072 },
          (_, b) => planes[(b % 3) * 1024 + Math.floor(b / 3)]!,
        );
        const name = CORRUPTION_SETS[set][codes[i]!]!;
        const expected = corrupt(picture, {
          name,
          severity: 3,
          height: 32,
          width: 32,
          random: new Random(11, stream, i),
        });
        const found = imagesAt(dataset, [i]);
        const rows = Uint8Array.from({ length: 3072 }, (_, b) => found[(b % 3) * 1024 + Math.floor(b / 3)]!);
        assert.deepEqual(rows, expected, `${split} ${i}: ${name}`);
        // Where nothing changes although something should, the data set would be easier than it says.
        assert.equal(sha256(rows) === sha256(picture), name === 'identity', `${split} ${i}: ${name}`);
      }
    }
  }
});

test('train has the aligned share, test shares each class out evenly', async () => {
  const train = groupsOf(reference);
  assert.equal(train.groups.length, 100);
  assert.equal(train.groups[23]!.name, 'label=bird,corruption=brightness');
  for (const { name, aligned, count } of train.groups) if (aligned) assert.equal(count, 9, name);
  assert.equal(train.aligned!.filter((it) => it === 0).length, 10);
  const even = groupsOf(await loadCorruptedCifar10('test', spec, quick, origin));
  // Two test images a class in the stand-in: the milestones 0.2, 0.4 … 2 round to 0 0 1 1 1 1 1 2 2 2.
  for (const [g, { name, count }] of even.groups.entries())
    assert.equal(count, g % 10 === 2 || g % 10 === 7 ? 1 : 0, name);
});

test('a subset has the first of each class, the same share, and the same ids', async () => {
  const few = await load({ examples: 50, alignedShare: '80 %' });
  assert.equal(few.shape.count, 50);
  assert.deepEqual([few.ids[0], few.ids[49]], ['train/00000', 'train/00049']);
  for (const { name, aligned, count } of groupsOf(few).groups) if (aligned) assert.equal(count, 4, name);
  await assert.rejects(load({ examples: 55 }), /examples is 55/);
});

test('the same seed gives the same images on any number of threads, another seed others', async () => {
  const hashes: string[] = [];
  for (const [seed, threads] of [
    [5, 1],
    [5, 3],
    [6, 2],
  ]) {
    hashes.push(sha256((await load({ set: 1, seed: seed! }, { threads })).images.subarray()));
    await rm(made, { recursive: true });
  }
  assert.equal(hashes[0], hashes[1]);
  assert.notEqual(hashes[0], hashes[2]);
});

test('what is in the cache is taken from there, unless it lost its end', async () => {
  const events: DataEvent[] = [];
  const onProgress = (event: DataEvent): unknown => events.push(event);
  await load({}, { onProgress });
  const last = events.at(-1);
  assert.deepEqual(last, {
    kind: 'progress',
    task: 'corrupt train',
    done: 100,
    total: 100,
    unit: 'examples',
  });
  events.length = 0;
  assert.deepEqual((await load({}, { onProgress })).images, reference.images);
  assert.deepEqual(events, []);
  const [file] = await readdir(made);
  await truncate(join(made, file!), 1000);
  assert.deepEqual((await load()).images, reference.images);
});

test('every part of the recipe has a file of its own', async () => {
  const recipes = [
    {},
    { set: 1 },
    { severity: 4 },
    { alignedShare: 0.8 },
    { examples: 20 },
    { seed: 1 },
  ] as const;
  for (const recipe of recipes) await load({ examples: 10, ...recipe });
  assert.equal((await readdir(made)).length, recipes.length);
});

/** A process that makes the data set and is told of every 50 images. */
function child(onProgress: string): ReturnType<typeof spawn> {
  const url = new URL('./corrupted-cifar10.js', import.meta.url).href;
  const code = `import { loadCorruptedCifar10 } from ${JSON.stringify(url)};
    const onProgress = (event) => { ${onProgress} };
    const options = ${JSON.stringify(quick)};
    await loadCorruptedCifar10('train', ${JSON.stringify(spec)}, { ...options, onProgress }, ${JSON.stringify(origin)});`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('killed midway it leaves nothing that would be taken for the data set', async () => {
  const killed = child(`if (event.done >= 50) process.kill(process.pid, 'SIGKILL');`);
  assert.deepEqual(await once(killed, 'exit'), [null, 'SIGKILL']);
  assert.ok((await readdir(made)).every((name) => !name.endsWith('.bin')));
  assert.deepEqual((await load()).images, reference.images);
});

test('two processes that want the same one make it once', async () => {
  const children = [child('console.log(event.done)'), child('console.log(event.done)')];
  const reports = await Promise.all(children.map(({ stdout }) => text(stdout!)));
  assert.deepEqual(reports.sort(), ['', '50\n100\n']);
  assert.equal((await readdir(made)).length, 1);
});

test('a wrong specification is refused with the name and the range', async () => {
  const refuse = (more: object, message: RegExp): Promise<void> =>
    assert.rejects(loadCorruptedCifar10('train', { ...spec, ...more }, quick, origin), message);
  await refuse({ severity: 6 }, /expected number to be <=5\s+→ at severity/);
  await refuse({ set: 2 }, /at set/);
  await refuse({ alignedShare: 95 }, /share from 0 to 1.*"99\.5%"\s+→ at alignedShare/s);
  await refuse({ alignedShare: '101%' }, /at alignedShare/);
  await refuse({ seed: -1 }, /at seed/);
  await refuse({ severty: 3 }, /Unrecognized key: "severty"/);
  await refuse({ frostPictures: join(place, 'none') }, /none/);
});
