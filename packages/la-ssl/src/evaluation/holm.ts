/**
 * @file Holm's correction: p-values of several comparisons, such that the chance of any false claim stays below α.
 *
 * It asks nothing of how the comparisons depend on each other, and is never less powerful than Bonferroni's.
 */

/**
 * `p̃_(i) = max_{j ≤ i} min(1, (m − j + 1) · p_(j))`, p in rising order.
 * @param pValues - m of them, each in [0, 1]
 * @returns adjusted p-values, in the order given
 * @throws RangeError where one is not in [0, 1]
 * Source: Holm 1979, "A simple sequentially rejective multiple test procedure", https://www.jstor.org/stable/4615733
 */
export function holm(pValues: readonly number[]): number[] {
  const wrong = pValues.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`A p-value must be from 0 to 1, got ${wrong}.`);
  const adjusted = new Array<number>(pValues.length);
  let highest = 0;
  const rising = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!);
  for (const [place, index] of rising.entries()) {
    highest = Math.max(highest, Math.min(1, (pValues.length - place) * pValues[index]!));
    adjusted[index] = highest;
  }
  return adjusted;
}
