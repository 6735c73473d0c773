/** @file Whether files are those that they were: a hash of their paths, sizes and times, for a million in seconds. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { errorCode } from '../cache.js';
import { runOnThreads } from '../thread-pool.js';

/** So many files are a task. */
const AT_A_TIME = 5_000;

export interface StatesTask {
  place: number;
  files: readonly string[];
}

export interface StatesResult {
  place: number;
  hash: string;
}

/**
 * Contents are not read: that one changed shows in its times. Every file is asked for them, as no folder tells of a file
 * that was written over.
 * @returns a hash that changes with any path, size, time of change, or order
 * @throws what `signal` was aborted with
 */
export async function hashOfStates(files: readonly string[], signal?: AbortSignal): Promise<string> {
  const hashes: string[] = [];
  const onResult = ({ place, hash }: StatesResult): void => {
    hashes[place] = hash;
  };
  if (files.length <= AT_A_TIME) onResult(statesOf({ place: 0, files }));
  else {
    const module = new URL('./file-states-worker.js', import.meta.url);
    await runOnThreads({ module, workerData: undefined, tasks: tasksOf(files), onResult, signal });
  }
  return createHash('sha256').update(hashes.join()).digest('hex');
}

function* tasksOf(files: readonly string[]): Generator<StatesTask> {
  for (let place = 0; place * AT_A_TIME < files.length; place++) {
    yield { place, files: files.slice(place * AT_A_TIME, (place + 1) * AT_A_TIME) };
  }
}

/** What a thread does of it. */
export function statesOf({ place, files }: StatesTask): StatesResult {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0${stateOf(file)}\0`);
  return { place, hash: hash.digest('hex') };
}

function stateOf(file: string): string {
  try {
    const { size, mtimeMs, ctimeMs } = statSync(file);
    return `${size} ${mtimeMs} ${ctimeMs}`;
  } catch (error) {
    return String(errorCode(error));
  }
}
