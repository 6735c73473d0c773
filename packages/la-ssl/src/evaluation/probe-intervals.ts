/** @file Intervals of saved probes, by the clusters that the test set is known to have now. */
import { groupsOf, type ImageDataset } from '../data/index.js';
import type { RunProbes, SavedProbe } from './probe-file.js';
import { measured } from './probe-outcome.js';

/**
 * Saved probes with the intervals of this test set: those that were made before it was said what its images are of are
 * measured again, from their predictions.
 * @param test - the examples that were predicted
 * @returns `probes` itself where nothing is to be done
 */
export function withIntervals(probes: RunProbes, test: ImageDataset): RunProbes {
  const { clusters, labels } = test;
  const known = clusters && { name: clusters.name, count: new Set(clusters.codes).size };
  const saved = probes.biased.metrics.clusters;
  if (!labels || (saved?.name === known?.name && saved?.count === known?.count)) return probes;
  const again = <T extends SavedProbe | null>(probe: T, truth = labels): T =>
    probe && { ...probe, metrics: measured(probe.predictions, truth, groupsOf(test), { clusters }) };
  return {
    ...probes,
    biased: again(probes.biased),
    balanced: again(probes.balanced),
    dfr: again(probes.dfr),
    knn: again(probes.knn),
    attribute: again(probes.attribute, test.attributes[0]?.codes),
  };
}
