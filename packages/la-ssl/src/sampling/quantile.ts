/** @file Quantiles with linear interpolation, the definition that numpy and PyTorch use by default. */
import { Random } from '../random.js';

/**
 * The `r`-quantile: with the values sorted, the point at position `r·(n − 1)` counted from 0, between two
 * values on the line that joins them. Linear in n, and beside the values it keeps a few of them.
 *
 * @param values - n ≥ 1 numbers in any order, none of them NaN; not changed
 * @param r - share of the values that lie below, in [0, 1]
 * @throws RangeError where there are no values or `r` lies outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, r: number): number {
  if (values.length === 0) throw new RangeError('A quantile needs at least one value, got none.');
  if (!(r >= 0 && r <= 1)) throw new RangeError(`r, the quantile, must lie in [0, 1], got ${r}.`);
  const position = r * (values.length - 1);
  const [low, high] = neighbours(asFloat64(values), Math.floor(position));
  return between(low, high, position - Math.floor(position));
}

/** `quantile` of values that are in ascending order. */
export function quantileOfSorted(sorted: ArrayLike<number>, r: number): number {
  const position = r * (sorted.length - 1);
  const below = Math.floor(position);
  return between(sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!, position - below);
}

/** From the nearer end, as numpy does: exact at both ends, and never outside them by rounding. */
function between(low: number, high: number, share: number): number {
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}

/** The values themselves where they are in such an array: loops over one kind of array are fast. */
export function asFloat64(values: ArrayLike<number>): Float64Array {
  return values instanceof Float64Array ? values : new Float64Array(values);
}

/** Up to so many values are sorted. */
const FEW = 2 ** 12;
/** Half the width of the bracket, in standard deviations of a rank of the random few: hardly ever missed. */
const DEVIATIONS = 5;

/**
 * The values that would be at places `k` and `k + 1` (the last one where there is none after it) if they were sorted.
 * Two of a random n^⅔ bracket them, and only what lies between those two is looked at further.
 *
 * Source: R. W. Floyd, R. L. Rivest, Expected time bounds for selection, CACM 1975
 */
function neighbours(values: Float64Array, k: number): [number, number] {
  const count = values.length;
  const next = Math.min(k + 1, count - 1);
  if (count > FEW) {
    const [low, high] = bracket(values, k);
    const inside = whatLiesBetween(values, low, high);
    if (inside && inside.first <= k && next < inside.first + inside.values.length) {
      return neighbours(inside.values, k - inside.first);
    }
  }
  const sorted = values.slice().sort();
  return [sorted[k]!, sorted[next]!];
}

/** Two values between which those at places `k` and `k + 1` very likely are. */
function bracket(values: Float64Array, k: number): [number, number] {
  const count = values.length;
  const random = new Random(count); // any few will do, and the result is the same for all
  const few = new Float64Array(Math.ceil(count ** (2 / 3)));
  for (let j = 0; j < few.length; j++) few[j] = values[random.below(count)]!;
  few.sort();
  const share = k / (count - 1);
  const middle = share * (few.length - 1);
  const margin = 1 + DEVIATIONS * Math.sqrt(few.length * share * (1 - share));
  const from = Math.floor(middle - margin);
  const to = Math.ceil(middle + margin);
  return [few[from] ?? Number.NEGATIVE_INFINITY, few[to] ?? Number.POSITIVE_INFINITY];
}

/**
 * @returns the values from `low` to `high`, `first` the place of the least of them among all; null where they are too many to
 *   be worth it: values that occur very often
 */
function whatLiesBetween(
  values: Float64Array,
  low: number,
  high: number,
): { values: Float64Array; first: number } | null {
  const count = values.length;
  const inside = new Float64Array(Math.ceil(count / 4));
  let first = 0;
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (value > high) continue;
    if (value < low) first++;
    else inside[found++] = value; // beyond the end nothing is stored
  }
  return found > inside.length ? null : { values: inside.subarray(0, found), first };
}
