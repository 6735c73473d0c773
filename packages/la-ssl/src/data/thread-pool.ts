/** @file Tasks for worker threads: each thread takes the next one when it is done with another. */
import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';

export interface ThreadedWork<Task, Result> {
  /** Which module the threads run; it calls `answer`. */
  module: URL;
  /** What every thread is given at its start; large arrays are best in memory that all share. */
  workerData: unknown;
  tasks: Iterable<Task>;
  /** One a processor by default. */
  threads?: number | undefined;
  /** Told of each task that is done, in any order. */
  onResult: (result: Result) => void;
  signal?: AbortSignal | undefined;
}

/** So many tasks are with a thread at once, so that it does not wait for the next one, nor for the disk. */
const AT_A_TIME = 2;

/**
 * Runs tasks on threads until none are left.
 * @throws what a task threw
 * @throws what `signal` was aborted with, after the tasks that were begun
 */
export async function runOnThreads<Task, Result>(work: ThreadedWork<Task, Result>): Promise<void> {
  const { module, workerData, threads = availableParallelism(), onResult, signal } = work;
  const tasks = work.tasks[Symbol.iterator]();
  const workers: Worker[] = [];
  const runThread = (resolve: () => void, reject: (error: unknown) => void): void => {
    // Without the flags of this process: one such as --input-type, of `node -e`, would stop a thread.
    const worker = new Worker(module, { workerData, execArgv: [] });
    workers.push(worker);
    let begun = 0;
    const feed = (): void => {
      const next = signal?.aborted ? undefined : tasks.next();
      if (next && !next.done) {
        begun++;
        worker.postMessage(next.value);
      } else if (begun === 0) resolve();
    };
    worker.on('message', (result: Result) => {
      begun--;
      try {
        onResult(result);
        feed();
      } catch (error) {
        reject(error);
      }
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a thread stopped with code ${code}`)));
    for (let i = 0; i < AT_A_TIME; i++) feed();
  };
  try {
    await Promise.all(Array.from({ length: threads }, () => new Promise<void>(runThread)));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  signal?.throwIfAborted();
}

/** In a thread: does every task that comes. */
export function answer<Task, Result>(work: (task: Task) => Result | Promise<Result>): void {
  const port = parentPort!;
  port.on('message', async (task: Task) => port.postMessage(await work(task)));
}
