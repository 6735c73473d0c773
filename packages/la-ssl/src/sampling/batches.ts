/** @file Batches of one kind: an epoch's draws in another order, so that those of one value come together. */
import type { Random } from '../random.js';
import { permutation } from './sampler.js';

export interface BatchesByValueInput {
  /** The examples of an epoch, in the order in which they were drawn. */
  readonly draws: Int32Array;
  /** The value of each example, by its index; a whole number. */
  readonly values: ArrayLike<number>;
  /** Where each batch starts in the epoch, the first at 0, rising. */
  readonly starts: readonly number[];
  readonly random: Random;
}

/**
 * The same draws, each as often as before, so that a batch holds examples of one value; a batch in which the draws of
 * one value end is filled with those of the next, which is so for at most `values − 1` of them. Both the values and the
 * batches come in random order, and the draws of a value in the order in which they were drawn.
 *
 * @returns the examples in the order of training, `[N]`
 */
export function batchesByValue({ draws, values, starts, random }: BatchesByValueInput): Int32Array {
  const byValue = new Map<number, number[]>();
  for (const example of draws) {
    const value = values[example]!;
    const those = byValue.get(value);
    if (those) those.push(example);
    else byValue.set(value, [example]);
  }
  const kinds = [...byValue.keys()].sort((a, b) => a - b);
  const together = Array.from(permutation(kinds.length, random), (i) => byValue.get(kinds[i]!)!).flat();
  const ordered = new Int32Array(draws.length);
  let taken = 0;
  for (const batch of permutation(starts.length, random)) {
    const end = starts[batch + 1] ?? draws.length;
    for (let place = starts[batch]!; place < end; place++) ordered[place] = together[taken++]!;
  }
  return ordered;
}
