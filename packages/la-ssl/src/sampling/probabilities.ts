/**
 * @file From learning speeds to sampling probabilities: the heart of LA-SSL.
 *
 * The speed `s_i` of example i is the similarity of two of its views; small means slowly learned. A scaling
 * function h turns speeds into weights that grow as the speed falls, and an example is drawn with probability
 * `π_i = h(s_i) / Σ_j h(s_j)`.
 *
 * Source: Zhu, Liu, Fernandez-Granda, Razavian, Algorithm 1 and Eq. 3, https://arxiv.org/abs/2311.16361
 */
import { quantile } from './quantile.js';

/** The two numbers that shape h. */
export interface ScalingOptions {
  /** Where the threshold lies: s* is the `r`-quantile of the speeds; in [0, 1], the paper's CelebA value is 0.1. */
  readonly r: number;
  /** How sharply slow examples are preferred, ≥ 0; the paper's CelebA value is 10, 0 gives uniform sampling. */
  readonly gamma: number;
}

/** A scaling function that has been fitted to the speeds of one moment. */
export interface Scaling {
  /** s*, a speed. */
  readonly threshold: number;
  /** The weight of an example with this speed: finite and ≥ 0. */
  h(speed: number): number;
}

/** Fits a scaling function to speeds; give your own to try another shape of h. */
export type ScalingFunction = (speeds: ArrayLike<number>, options: ScalingOptions) => Scaling;

/**
 * The paper's scaling function: `h(s) = max(0, s* − γ·(s − s*))`, where s* is the r-quantile of the speeds.
 *
 * It is homogeneous: speeds in another unit give the same probabilities. Everything from `s*·(1 + 1/γ)` upward
 * gets weight 0: with γ = 10, whatever is more than 10 % faster than the threshold is not drawn at all.
 *
 * @param speeds - speeds of all examples, > 0
 * @param options - r in [0, 1]; gamma ≥ 0
 * @throws RangeError where `r` or `gamma` is out of range or there are no speeds
 */
export const linearScaling: ScalingFunction = (speeds, { r, gamma }) => {
  if (!(gamma >= 0 && Number.isFinite(gamma))) {
    throw new RangeError(`gamma must be a finite number ≥ 0, got ${gamma}.`);
  }
  const threshold = quantile(speeds, r);
  return { threshold, h: (speed) => Math.max(0, threshold - gamma * (speed - threshold)) };
};

/** What else can be said about how speeds become probabilities; all of it at rest gives the paper's rule. */
export interface SamplingOptions extends ScalingOptions {
  /** Which h, default `linearScaling`. */
  readonly scaling?: ScalingFunction;
  /**
   * Share of the draws that ignore the speeds, in [0, 1]: `π ← (1 − u)·π + u/N`. Default 0, the paper. A little of
   * it keeps every example within reach, so that speeds scored from the training step itself stay fresh.
   */
  readonly uniformShare?: number;
  /** Per example, whether its speed is known (true, or not 0); default: all are. Unknown speeds are not read. */
  readonly seen?: ArrayLike<boolean | number>;
}

/** Probabilities and how they came about. */
export interface SamplingDistribution {
  /** π, N numbers ≥ 0 that sum to 1. */
  readonly probabilities: Float64Array;
  /** s*, the r-quantile of the known speeds; null where no speed is known. */
  readonly threshold: number | null;
  /**
   * Why the speeds could not decide and all examples got the same probability: no speed is known, or every weight
   * is 0 (which `linearScaling` never gives, since `h(min s) ≥ s* > 0`, but another h may). Null where they decided.
   */
  readonly uniformBecause: 'no-speed-known' | 'all-weights-zero' | null;
}

/**
 * Sampling probabilities from learning speeds: `π_i = h(s_i) / Σ_j h(s_j)`.
 *
 * @example samplingProbabilities([1, 2, 3, 4], { r: 0.5, gamma: 2 }) // (5.5, 3.5, 1.5, 0) / 10.5
 * @param speeds - one per example, > 0, in any unit
 * @param options - r and gamma, and see SamplingOptions
 * @returns N probabilities that sum to 1
 * @throws RangeError where a speed is NaN, infinite or not positive (naming its example), or an option is out of range
 */
export function samplingProbabilities(speeds: ArrayLike<number>, options: SamplingOptions): Float64Array {
  return samplingDistribution(speeds, options).probabilities;
}

/**
 * As samplingProbabilities, and says what the threshold was and whether the speeds could decide.
 *
 * An example whose speed is not known gets the mean weight of the known ones, and with it probability 1/N: what
 * uniform sampling would give. Nothing is known in favour of it or against it, and it stays within reach.
 */
export function samplingDistribution(
  speeds: ArrayLike<number>,
  options: SamplingOptions,
): SamplingDistribution {
  const { scaling = linearScaling, uniformShare = 0, seen } = options;
  const count = speeds.length;
  if (count === 0) throw new RangeError('Sampling probabilities need at least one speed, got none.');
  if (seen && seen.length !== count) {
    throw new RangeError(`seen has ${seen.length} entries for ${count} speeds; give one per example.`);
  }
  if (!(uniformShare >= 0 && uniformShare <= 1)) {
    throw new RangeError(`uniformShare must lie in [0, 1], got ${uniformShare}.`);
  }
  const known = knownSpeeds(speeds, seen);
  const uniform = () => new Float64Array(count).fill(1 / count);
  if (known.length === 0) {
    return { probabilities: uniform(), threshold: null, uniformBecause: 'no-speed-known' };
  }

  const { threshold, h } = scaling(known, options);
  const weights = new Float64Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (seen && !seen[i]) continue;
    const weight = h(speeds[i]!);
    if (!(weight >= 0)) throw new RangeError(`h(${speeds[i]}) of example ${i} is ${weight}; it must be ≥ 0.`);
    weights[i] = weight;
    total += weight;
  }
  if (total === 0) return { probabilities: uniform(), threshold, uniformBecause: 'all-weights-zero' };
  if (!Number.isFinite(total)) {
    throw new RangeError(
      `The weights sum to ${total}: the speeds or gamma are too large; rescale the speeds.`,
    );
  }

  const meanWeight = total / known.length;
  const sum = meanWeight * count; // unknown examples included
  for (let i = 0; i < count; i++) {
    const share = (seen && !seen[i] ? meanWeight : weights[i]!) / sum;
    weights[i] = (1 - uniformShare) * share + uniformShare / count;
  }
  return { probabilities: weights, threshold, uniformBecause: null };
}

/** The speeds that are known, each of them checked. */
function knownSpeeds(speeds: ArrayLike<number>, seen?: ArrayLike<boolean | number>): Float64Array {
  const known = new Float64Array(speeds.length);
  let count = 0;
  for (let i = 0; i < speeds.length; i++) {
    if (seen && !seen[i]) continue;
    known[count++] = checkedSpeed(i, speeds[i]!);
  }
  return known.subarray(0, count);
}

/**
 * The speed itself, where h can be applied to it.
 *
 * @throws RangeError naming the example and its value where the speed is NaN, infinite or not positive
 */
export function checkedSpeed(example: number, speed: number): number {
  if (speed > 0 && speed < Number.POSITIVE_INFINITY) return speed;
  throw new RangeError(
    `The speed of example ${example} is ${speed}; it must be finite and > 0. ` +
      'Use a positive similarity such as exp(cos/temperature), and a larger temperature where that overflows; ' +
      'NaN means that the network has diverged.',
  );
}
