/**
 * @file What a training loop asks of a sampler, and the uniform one.
 *
 * The draws of an epoch depend on the seed, the epoch and the probabilities in force, and on nothing that was drawn
 * before, so a resumed run gets the draws of the run that was not interrupted.
 */

import { Random } from '../random.js';
import { AliasTable } from './alias.js';
import { manyDraws } from './many-draws.js';
import { Scatter } from './scatter.js';

export interface Sampler {
  /**
   * @param epoch - counted from 0
   * @returns the N examples of this epoch, in the order of training
   */
  drawsFor(epoch: number): Int32Array;
  /**
   * @param epoch - counted from 0
   * @returns π, the N probabilities with which this epoch is drawn; read only
   */
  probabilitiesFor(epoch: number): Float64Array;
}

export interface UniformSamplerOptions {
  /** N, the number of examples. */
  readonly count: number;
  /** Whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** Draw each time from all examples. Default false: every example once an epoch, as PyTorch shuffles. */
  readonly withReplacement?: boolean;
}

/** Ignores the speeds: every epoch a fresh order of all examples. The baseline. */
export class UniformSampler implements Sampler {
  readonly #count: number;
  readonly #seed: number;
  readonly #withReplacement: boolean;
  /** Once they were asked for. */
  #probabilities: Float64Array | undefined;

  /** @throws RangeError where `count` or `seed` is not a whole number in range */
  constructor({ count, seed, withReplacement = false }: UniformSamplerOptions) {
    checkWholeNumber('count, the number of examples,', count, 1);
    checkWholeNumber('seed', seed, 0);
    this.#count = count;
    this.#seed = seed;
    this.#withReplacement = withReplacement;
  }

  drawsFor(epoch: number): Int32Array {
    const count = this.#count;
    const random = drawsRandom(this.#seed, epoch);
    if (count >= MANY && !this.#withReplacement) return largePermutation(count, this.#seed, epoch);
    if (this.#withReplacement) return new Int32Array(count).map(() => random.below(count));
    return permutation(count, random);
  }

  probabilitiesFor(_epoch: number): Float64Array {
    this.#probabilities ??= new Float64Array(this.#count).fill(1 / this.#count);
    return this.#probabilities;
  }
}

/** From so many examples on, lookups all over memory are what takes the time. */
const MANY = 2 ** 18;

/** The whole numbers below `count` in random order, each order equally likely (Fisher and Yates). */
export function permutation(count: number, random: Random): Int32Array {
  const order = new Int32Array(count).map((_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}

/** A permutation by a seed and an epoch, for counts that the cache does not hold. */
function largePermutation(count: number, seed: number, epoch: number): Int32Array {
  const scatter = new Scatter(count, seed, epoch);
  const piece = new Int32Array(2 ** 11);
  for (let start = 0; start < count; start += piece.length) {
    for (let k = 0; k < piece.length; k++) piece[k] = start + k;
    scatter.add(piece, Math.min(piece.length, count - start));
  }
  return scatter.shuffled();
}

/** Draws with replacement from one distribution, as many as there are examples. */
export class WeightedDraws {
  readonly #weights: Float64Array;
  /** Where there are few examples: one lookup a draw. */
  readonly #table: AliasTable | undefined;

  /**
   * @param weights - N ≥ 1 weights, finite and ≥ 0, not all 0 (not checked); not copied
   */
  constructor(weights: Float64Array) {
    this.#weights = weights;
    if (weights.length < MANY) this.#table = new AliasTable(weights);
  }

  drawsFor(seed: number, epoch: number): Int32Array {
    const count = this.#weights.length;
    const random = drawsRandom(seed, epoch);
    return this.#table?.draws(count, random) ?? manyDraws(this.#weights, count, seed, epoch, DRAWS);
  }
}

/** Third word of the key: keeps the draws apart from whatever else a run makes of the same seed and epoch. */
const DRAWS = 0x64726177;

function drawsRandom(seed: number, epoch: number): Random {
  checkWholeNumber('epoch', epoch, 0);
  return new Random(seed, epoch, DRAWS);
}

/** @throws RangeError naming the option where `value` is not a whole number from `least` to 2³² − 1 */
export function checkWholeNumber(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value < 2 ** 32) return;
  throw new RangeError(`${name} must be a whole number from ${least} to ${2 ** 32 - 1}, got ${value}.`);
}
