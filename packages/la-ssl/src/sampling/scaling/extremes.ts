/** @file What shapes measure speeds in. */

/** @param values - n ≥ 1 numbers */
export function extremes(values: ArrayLike<number>): { least: number; mean: number } {
  let least = Number.POSITIVE_INFINITY;
  let mean = 0; // of those so far: a sum could overflow
  for (let i = 0; i < values.length; i++) {
    least = Math.min(least, values[i]!);
    mean += (values[i]! - mean) / (i + 1);
  }
  return { least, mean };
}
