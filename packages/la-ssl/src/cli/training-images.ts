/** @file Training examples of runs, for the pages that show them. */
import { type ImageDataset, loadSplit } from '../data/index.js';
import type { RunRecord } from '../report/index.js';
import { datasetSpecOf } from '../training/index.js';
import { loadWithBar } from './load-data.js';

/**
 * Loads training examples; runs of the same data set share them.
 * @param kept - data sets that are kept for later runs, the last ones
 * @param fetch - whether what is missing is downloaded
 */
export function trainingImages({
  kept = Number.POSITIVE_INFINITY,
  fetch = true,
}: {
  kept?: number;
  fetch?: boolean;
} = {}): (run: RunRecord) => Promise<ImageDataset> {
  const loaded = new Map<string, Promise<ImageDataset>>();
  return ({ config }) => {
    const spec = datasetSpecOf(config);
    const key = JSON.stringify(spec);
    const known =
      loaded.get(key) ?? loadWithBar(spec, (options) => loadSplit(spec, 'train', { ...options, fetch }));
    loaded.delete(key);
    loaded.set(key, known);
    if (loaded.size > kept) loaded.delete(loaded.keys().next().value!);
    return known;
  };
}
