/**
 * @file Reading and writing safetensors: an 8-byte length, a JSON header, the bytes of the tensors.
 *
 * Source: https://github.com/huggingface/safetensors, "Format". A file is written under a temporary name and
 * renamed, so that a kill or a full disk leaves no half file under its name.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { DType } from './dtype.js';
import { native } from './native.js';
import { fromData, type Tensor } from './tensor.js';

const CODES: Record<DType, string> = {
  uint8: 'U8',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int64: 'I64',
  float16: 'F16',
  bfloat16: 'BF16',
  float32: 'F32',
  float64: 'F64',
  bool: 'BOOL',
};
const DTYPES = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType]));
const HEADER_LIMIT = 100_000_000; // the format's own limit, in bytes

/** Tensors by name, and free text about them. */
export interface SafetensorsContent {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/**
 * Writes `tensors` to `file`, replacing it as a whole.
 * @param metadata - text that goes into the header
 * @throws Error that names the file, where it cannot be written
 */
export function saveSafetensors(
  file: string,
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Record<string, string> = {},
): void {
  const entries = [...tensors];
  const header: Record<string, unknown> = { __metadata__: metadata };
  const buffers: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of entries) {
    const bytes = new Uint8Array(native.toBytes(tensor.handle));
    header[name] = {
      dtype: CODES[tensor.dtype],
      shape: tensor.shape,
      data_offsets: [offset, offset + bytes.length],
    };
    offset += bytes.length;
    buffers.push(bytes);
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' '); // data starts at a multiple of 8
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const partial = `${file}.${process.pid}.partial`;
  try {
    const descriptor = openSync(partial, 'w');
    try {
      for (const bytes of [length, padded, ...buffers]) writeAll(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new Error(`${file} could not be written: ${(error as Error).message}`, { cause: error });
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}

/**
 * Reads every tensor of a safetensors file.
 * @throws Error that names the file and what is wrong with it
 */
export function loadSafetensors(file: string): SafetensorsContent {
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    const read = (start: number, length: number): Uint8Array<ArrayBuffer> => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readSync(descriptor, bytes, done, length - done, start + done);
        if (count === 0) throw new Error('it ends too early');
        done += count;
      }
      return bytes;
    };
    if (size < 8) throw new Error(`it has only ${size} bytes`);
    const length = Number(new DataView(read(0, 8).buffer).getBigUint64(0, true));
    if (length > Math.min(size - 8, HEADER_LIMIT))
      throw new Error(`its header claims ${length} bytes of ${size}`);
    const header = parseHeader(new TextDecoder('utf-8', { fatal: true }).decode(read(8, length)));
    const tensors = new Map<string, Tensor>();
    for (const [name, { dtype, shape, start, end }] of header.entries) {
      if (8 + length + end > size)
        throw new Error(`'${name}' lies beyond the end of the file: it was cut off`);
      tensors.set(name, fromData(read(8 + length + start, end - start), shape, dtype));
    }
    return { tensors, metadata: header.metadata };
  } catch (error) {
    throw new Error(`${file} is no valid safetensors file: ${(error as Error).message}`, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

interface Entry {
  dtype: DType;
  shape: number[];
  start: number;
  end: number;
}

function parseHeader(text: string): { metadata: Record<string, string>; entries: [string, Entry][] } {
  const header: unknown = JSON.parse(text);
  if (typeof header !== 'object' || header === null) throw new Error('its header is no JSON object');
  const { __metadata__: metadata = {}, ...rest } = header as Record<string, unknown>;
  const entries = Object.entries(rest).map(([name, value]): [string, Entry] => {
    const entry = value as { dtype?: string; shape?: unknown; data_offsets?: unknown };
    const dtype = DTYPES.get(entry?.dtype ?? '');
    if (!dtype) throw new Error(`'${name}' has the unknown dtype ${entry?.dtype}`);
    if (!isSizes(entry.shape)) throw new Error(`'${name}' has no valid shape`);
    if (!isSizes(entry.data_offsets) || entry.data_offsets.length !== 2) {
      throw new Error(`'${name}' has no valid data_offsets`);
    }
    const [start, end] = entry.data_offsets as [number, number];
    if (end < start) throw new Error(`'${name}' ends before it starts`);
    return [name, { dtype, shape: entry.shape, start, end }];
  });
  return { metadata: metadata as Record<string, string>, entries };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
