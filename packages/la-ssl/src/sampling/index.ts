/**
 * @file Learning-speed aware sampling, usable alone: plain numbers in, example indices out.
 *
 * speeds (monitor) → probabilities (scaling) → draws (samplers); diagnostics say what the draws will be like.
 */

export { Random } from '../random.js';
export { AliasTable } from './alias.js';
export { ascending } from './ascending.js';
export { type BatchesByValueInput, batchesByValue } from './batches.js';
export {
  conflictingIsSlower,
  effectiveSampleSize,
  type GroupCodes,
  type SamplingDiagnostics,
  type SamplingDiagnosticsInput,
  samplingDiagnostics,
  shareByGroup,
} from './diagnostics.js';
export {
  FAILURE_THRESHOLDS,
  type FailureSign,
  type FoundSign,
  failureSigns,
  type WatchedDiagnostics,
  type WatchedSettings,
} from './failure-signs.js';
export { type GroupDiagnostics, SPEED_QUANTILES } from './group-diagnostics.js';
export {
  LearningSpeedSampler,
  type LearningSpeedSamplerOptions,
  type LearningSpeedSamplerState,
  learningSpeedDefaults,
  type SamplingUpdate,
} from './learning-speed-sampler.js';
export { LearningSpeedMonitor, type MonitorOptions, type MonitorState } from './monitor.js';
export {
  conflictingShareProbabilities,
  groupBalancedProbabilities,
  OracleSampler,
  type OracleSamplerOptions,
} from './oracle-sampler.js';
export {
  type SamplingDistribution,
  type SamplingOptions,
  samplingDistribution,
  samplingProbabilities,
} from './probabilities.js';
export { quantile } from './quantile.js';
export { auroc, lowestPrecision, rankCorrelation } from './ranks.js';
export { permutation, type Sampler, UniformSampler, type UniformSamplerOptions } from './sampler.js';
export {
  type Knob,
  linearScaling,
  SCALINGS,
  type Scaling,
  type ScalingFunction,
  type ScalingName,
  type ScalingOptions,
  type ScalingShape,
} from './scaling/index.js';
export type { ChosenKnob } from './target.js';
