/**
 * @file Weighted draws with replacement in constant time each: Walker's alias method.
 *
 * The N weights are rearranged into N columns of equal height, each shared by at most two examples. A draw picks
 * a column and then one of its two. Building the table is O(N) in Vose's form; typed arrays only, so tens of
 * millions of examples are no matter (12 bytes each, 16 while it is built).
 *
 * Source: M. D. Vose, A linear algorithm for generating random numbers with a given distribution, IEEE TSE 1991
 */
import type { Random } from '../random.js';

/**
 * The sum of weights that can be drawn by.
 *
 * @throws RangeError where a weight is negative or not finite (naming it), or all are 0
 */
export function totalWeight(weights: ArrayLike<number>): number {
  const count = weights.length;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0)) throw new RangeError(`The weight of example ${i} is ${weight}; it must be ≥ 0.`);
    total += weight;
  }
  if (!(total > 0 && Number.isFinite(total))) {
    throw new RangeError(`The ${count} weights sum to ${total}; the sum must be finite and > 0.`);
  }
  return total;
}

export class AliasTable {
  /** Per column, the share that belongs to the example of the column's own number. */
  readonly #own: Float64Array;
  /** Per column, the example that has the rest. */
  readonly #alias: Int32Array;

  /**
   * @param weights - N ≥ 1 weights, finite and ≥ 0, not all 0
   * @throws RangeError where a weight is negative or not finite (naming it), or all are 0
   */
  constructor(weights: ArrayLike<number>) {
    const count = weights.length;
    const total = totalWeight(weights);
    const own = new Float64Array(count);
    // A column that rounding leaves without a partner is full but for that rounding: the rest is its own too.
    const alias = new Int32Array(count).map((_, i) => i);
    // One array holds both lists of columns: the less than full from the left, the overfull from the right.
    const work = new Int32Array(count);
    let small = 0;
    let large = count;
    for (let i = 0; i < count; i++) {
      own[i] = (weights[i]! / total) * count;
      if (own[i]! < 1) work[small++] = i;
      else work[--large] = i;
    }
    while (small > 0 && large < count) {
      const needy = work[--small]!;
      const donor = work[large]!;
      alias[needy] = donor;
      own[donor]! -= 1 - own[needy]!;
      if (own[donor]! < 1) {
        large++;
        work[small++] = donor;
      }
    }
    this.#own = own;
    this.#alias = alias;
  }

  /** @returns the number of one example, i with probability `weights[i] / Σ weights` */
  draw(random: Random): number {
    const position = random.uniform() * this.#own.length;
    const column = Math.floor(position);
    return position - column < this.#own[column]! ? column : this.#alias[column]!;
  }

  /** @returns `count` independent draws */
  draws(count: number, random: Random): Int32Array {
    const draws = new Int32Array(count);
    for (let k = 0; k < count; k++) draws[k] = this.draw(random);
    return draws;
  }
}
