/**
 * @file Sampling by the true group, which LA-SSL does without: the bound that it is measured against.
 *
 * Where even this does not help, no sampler can, and where it does, the distance from it says how good a proxy the
 * learning speed is.
 */
import { totalWeight } from './alias.js';
import { asFloat64 } from './quantile.js';
import { checkWholeNumber, type Sampler, UniformSampler, WeightedDraws } from './sampler.js';

export interface OracleSamplerOptions {
  /** π, from conflictingShareProbabilities or groupBalancedProbabilities (or any other N weights ≥ 0). */
  readonly probabilities: ArrayLike<number>;
  /** Whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** Uniform epochs at the start, ≥ 0, drawn as a UniformSampler of this seed draws. Default 0. */
  readonly warmupEpochs?: number;
}

/** Draws with replacement from probabilities that never change, after a uniform warm-up. */
export class OracleSampler implements Sampler {
  readonly #probabilities: Float64Array;
  readonly #draws: WeightedDraws;
  readonly #uniform: UniformSampler;
  readonly #seed: number;
  readonly #warmupEpochs: number;

  /** @throws RangeError where a probability is negative or not finite, or an option is out of range */
  constructor({ probabilities, seed, warmupEpochs = 0 }: OracleSamplerOptions) {
    checkWholeNumber('warmupEpochs', warmupEpochs, 0);
    this.#uniform = new UniformSampler({ count: probabilities.length, seed });
    const weights = asFloat64(probabilities).slice();
    const total = totalWeight(weights);
    this.#draws = new WeightedDraws(weights);
    this.#probabilities = weights.map((weight) => weight / total);
    this.#seed = seed;
    this.#warmupEpochs = warmupEpochs;
  }

  drawsFor(epoch: number): Int32Array {
    if (epoch < this.#warmupEpochs) return this.#uniform.drawsFor(epoch);
    return this.#draws.drawsFor(this.#seed, epoch);
  }

  probabilitiesFor(epoch: number): Float64Array {
    return epoch < this.#warmupEpochs ? this.#uniform.probabilitiesFor(epoch) : this.#probabilities;
  }
}

/**
 * Probabilities with which a given share of the draws is conflicting: `π_i = share / n_conflicting` for those,
 * `(1 − share) / n_aligned` for the others.
 *
 * @param conflicting - per example, whether it goes against the correlation (true, or not 0)
 * @param share - of the draws, in [0, 1]
 * @throws RangeError where `share` is out of range or asks for draws of a kind that has no examples
 */
export function conflictingShareProbabilities(
  conflicting: ArrayLike<boolean | number>,
  share: number,
): Float64Array {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`share, the conflicting share of the draws, must lie in [0, 1], got ${share}.`);
  }
  let conflictingCount = 0;
  for (let i = 0; i < conflicting.length; i++) if (conflicting[i]) conflictingCount++;
  const alignedCount = conflicting.length - conflictingCount;
  if ((share > 0 && conflictingCount === 0) || (share < 1 && alignedCount === 0)) {
    throw new RangeError(
      `A conflicting share of ${share} cannot be drawn from ${conflictingCount} conflicting and ${alignedCount} ` +
        'aligned examples.',
    );
  }
  return Float64Array.from(conflicting, (isConflicting) =>
    isConflicting ? share / conflictingCount : (1 - share) / alignedCount,
  );
}

/**
 * Probabilities with which every group is drawn equally often: `π_i = 1 / (G · n_g)` for the n_g members of each of
 * the G groups that occur.
 *
 * @param groups - the group of each example, by any number or name
 */
export function groupBalancedProbabilities(groups: ArrayLike<number | string>): Float64Array {
  const sizes = new Map<number | string, number>();
  for (let i = 0; i < groups.length; i++) sizes.set(groups[i]!, (sizes.get(groups[i]!) ?? 0) + 1);
  return Float64Array.from(groups, (group) => 1 / (sizes.size * sizes.get(group)!));
}
