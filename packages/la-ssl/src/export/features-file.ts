/**
 * @file The features of a data set as a file: Parquet, a row an example, or npy with the examples' names beside it.
 *
 * They are written as they are computed, under a temporary name, and renamed when they are complete: a run that was
 * stopped leaves no file.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import type { ImageDataset } from '../data/index.js';
import type { FeatureBatch } from '../evaluation/index.js';
import { ExampleTable } from './example-table.js';

export const FEATURE_FORMATS = ['parquet', 'npy'] as const;
export type FeatureFormat = (typeof FEATURE_FORMATS)[number];

/**
 * Writes features, and what is known of each example: index, id, label, group, aligned, attributes.
 *
 * `parquet`: all in one file, the features as `FLOAT[]`. `npy`: the features, float32 `[N, F]`, and the rest beside it
 * as CSV, `x.npy` and `x.csv`.
 * @param features - F
 * @param batches - of all examples, in order
 * @returns the files, that of the features first
 * @throws Error that names the file, where it cannot be written; what `batches` throws
 */
export async function writeFeatures(
  file: string,
  format: FeatureFormat,
  dataset: ImageDataset,
  features: number,
  batches: AsyncIterable<FeatureBatch>,
): Promise<string[]> {
  const partial = (name: string): string => `${name}.${process.pid}.partial`;
  const table = await ExampleTable.create(dataset, format === 'parquet', partial(`${file}.spill`));
  const [array, rows] = format === 'npy' ? [file, file.replace(/(\.npy)?$/i, '.csv')] : [null, file];
  const written = array === null ? [rows] : [array, rows];
  let npy: FileHandle | undefined;
  try {
    npy = array === null ? undefined : await naming(array, () => open(partial(array), 'w'));
    await npy?.writeFile(npyHeader([dataset.shape.count, features]));
    for await (const batch of batches) {
      table.append(batch);
      await naming(file, async () => npy?.writeFile(littleEndian(batch.values)));
    }
    await naming(rows, () => table.write(partial(rows), array === null ? 'parquet' : 'csv', features));
    await npy?.sync();
    for (const name of written.toReversed()) await rename(partial(name), name); // the features last
    return written;
  } finally {
    await npy?.close();
    await table.close();
    for (const name of written) await rm(partial(name), { force: true });
  }
}

/** Says which file it is that could not be written. */
async function naming<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${file} could not be written: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * The head of an npy file of float32 in C order, version 1.0.
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
function npyHeader(shape: readonly number[]): Buffer {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const start = 10; // magic, version, length
  const length = Math.ceil((start + text.length + 1) / 64) * 64 - start; // the data starts at a multiple of 64
  const header = Buffer.alloc(start + length, ' ');
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(text, start, 'latin1');
  header.write('\n', header.length - 1, 'latin1');
  return header;
}

function littleEndian(values: Float32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}
