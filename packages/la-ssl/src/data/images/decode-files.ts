/**
 * @file Many image files to pixels of one size, on all processors.
 *
 * JPEG files are decoded and all are resized in worker threads, one a processor; what libvips decodes, in the threads of
 * libuv (four; UV_THREADPOOL_SIZE sets another number).
 */
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { errorCode } from '../cache.js';
import type { Pixels } from '../dataset.js';
import { runOnThreads } from '../thread-pool.js';
import { decodeImage, type PictureOptions } from './decode.js';
import { resizeAndCrop } from './resize.js';

export interface DecodeOptions extends PictureOptions {
  /** S: the images become squares of this side, in pixels. */
  side: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** A file that could not be decoded. */
export interface Undecoded {
  index: number;
  reason: string;
}

export interface DecodedFiles {
  /** `[N, C, S, S]`, of the files that could be decoded, in the order given. */
  images: Pixels;
  /** Which files they are, `[N]`. */
  indices: Int32Array;
  /** Shorter sides of the images as they were, `[N]`, in pixels. */
  sides: Int32Array;
  /** The others. */
  bad: Undecoded[];
}

/** Where pixels go, image i to byte i · C · S²: memory that threads share, or an open file. */
export type Target = Uint8Array | number;

/** What a thread is given. */
export interface DecodeJob {
  side: number;
  picture: PictureOptions;
  target: Target;
}

export interface DecodeTask {
  first: number;
  files: readonly string[];
}

export interface DecodeResult {
  first: number;
  /** Of each file of the task; 0 where it is bad. */
  sides: number[];
  bad: Undecoded[];
}

/** So many files are a task. */
const AT_A_TIME = 8;

/** So many files are decoded sooner than threads have started. */
const FEW = 32;

/**
 * Decodes files into memory, on all processors.
 * @throws where there is not the memory for all, before the first is read
 * @throws what `signal` was aborted with
 */
export async function decodeFiles(files: readonly string[], options: DecodeOptions): Promise<DecodedFiles> {
  const { side } = options;
  const size = imageBytes(options);
  const pixels = allocate(files.length, side, size);
  const { sides, bad } = await decodeInto(pixels, files, options);
  const indices = goodOf(files.length, bad);
  indices.forEach((i, n) => {
    if (i !== n) pixels.copyWithin(n * size, i * size, (i + 1) * size);
  });
  return {
    images: pixels.subarray(0, indices.length * size),
    indices,
    sides: indices.map((i) => sides[i]!),
    bad,
  };
}

/** Of one image, decoded: C · S². */
export function imageBytes({ side, channels = 3 }: DecodeOptions): number {
  return channels * side ** 2;
}

/** The indices that are not bad. */
export function goodOf(count: number, bad: readonly Undecoded[]): Int32Array {
  const wrong = new Set(bad.map(({ index }) => index));
  return Int32Array.from({ length: count }, (_, i) => i).filter((i) => !wrong.has(i));
}

/**
 * Decodes files, each to its place in `target`.
 * @returns shorter sides of the images as they were, `[files]`, and the files that are bad, in order
 * @throws where `target` cannot be written
 */
export async function decodeInto(
  target: Target,
  files: readonly string[],
  { side, channels, window, signal, onProgress }: DecodeOptions,
): Promise<{ sides: Int32Array; bad: Undecoded[] }> {
  signal?.throwIfAborted();
  const sides = new Int32Array(files.length);
  const bad: Undecoded[] = [];
  const job: DecodeJob = { side, picture: { channels, window }, target };
  let done = 0;
  const onResult = (result: DecodeResult): void => {
    sides.set(result.sides, result.first);
    bad.push(...result.bad);
    done += result.sides.length;
    onProgress?.(done, files.length);
  };
  if (files.length <= FEW) {
    for (const task of tasksOf(files)) {
      onResult(await decodeSome(task, job));
      signal?.throwIfAborted();
    }
  } else {
    const module = new URL('./decode-worker.js', import.meta.url);
    await runOnThreads({ module, workerData: job, tasks: tasksOf(files), onResult, signal });
  }
  return { sides, bad: bad.sort((a, b) => a.index - b.index) };
}

function* tasksOf(files: readonly string[]): Generator<DecodeTask> {
  for (let first = 0; first < files.length; first += AT_A_TIME) {
    yield { first, files: files.slice(first, first + AT_A_TIME) };
  }
}

/** What a thread does of it. */
export async function decodeSome(
  { first, files }: DecodeTask,
  { side, picture: options, target }: DecodeJob,
): Promise<DecodeResult> {
  const result: DecodeResult = { first, sides: [], bad: [] };
  for (const [k, file] of files.entries()) {
    const index = first + k;
    try {
      using image = await decodeImage(await readFile(file), options);
      write(target, index, resizeAndCrop(image, side));
      const [height = 0, width = 0] = image.shape;
      result.sides.push(Math.min(height, width));
    } catch (error) {
      if (error instanceof TargetError) throw error.cause;
      const code = errorCode(error);
      result.sides.push(0);
      result.bad.push({ index, reason: code ? `cannot be read (${code})` : (error as Error).message });
    }
  }
  return result;
}

/** The target, not the file, is what fails. */
class TargetError extends Error {}

function write(target: Target, index: number, pixels: Uint8Array): void {
  const start = index * pixels.length;
  if (typeof target !== 'number') {
    target.set(pixels, start);
    return;
  }
  try {
    for (let at = 0; at < pixels.length; ) {
      at += writeSync(target, pixels, at, pixels.length - at, start + at);
    }
  } catch (cause) {
    throw new TargetError('the pixels could not be written', { cause });
  }
}

/** @throws Error that says how much memory the images take and what there is */
function allocate(count: number, side: number, size: number): Uint8Array {
  const bytes = count * size;
  const free = freeMemory();
  const tooMuch = (there: string): Error =>
    new Error(
      `${count} images of ${side} × ${side} pixels take ${sizeText(bytes)} of memory, ${there}. ` +
        'Make them smaller (--image-size), take fewer (--examples), or have them on the disk (--cache-images on).',
    );
  if (bytes > free) throw tooMuch(`and ${sizeText(free)} are free`);
  try {
    return new Uint8Array(new SharedArrayBuffer(bytes));
  } catch {
    throw tooMuch('more than one array of Node.js can have');
  }
}

/** In bytes; a container's limit is known from Node 20.13 on. */
export function freeMemory(): number {
  return process.availableMemory?.() ?? freemem();
}

/** In MB or GB. */
export function sizeText(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
