/**
 * @file Tables of images: what is known of each image below a folder before any is opened, and the decoding of a split.
 *
 * Folders of images, folders with a table, and data sets in their official layouts all become an `ImageTable` first;
 * counts by split and group are read off it without decoding.
 */
import { join } from 'node:path';
import { z } from 'zod';
import {
  type Attribute,
  type DatasetMetadata,
  type ImageDataset,
  MissingSplit,
  type Split,
} from '../dataset.js';
import type { BadFile } from '../images/decode.js';
import { decodeCached } from '../images/image-cache.js';
import type { Channels } from '../images/resize.js';
import type { Window } from '../images/window.js';
import { windowOption } from '../images/window-option.js';
import type { OnProgress } from '../progress.js';
import { exampleCount } from '../spec.js';
import { byPath, cannotBeUsed, entries, listed } from './bad-entries.js';
import { firstRows, type ImageRows, pickRows } from './image-rows.js';

/** Of each image in memory: 1, gray, or 3. */
export const channelsOption = z.union([z.literal(1), z.literal(3)], {
  error: 'give 1, for gray, or 3, for colour',
});

/** What every data set of image files is asked for with. */
export const imageOptions = {
  path: z.string('give the folder that the images are in').min(1),
  // The size that encoders and views are made for where nothing is said, and 3 kB an image.
  imageSize: z.int().min(8).max(1024).default(32),
  channels: channelsOption.default(3),
  window: windowOption.default('full'),
  cacheImages: z.enum(['auto', 'on', 'off']).default('auto'),
  onBad: z.enum(['stop', 'skip']).default('stop'),
  examples: exampleCount,
  testExamples: exampleCount,
};

export interface ImageTable {
  name: string;
  root: string;
  /** A split that has no image is not there. */
  splits: Partial<Record<Split, ImageRows>>;
  /** What to say of a split that is not there: a sentence on from the root. */
  advice?: Partial<Record<Split, string>>;
  classNames: readonly string[];
  attributes: readonly Omit<Attribute, 'codes'>[];
  /** What the clusters of the rows are: `patient`. */
  clusterName?: string | undefined;
  /** What cannot be used, as far as can be said without opening an image. */
  bad: readonly BadFile[];
  /** What a user should know about how it was read. */
  notes: readonly string[];
}

export interface DescribeTableOptions {
  /** S: images become squares of so many pixels a side. */
  imageSize: number;
  /** C: 1 is gray; 3 by default. */
  channels?: Channels | undefined;
  /** What to do about what is bad: throw, or go on without and say so in `skipped`. */
  onBad: 'stop' | 'skip';
  /** Which of the split's images are wanted, by what is known of them; in place of `examples` and `testExamples`. */
  select?: ((rows: Omit<DatasetMetadata, 'shape'>) => Int32Array) | undefined;
  /** Only so many of the training images, the first of each class. */
  examples?: number | undefined;
  /** Likewise of the test or validation images. */
  testExamples?: number | undefined;
  onProgress?: OnProgress | undefined;
}

