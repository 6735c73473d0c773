/**
 * @file Corrupts many images on all cores, each from a generator of its own, so that the result depends
 * neither on the number of threads nor on their order.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { CorruptionName, Picture } from './corruptions/index.js';

export interface CorruptionTask {
  /** Pixels `[N, 3, H, W]`. */
  images: Uint8Array;
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

/** What a thread is given; the pixels and the counter `next` are in memory that all of them share. */
export interface CorruptionJob extends CorruptionTask {
  corrupted: Uint8Array;
  next: Int32Array;
}

/**
 * Corrupts every image.
 * @param threads - how many worker threads
 * @param onImages - told how many images are done
 * @returns pixels `[N, 3, H, W]`, in shared memory
 */
export async function corruptAll(
  task: CorruptionTask,
  threads = availableParallelism(),
  onImages: (done: number) => void = () => {},
): Promise<Uint8Array> {
  const job: CorruptionJob = {
    ...task,
    images: new Uint8Array(new SharedArrayBuffer(task.images.length)),
    corrupted: new Uint8Array(new SharedArrayBuffer(task.images.length)),
    next: new Int32Array(new SharedArrayBuffer(4)),
  };
  job.images.set(task.images);
  let done = 0;
  const workers = Array.from({ length: threads }, () => {
    // Without the flags of this process: one such as --input-type, of `node -e`, would stop a thread.
    const options = { workerData: job, execArgv: [] };
    const worker = new Worker(new URL('./corruption-worker.js', import.meta.url), options);
    worker.on('message', (count: number) => {
      done += count;
      onImages(done);
    });
    return worker;
  });
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            worker.once('error', reject);
            worker.once('exit', (code) => {
              if (code === 0) resolve();
              else reject(new Error(`a thread that corrupts images stopped with code ${code}`));
            });
          }),
      ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return job.corrupted;
}
