/** @file What a representation is worth: probes of it, accuracies by group with intervals, comparisons. */
export { type Balancing, balancedSubset } from './balanced-subset.js';
export {
  type AccuracyBootstrapOptions,
  type BootstrapOptions,
  bootstrapAccuracy,
  bootstrapDifference,
  defaultResamples,
  type Headline,
} from './bootstrap.js';
export {
  bootstrapMetricDifferences,
  bootstrapMetrics,
  defaultMetricResamples,
  type MetricEstimates,
} from './bootstrap-metrics.js';
export { bootstrapPValue } from './bootstrap-p-value.js';
export { CALIBRATION_BINS, type Calibration, calibrationOf } from './calibration.js';
export { clusterMetrics } from './cluster-metrics.js';
export { type ClusterCodes, clusterStrata } from './clusters.js';
export { compareProbes, type ProbeComparison, type ProbePair } from './compare-probes.js';
export { type ClassFigures, classFigures, macroMean } from './confusion.js';
export {
  type AttributeFigures,
  type DetailedMetrics,
  detailedMetrics,
  type OneAgainstRest,
  type ValueFigures,
} from './detailed-metrics.js';
export { DFR_DEFAULTS, type DfrFit, type DfrOptions, fitDfr } from './dfr.js';
export { normalCdf, normalQuantile, studentCdf, studentQuantile, studentTwoSided } from './distributions.js';
export {
  type ExtractOptions,
  extractFeatures,
  type FeatureBatch,
  featureBatches,
  NonFiniteFeatures,
} from './features.js';
export { shareOfMeans } from './fieller.js';
export { FINE_TUNE_DEFAULTS, type FineTuneOptions, fineTune } from './fine-tune.js';
export { type FineTuneResult, type FineTuneSettings, fineTuneRun, savedFineTune } from './fine-tune-run.js';
export { type FistaOptions, type FistaResult, fista } from './fista.js';
export { defaultL2Grid, type FittedProbe, probeLogits } from './fit-probe.js';
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
export { holm } from './holm.js';
export {
  defaultConfidence,
  type Estimate,
  pairedTInterval,
  tInterval,
  wilsonInterval,
  worstGroupInterval,
} from './intervals.js';
export { KNN_DEFAULTS, type KnnBank, type KnnOptions, knnAccuracy, knnProbabilities } from './knn.js';
export type { LabelledFeatures } from './labelled-features.js';
export { type LbfgsOptions, type LbfgsResult, lbfgs, type Objective } from './lbfgs.js';
export { type LinearClassifier, logitsOf, mostLikely, softmax } from './linear-classifier.js';
export {
  type LinearProbeOptions,
  type LinearProbeResult,
  linearProbe,
  type Probe,
} from './linear-probe.js';
export {
  type FitOptions,
  fitLogisticRegression,
  type LogisticRegression,
  LogisticRegressionProblem,
  type SparseFitOptions,
  type SparseLogisticRegression,
} from './logistic-regression.js';
export {
  LOWER_IS_BETTER,
  METRIC_NAMES,
  METRICS,
  MetricEvaluator,
  type MetricName,
} from './metric-evaluator.js';
export { metricsOverSeeds, type ProbeMetrics, probeMetrics } from './metrics.js';
export type { RunProbes, SavedProbe } from './probe-file.js';
export {
  type FurtherProbe,
  labelledOnly,
  PROBE_KINDS,
  type ProbeKind,
} from './probe-kinds.js';
export { type ProbeOutcome, type ProbeSet, probeOutcome } from './probe-outcome.js';
export {
  DEFAULT_PROBES,
  JUDGED_ON,
  type JudgedOn,
  type ProbeRunData,
  type ProbeRunOptions,
  probeRun,
} from './probe-run.js';
export { type Multiplicities, Ranking } from './ranking.js';
export type { ScoredAttribute, ScoredSet } from './scored-set.js';
export { testScores } from './test-scores.js';
export { unbiasedAccuracy } from './unbiased-accuracy.js';
