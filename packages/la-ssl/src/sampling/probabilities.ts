/**
 * @file From learning speeds to sampling probabilities: the heart of LA-SSL.
 *
 * The speed `s_i` of example i is the similarity of two of its views; small means slowly learned. A scaling
 * function h turns speeds into weights that grow as the speed falls, and an example is drawn with probability
 * `π_i = h(s_i) / Σ_j h(s_j)`.
 *
 * Source: Zhu, Liu, Fernandez-Granda, Razavian, Algorithm 1 and Eq. 3, https://arxiv.org/abs/2311.16361
 */
import { asFloat64 } from './quantile.js';
import {
  SCALINGS,
  type Scaling,
  type ScalingFunction,
  type ScalingName,
  type ScalingOptions,
  type ScalingShape,
} from './scaling/index.js';
import { type ChosenKnob, chooseKnob, sizeOfWeights } from './target.js';

/** What else can be said about how speeds become probabilities; all of it at rest gives the paper's rule. */
export interface SamplingOptions extends ScalingOptions {
  /** Which h: one of SCALINGS by name, default the paper's, or one of your own. */
  readonly scaling?: ScalingName | ScalingFunction | undefined;
  /**
   * The effective sample size to hold, as a share of N in (0, 1]: the shape's knob (γ, the power, the temperature or the
   * share) is chosen at every update, and its option is not read. Not for an h of your own.
   */
  readonly targetEss?: number | undefined;
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
  /** s*, the speed at which h has its bend; null where it has none or no speed is known. */
  readonly threshold: number | null;
  /** What was chosen to hold `targetEss`; null where nothing was. */
  readonly chosen: ChosenKnob | null;
  /**
   * Why the speeds could not decide and all examples got the same probability: no speed is known, or every weight
   * is 0 (which no h of SCALINGS gives, as that of the slowest example is > 0, but another h may). Null where they decided.
   */
  readonly uniformBecause: 'no-speed-known' | 'all-weights-zero' | null;
}

/**
 * Sampling probabilities from learning speeds: `π_i = h(s_i) / Σ_j h(s_j)`.
 *
 * @example samplingProbabilities([1, 2, 3, 4], { r: 0.5, gamma: 2 }) // (5.5, 3.5, 1.5, 0) / 10.5
 * @param speeds - one per example, > 0, in any unit
 * @param options - those of the shape, and see SamplingOptions
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
  given: ArrayLike<number>,
  options: SamplingOptions,
): SamplingDistribution {
  const { uniformShare = 0, seen } = options;
  const speeds = asFloat64(given);
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
    return { probabilities: uniform(), threshold: null, chosen: null, uniformBecause: 'no-speed-known' };
  }

  const { scaling, chosen } = fitted(known, count, options);
  const { threshold } = scaling;
  const unknown = known.length === count ? undefined : seen; // looked at only where it matters
  const weights = new Float64Array(count);
  const total = fillWeights(weights, speeds, scaling, unknown);
  if (total === 0) return { probabilities: uniform(), threshold, chosen, uniformBecause: 'all-weights-zero' };
  if (!Number.isFinite(total)) {
    throw new RangeError(
      `The weights sum to ${total}: the speeds or gamma are too large; rescale the speeds.`,
    );
  }

  const meanWeight = total / known.length;
  if (unknown) fillUnknown(weights, unknown, meanWeight);
  toProbabilities(weights, meanWeight * count, uniformShare);
  return { probabilities: weights, threshold, chosen, uniformBecause: null };
}

/** h of the known speeds into `weights`. @returns their sum. @throws RangeError where one is not ≥ 0 */
function fillWeights(
  weights: Float64Array,
  speeds: Float64Array,
  { h }: Scaling,
  seen?: ArrayLike<boolean | number>,
): number {
  let total = 0;
  let place = 0;
  for (let i = 0; i < speeds.length; i++) {
    if (seen && !seen[i]) continue;
    const weight = h(speeds[i]!, place++);
    if (!(weight >= 0)) throw badWeight(i, speeds[i]!, weight);
    weights[i] = weight;
    total += weight;
  }
  return total;
}

const badWeight = (example: number, speed: number, weight: number): RangeError =>
  new RangeError(`h(${speed}) of example ${example} is ${weight}; it must be ≥ 0.`);

/** Gives this weight to the examples whose speed is not known. */
function fillUnknown(weights: Float64Array, seen: ArrayLike<boolean | number>, weight: number): void {
  for (let i = 0; i < weights.length; i++) if (!seen[i]) weights[i] = weight;
}

/** Weights become probabilities, `(1 − u)·w / Σ w + u / N`. @param sum - of all weights */
function toProbabilities(weights: Float64Array, sum: number, uniformShare: number): void {
  const floor = uniformShare / weights.length;
  for (let i = 0; i < weights.length; i++) weights[i] = (1 - uniformShare) * (weights[i]! / sum) + floor;
}

/** h as the options have it, for these speeds of N examples. @throws RangeError where an option is out of range */
function fitted(
  known: Float64Array,
  count: number,
  options: SamplingOptions,
): { scaling: Scaling; chosen: ChosenKnob | null } {
  const { scaling = 'linear', targetEss, uniformShare = 0 } = options;
  if (targetEss !== undefined && !(targetEss > 0 && targetEss <= 1)) {
    throw new RangeError(`targetEss, a share of the examples, must lie in (0, 1], got ${targetEss}.`);
  }
  if (typeof scaling === 'function') {
    if (targetEss !== undefined) {
      throw new RangeError(
        'targetEss takes a scaling function by name: what an h of your own turns on is not known.',
      );
    }
    return { scaling: scaling(known, options), chosen: null };
  }
  const { knob, options: defaults, range, fit }: ScalingShape = SCALINGS[scaling];
  const at = fit(known, options);
  if (targetEss === undefined) return { scaling: at(options[knob] ?? defaults[knob]!), chosen: null };
  const sizeAt = (value: number): number => sizeOfWeights(at(value), known, count, uniformShare);
  const chosen = chooseKnob(knob, range, sizeAt, targetEss);
  return { scaling: at(chosen.value), chosen };
}

/** The speeds that are known, each of them checked; those given, not a copy, where all are. */
function knownSpeeds(speeds: Float64Array, seen?: ArrayLike<boolean | number>): Float64Array {
  let count = 0;
  for (let i = 0; i < speeds.length; i++) {
    if (seen && !seen[i]) continue;
    checkedSpeed(i, speeds[i]!);
    count++;
  }
  if (count === speeds.length || !seen) return speeds;
  const known = new Float64Array(count);
  for (let i = 0, place = 0; place < count; i++) if (seen[i]) known[place++] = speeds[i]!;
  return known;
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
