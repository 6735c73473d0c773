/**
 * @file Corrupts many images on all cores, each from a generator of its own, so that the result depends
 * neither on the number of threads nor on their order.
 */

import type { Pixels } from '../dataset.js';
import { runOnThreads } from '../thread-pool.js';
import type { CorruptionName, Picture } from './index.js';

export interface CorruptionTask {
  /** Pixels `[N, 3, H, W]`. */
  images: Pixels;
  shape: { count: number; height: number; width: number };
  /** `names[codes[i]]` is done to image i. */
  names: readonly CorruptionName[];
  codes: Int32Array;
  /** 1 to 5. */
  severity: number;
  /** Image i draws from the generator with the key (seed, stream, indices[i]). */
  key: [seed: number, stream: number];
  indices: Int32Array;
  frost?: readonly Picture[] | undefined;
}

/** What a thread is given; the pixels are in memory that all of them share. */
export interface CorruptionJob extends CorruptionTask {
  images: Uint8Array;
  corrupted: Uint8Array;
}

/** The images from the first of these numbers to before the second. */
export type Range = [first: number, end: number];

const AT_A_TIME = 50;

/**
 * Corrupts every image.
 * @param threads - how many worker threads; one a processor by default
 * @param onImages - told how many images are done
 * @returns pixels `[N, 3, H, W]`, in shared memory
 */
export async function corruptAll(
  task: CorruptionTask,
  threads?: number,
  onImages: (done: number) => void = () => {},
): Promise<Uint8Array> {
  const job: CorruptionJob = {
    ...task,
    images: new Uint8Array(new SharedArrayBuffer(task.images.length)),
    corrupted: new Uint8Array(new SharedArrayBuffer(task.images.length)),
  };
  job.images.set(task.images.subarray());
  let done = 0;
  await runOnThreads<Range, number>({
    module: new URL('./corruption-worker.js', import.meta.url),
    workerData: job,
    tasks: rangesOf(task.codes.length),
    threads,
    onResult: (count) => {
      done += count;
      onImages(done);
    },
  });
  return job.corrupted;
}

function* rangesOf(count: number): Generator<Range> {
  for (let first = 0; first < count; first += AT_A_TIME) yield [first, Math.min(first + AT_A_TIME, count)];
}
