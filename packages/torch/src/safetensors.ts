/**
 * @file Reading and writing safetensors: an 8-byte length, a JSON header, the bytes of the tensors.
 *
 * Source: https://github.com/huggingface/safetensors, "Format". A file is written under a temporary name and
 * renamed, so that a kill or a full disk leaves no half file under its name.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type DType, itemSize } from './dtype.js';
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
const METADATA = '__metadata__';
const HEADER_LIMIT = 100_000_000; // the format's own limit, in bytes
const CHUNK = 2 ** 30; // Node reads and writes less than 2 GiB at a time

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
  const partial = `${file}.${process.pid}.partial`;
  try {
    const entries = [...tensors];
    const header = Buffer.from(JSON.stringify(describe(entries, metadata)));
    const padded = Buffer.alloc(Math.ceil(header.length / 8) * 8, ' '); // data starts at a multiple of 8
    header.copy(padded);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(padded.length));
    // A rename would put a plain file in the place of a device.
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is no plain file');
    const descriptor = openSync(partial, 'w');
    try {
      writeAll(descriptor, length);
      writeAll(descriptor, padded);
      for (const [, tensor] of entries) writeAll(descriptor, new Uint8Array(tensor.data().buffer));
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

function describe(entries: (readonly [string, Tensor])[], metadata: Record<string, string>): object {
  const header = new Map<string, unknown>([[METADATA, metadata]]);
  let offset = 0;
  for (const [name, tensor] of entries) {
    if (header.has(name)) throw new Error(`the name '${name}' is taken`);
    const { shape, dtype } = tensor;
    const end = offset + tensor.numel * itemSize(dtype);
    header.set(name, { dtype: CODES[dtype], shape, data_offsets: [offset, end] });
    offset = end;
  }
  return Object.fromEntries(header);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, CHUNK));
  }
}

/**
 * Reads every tensor of a safetensors file.
 * @throws Error that names the file and what is wrong with it
 */
export function loadSafetensors(file: string): SafetensorsContent {
  const tensors = new Map<string, Tensor>();
  return opened(file, (descriptor) => {
    try {
      const { metadata, entries, begin } = readHeader(descriptor);
      for (const [name, { dtype, shape, start, end }] of entries) {
        tensors.set(name, fromData(readAll(descriptor, begin + start, end - start), shape, dtype));
      }
      return { tensors, metadata };
    } catch (error) {
      for (const tensor of tensors.values()) tensor.dispose();
      throw error;
    }
  });
}

/**
 * Looks at the header of a safetensors file alone: whether the file is as long as its tensors need.
 * @throws Error as `loadSafetensors`
 */
export function checkSafetensors(file: string): void {
  opened(file, readHeader);
}

function opened<T>(file: string, read: (descriptor: number) => T): T {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    return read(descriptor);
  } catch (error) {
    throw new Error(`${file} is no valid safetensors file: ${(error as Error).message}`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** @returns `begin`: the byte at which the data begin */
function readHeader(descriptor: number) {
  const { size } = fstatSync(descriptor);
  if (size < 8) throw new Error(`it has only ${size} bytes`);
  const length = Number(new DataView(readAll(descriptor, 0, 8).buffer).getBigUint64(0, true));
  if (length > Math.min(size - 8, HEADER_LIMIT)) {
    throw new Error(`its header claims ${length} bytes, the file has ${size}`);
  }
  const text = new TextDecoder('utf-8', { fatal: true }).decode(readAll(descriptor, 8, length));
  return { ...parseHeader(text, size - 8 - length), begin: 8 + length };
}

function readAll(descriptor: number, start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const count = readSync(descriptor, bytes, done, Math.min(length - done, CHUNK), start + done);
    if (count === 0) throw new Error('it ends too early');
    done += count;
  }
  return bytes;
}

interface Entry {
  dtype: DType;
  shape: number[];
  start: number;
  end: number;
}

/** @param dataSize - bytes after the header, which the tensors must fill without holes or overlap */
function parseHeader(text: string, dataSize: number) {
  if (!text.startsWith('{')) throw new Error('its header is no JSON object');
  const { [METADATA]: metadata = {}, ...rest } = JSON.parse(text) as Record<string, unknown>;
  if (!isTextByName(metadata)) throw new Error(`its ${METADATA} is not text by name`);
  const entries = Object.entries(rest).map(([name, value]) => [name, parseEntry(name, value)] as const);
  entries.sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let filled = 0;
  for (const [name, { start, end }] of entries) {
    if (start !== filled) throw new Error(`'${name}' starts at byte ${start} of the data, not at ${filled}`);
    filled = end;
  }
  if (filled !== dataSize) {
    throw new Error(`its tensors need ${filled} bytes and it has ${dataSize}: cut off, or not complete`);
  }
  return { metadata, entries };
}

function parseEntry(name: string, value: unknown): Entry {
  const { dtype: code, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const dtype = DTYPES.get(String(code));
  if (!dtype) throw new Error(`'${name}' has the unknown dtype ${String(code)}`);
  if (!isSizes(shape)) throw new Error(`'${name}' has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw new Error(`'${name}' has no valid data_offsets`);
  const [start = 0, end = 0] = offsets;
  const needed = shape.reduce((product, size) => product * size, itemSize(dtype));
  if (end - start !== needed) {
    throw new Error(`'${name}' has ${end - start} bytes, its shape and dtype need ${needed}`);
  }
  return { dtype, shape, start, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function isTextByName(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((v) => typeof v === 'string')
  );
}
