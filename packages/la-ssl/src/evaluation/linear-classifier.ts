/** @file A linear classifier of features, and what it says of examples. */
import { fromData, scope } from '@la-ssl/torch';
import { type FeatureScale, standardised } from './standardise.js';

export interface LinearClassifier extends FeatureScale {
  /** F */
  featureCount: number;
  /** K */
  classes: number;
  /** `W`, `[F, K]`, for standardised features. */
  weights: Float64Array;
  /** `b`, `[K]`; −Infinity for a class without an example. */
  bias: Float64Array;
}

const CHUNK = 4096; // examples: keeps the float64 copy small

/**
 * The logits `x̃ W + b` of a fit.
 * @param features - `[N, F]`
 * @returns `[N, K]`
 * @throws Error where the number of features is not the fit's, or one is not finite
 */
export function logitsOf(fit: LinearClassifier, features: Float32Array): Float64Array {
  const { featureCount, classes } = fit;
  if (features.length % featureCount !== 0) {
    throw new Error(
      `${features.length} feature values do not make rows of ${featureCount}, the fit's features`,
    );
  }
  const logits = new Float64Array((features.length / featureCount) * classes);
  for (let row = 0; row * featureCount < features.length; row += CHUNK) {
    const part = features.subarray(row * featureCount, (row + CHUNK) * featureCount);
    const rows = part.length / featureCount;
    const product = scope(() => {
      // Without the column of ones, which would have to meet the −Infinity of a class never seen.
      const x = fromData(standardised(part, fit), [rows, featureCount + 1]).narrow(1, 0, featureCount);
      return fromData(fit.bias)
        .addmm(x, fromData(fit.weights, [featureCount, classes]))
        .toFloat64Array();
    });
    const bad = product.findIndex(Number.isNaN);
    if (bad >= 0) {
      throw new Error(`The features of example ${row + Math.floor(bad / classes)} are not finite numbers`);
    }
    logits.set(product, row * classes);
  }
  return logits;
}

/** The class of the largest logit of each example. `logits` `[N, K]`. @returns `[N]` */
export function mostLikely(logits: Float64Array, classes: number): Int32Array {
  const best = new Int32Array(logits.length / classes);
  for (let i = 0; i < best.length; i++) {
    for (let k = 1; k < classes; k++) {
      if (logits[i * classes + k]! > logits[i * classes + best[i]!]!) best[i] = k;
    }
  }
  return best;
}

/**
 * `exp(logit) / Σ exp(logit)` of each example.
 * @param logits - `[N, K]`, −Infinity for a class that cannot be
 * @returns `[N, K]`
 */
export function softmax(logits: Float64Array, classes: number): Float64Array {
  const probabilities = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const own = logits.subarray(at, at + classes);
    const most = own.reduce((a, b) => Math.max(a, b));
    const exponentials = own.map((logit) => Math.exp(logit - most));
    const sum = exponentials.reduce((a, b) => a + b);
    probabilities.set(
      exponentials.map((value) => value / sum),
      at,
    );
  }
  return probabilities;
}