export interface DecodeTableOptions extends DescribeTableOptions {
  /** Of the examples that `describeTable` gives only these, by place. */
  indices?: Int32Array | undefined;
  /** For gray images of 16 bits; `full` by default. */
  window?: Window | undefined;
  /** Whether decoded images are kept in the cache, as in `decodeCached`. */
  cacheImages?: 'auto' | 'on' | 'off' | undefined;
  /** The cache; `cacheFolder()` by default. */
  cache?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * What a table says of one split, before an image is opened.
 * @throws as `decodeTable`, but for what only decoding shows
 */
export function describeTable(
  table: ImageTable,
  split: Split,
  options: DescribeTableOptions,
): DatasetMetadata {
  const rows = wantedRows(table, split, options);
  const bad = byPath(table.bad);
  noteAll(table, bad, options.onProgress);
  return { ...datasetOf(table, split, rows), ...shapeOf(rows, options), ...skippedOf(bad) };
}

/**
 * Decodes the images of one split, `C·S²` bytes each, in the order of its rows, into memory or the cache.
 * @throws where the table has no such split; and unless that is skipped, where anything in the table is bad, before an image
 * is opened, or else where an image is
 * @throws what `signal` was aborted with
 */
export async function decodeTable(
  table: ImageTable,
  split: Split,
  options: DecodeTableOptions,
): Promise<ImageDataset> {
  const { name, root } = table;
  const { imageSize: side, onBad, indices, onProgress } = options;
  const note = (text: string): void => onProgress?.({ kind: 'note', text });
  const all = wantedRows(table, split, options);
  const rows = indices ? pickRows(all, indices) : all;
  const decoded = await decodeCached(
    rows.paths.map((path) => join(root, path)),
    {
      ...options,
      side,
      onNote: (text) => note(`${name}: ${text}`),
      onProgress: (done, total) =>
        onProgress?.({ kind: 'progress', task: `decode ${name}`, done, total, unit: 'examples' }),
    },
  );
  const broken = decoded.bad.map(({ index, reason }) => ({ path: rows.paths[index]!, reason }));
  const bad = byPath([...table.bad, ...broken]);
  if (bad.length > 0 && onBad === 'stop') throw cannotBeUsed(root, bad);
  const count = decoded.indices.length;
  if (count === 0) {
    throw new Error(`${root} has no ${split} image that can be used:\n${listed(bad)}\nGive another --path.`);
  }
  noteAll(table, bad, onProgress);
  const median = decoded.sides.toSorted()[count >> 1]!;
  if (median >= 2 * side) {
    note(
      `${name}: images of ${median} pixels (median of the shorter sides) are made ${side}; --image-size sets another size`,
    );
  }

  const good = pickRows(rows, decoded.indices);
  return {
    ...{ ...datasetOf(table, split, good), images: decoded.images },
    ...{ ...shapeOf(good, options), ...skippedOf(bad) },
  };
}

/** The rows that the options ask for. */
function wantedRows(
  table: ImageTable,
  split: Split,
  { onBad, select, examples, testExamples }: DescribeTableOptions,
): ImageRows {
  const all = table.splits[split];
  if (!all) throw noSplit(table, split);
  if (table.bad.length > 0 && onBad === 'stop') {
    throw cannotBeUsed(
      table.root,
      byPath(table.bad),
      ' (no image has been opened yet, and some may be broken too)',
    );
  }
  if (select) return pickRows(all, select(datasetOf(table, split, all)));
  const wanted = split === 'train' ? examples : testExamples;
  return wanted === undefined ? all : firstRows(wanted, all, table.classNames.length);
}

function shapeOf(
  { paths }: ImageRows,
  { imageSize: side, channels = 3 }: DescribeTableOptions,
): Pick<DatasetMetadata, 'shape'> {
  return { shape: { count: paths.length, channels, height: side, width: side } };
}

function skippedOf(bad: readonly BadFile[]): Pick<DatasetMetadata, 'skipped'> {
  return bad.length > 0 ? { skipped: bad } : {};
}

function noteAll(
  { name, notes }: ImageTable,
  bad: readonly BadFile[],
  onProgress: OnProgress | undefined,
): void {
  const leftOut = bad.length > 0 ? [`left out ${entries(bad.length)}:\n${listed(bad)}`] : [];
  for (const text of [...leftOut, ...notes]) onProgress?.({ kind: 'note', text: `${name}: ${text}` });
}

/** What a table says of the examples of a split. */
function datasetOf(
  { name, classNames, attributes, clusterName }: ImageTable,
  split: Split,
  rows: ImageRows,
): Omit<DatasetMetadata, 'shape'> {
  const { paths, ids = paths, labels, codes = [], clusters } = rows;
  return {
    name,
    split,
    classNames,
    ...(labels && { labels }),
    attributes: attributes.map((attribute, a) => ({ ...attribute, codes: codes[a]! })),
    ...(clusters && clusterName !== undefined && { clusters: { name: clusterName, codes: clusters } }),
    ids,
  };
}

function noSplit({ root, splits, advice, bad }: ImageTable, split: Split): Error {
  const others = Object.keys(splits).join(' and ') || 'nothing';
  const hint = split === 'test' ? ' Training, scoring and features need none.' : '';
  const reason = advice?.[split] ?? `has no ${split} split: it has ${others}.${hint}`;
  const because = bad.length > 0 ? `\nWhat cannot be used:\n${listed(bad)}` : '';
  return new MissingSplit(`${root} ${reason}${because}`);
}
