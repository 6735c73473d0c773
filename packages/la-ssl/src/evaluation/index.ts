/** @file What a representation is worth: accuracies by group, with intervals, and comparisons of them. */
export {
  type BootstrapOptions,
  bootstrapAccuracy,
  bootstrapDifference,
  defaultResamples,
  type Headline,
} from './bootstrap.js';
export { normalCdf, normalQuantile, studentCdf, studentQuantile, studentTwoSided } from './distributions.js';
export {
  accuracyOf,
  type EvaluationGroups,
  type Stratum,
  stratify,
  type Tallies,
  type Tally,
  tally,
  worstGroupOf,
} from './groups.js';
export {
  defaultConfidence,
  type Estimate,
  pairedTInterval,
  tInterval,
  wilsonInterval,
  worstGroupInterval,
} from './intervals.js';
export { metricsOverSeeds, type ProbeMetrics, probeMetrics } from './metrics.js';
