/** @file The lowest of many values, chance deciding among equal ones. */
import type { Random } from '../random.js';

const HALF = 2 ** 16;

/**
 * The places of the lowest values; which of those that equal the last of them, each choice is equally likely.
 * Linear in their number, and beside the result it takes next to no memory.
 *
 * @param values - at most 2³¹ − 1 numbers ≥ 0, none of them −0
 * @param most - so many, or all where there are fewer
 * @returns ascending
 */
export function lowest(values: Float32Array, most: number, random: Random): Int32Array {
  const count = values.length;
  // Of numbers ≥ 0 the bits rise with the number (IEEE 754).
  const bits = new Uint32Array(values.buffer, values.byteOffset, count);
  const places = new Int32Array(Math.min(most, count));
  if (places.length === 0) return places;
  const { limit, equal, wanted } = limitOf(bits, places.length);
  // Selection sampling, D. E. Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
  let [found, left, needed] = [0, equal, wanted];
  for (let i = 0; i < count && found < places.length; i++) {
    if (bits[i]! > limit) continue;
    if (bits[i] === limit) {
      const taken = random.below(left--) < needed;
      if (!taken) continue;
      needed--;
    }
    places[found++] = i;
  }
  return places;
}

/**
 * @returns `limit`, what would be the `most`-th of the bits if they were sorted, counted from 1; how many equal it, and how many of
 *   those are `wanted`
 */
function limitOf(bits: Uint32Array, most: number): { limit: number; equal: number; wanted: number } {
  const upper = new Uint32Array(HALF);
  for (let i = 0; i < bits.length; i++) upper[bits[i]! >>> 16]! += 1;
  const high = digitOf(upper, most);
  const lower = new Uint32Array(HALF);
  for (let i = 0; i < bits.length; i++) if (bits[i]! >>> 16 === high.digit) lower[bits[i]! % HALF]! += 1;
  const low = digitOf(lower, most - high.below);
  return {
    limit: high.digit * HALF + low.digit,
    equal: lower[low.digit]!,
    wanted: most - high.below - low.below,
  };
}

/** The digit of the `rank`-th, counted from 1, and how many have one below. */
function digitOf(counts: Uint32Array, rank: number): { digit: number; below: number } {
  let below = 0;
  let digit = 0;
  while (below + counts[digit]! < rank) below += counts[digit++]!;
  return { digit, below };
}
