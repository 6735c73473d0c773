/** @file Loads a data set for a command: with a bar, and an end by Ctrl-C. */
import type { DatasetSpec, LoadOptions } from '../data/index.js';
import { dataProgress } from './data-progress.js';
import { interruptible } from './interrupt.js';

/** @param load - `loadDataset` or `loadSplit` of this data set, with the options given */
export async function loadWithBar<T>(
  spec: DatasetSpec,
  load: (options: LoadOptions) => Promise<T>,
): Promise<T> {
  const { onProgress, stop } = dataProgress();
  const options = { fetch: true, onProgress };
  // The others end at once by the signal itself: they need no time to stop.
  const work =
    'path' in spec ? interruptible('Stopping', (signal) => load({ ...options, signal })) : load(options);
  return work.finally(stop);
}
