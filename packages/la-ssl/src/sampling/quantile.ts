/** @file Quantiles with linear interpolation, the definition that numpy and PyTorch use by default. */

/**
 * The `r`-quantile: with the values sorted, the point at position `r·(n − 1)` counted from 0, between two
 * values on the line that joins them.
 *
 * @param values - n ≥ 1 numbers in any order, none of them NaN; not changed
 * @param r - share of the values that lie below, in [0, 1]
 * @throws RangeError where there are no values or `r` lies outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, r: number): number {
  if (values.length === 0) throw new RangeError('A quantile needs at least one value, got none.');
  if (!(r >= 0 && r <= 1)) throw new RangeError(`r, the quantile, must lie in [0, 1], got ${r}.`);
  return quantileOfSorted(new Float64Array(values).sort(), r);
}

/** The same of values that are in ascending order. */
export function quantileOfSorted(sorted: ArrayLike<number>, r: number): number {
  const position = r * (sorted.length - 1);
  const below = Math.floor(position);
  const share = position - below;
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  // From the nearer end, as numpy does: exact at both ends, and never outside them by rounding.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share);
}
