/** @file From a bootstrap to a p-value. */

/**
 * The two-sided p-value of "the difference is 0" that inverts the percentile interval:
 * `2 · min(#{d ≤ 0} + 1, #{d ≥ 0} + 1) / (B + 1)`, at most 1.
 * Source: Davison and Hinkley 1997, Bootstrap Methods and their Application, Eq. 4.11 for the + 1
 */
export function bootstrapPValue(replicates: readonly number[]): number {
  const atMost = replicates.filter((d) => d <= 0).length;
  const atLeast = replicates.filter((d) => d >= 0).length;
  return Math.min(1, (2 * (Math.min(atMost, atLeast) + 1)) / (replicates.length + 1));
}
