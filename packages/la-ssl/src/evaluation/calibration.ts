/** @file Calibration: whether the probabilities that a probe gives are as often right as they say. */
import type { Multiplicities } from './ranking.js';

/** Number of bins, as in Guo et al. */
export const CALIBRATION_BINS = 15;
/** A probability below double precision's rounding is taken for that in the logarithm, as scikit-learn does. */
const LEAST = Number.EPSILON;

export interface Calibration {
  /** Expected calibration error, in [0, 1]. */
  ece: number;
  /** In [0, 2]. */
  brier: number;
  /** Cross-entropy, nats. */
  logLoss: number;
}

/**
 * - `ece = Σ_b n_b / N · |accuracy_b − confidence_b|`, over 15 bins of equal width of the confidence, the probability of
 *   the predicted class; a bin holds its upper bound. Source: Guo et al. 2017, Eq. 5, https://arxiv.org/abs/1706.04599
 * - `brier = 1/N Σ_i Σ_k (p_ik − [y_i = k])²`: all classes, so of two classes twice the figure that is told for the
 *   positive one alone. Source: Brier 1950
 * - `logLoss = −1/N Σ_i ln p_i,y_i`
 *
 * @param probabilities - `[N, K]`, rows that add up to 1
 * @param predictions - `[N]`, the predicted class
 * @param labels - `[N]`, 0 to K − 1
 * @param times - how often each example counts
 */
export function calibrationOf(
  probabilities: ArrayLike<number>,
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  times?: Multiplicities,
): Calibration {
  const classes = probabilities.length / labels.length;
  const gaps = new Float64Array(CALIBRATION_BINS); // Σ (right − confidence) of a bin
  let [brier, logLoss, count] = [0, 0, 0];
  for (let i = 0; i < labels.length; i++) {
    const weight = times ? times[i]! : 1;
    if (weight === 0) continue;
    const label = labels[i]!;
    let squares = 0;
    for (let k = 0; k < classes; k++) {
      squares += (probabilities[i * classes + k]! - (k === label ? 1 : 0)) ** 2;
    }
    const confidence = probabilities[i * classes + predictions[i]!]!;
    const bin = Math.min(CALIBRATION_BINS, Math.max(1, Math.ceil(confidence * CALIBRATION_BINS))) - 1;
    gaps[bin]! += weight * ((predictions[i] === label ? 1 : 0) - confidence);
    brier += weight * squares;
    logLoss -= weight * Math.log(Math.max(LEAST, probabilities[i * classes + label]!));
    count += weight;
  }
  const ece = gaps.reduce((sum, gap) => sum + Math.abs(gap), 0);
  return { ece: ece / count, brier: brier / count, logLoss: logLoss / count };
}
