/** @file Which value of an attribute goes with each label, as the training images have it. */
import { UNKNOWN } from '../dataset.js';

/**
 * For each label y the value a that it makes most frequent: greatest lift `P(a | y) / P(a)`, the first of several.
 * In Waterbirds land goes with landbirds and water with waterbirds, in CelebA not male with blond and male with the rest.
 *
 * The lift is that of Brin et al. 1997, "Dynamic itemset counting" (there called interest). Where label and attribute
 * look independent, nothing goes with anything: Pearson's `χ² = Σ (n_ya − e_ya)² / e_ya` with its d = (K − 1)(A − 1)
 * degrees of freedom is not more than `d + 3 √(2d)`, its mean and three standard deviations.
 * @param labels - `[N]`, 0 to K − 1, or `UNKNOWN`
 * @param codes - `[N]`, 0 to A − 1, or `UNKNOWN`
 * @returns a code for each label, `[K]`, `UNKNOWN` for one that no example has; undefined where both look independent
 */
export function alignedWith(
  labels: Int32Array,
  classes: number,
  codes: Int32Array,
  values: number,
): Int32Array | undefined {
  const counts = new Float64Array(classes * values);
  const ofLabel = new Float64Array(classes);
  const ofCode = new Float64Array(values);
  let total = 0;
  labels.forEach((label, i) => {
    const code = codes[i]!;
    if (label === UNKNOWN || code === UNKNOWN) return;
    counts[label * values + code]!++;
    ofLabel[label]!++;
    ofCode[code]!++;
    total++;
  });
  const there = (sums: Float64Array): number[] => [...sums.keys()].filter((i) => sums[i]! > 0);
  const [ys, as] = [there(ofLabel), there(ofCode)];
  let chiSquared = 0;
  for (const y of ys) {
    for (const a of as) {
      const expected = (ofLabel[y]! * ofCode[a]!) / total;
      chiSquared += (counts[y * values + a]! - expected) ** 2 / expected;
    }
  }
  const freedom = (ys.length - 1) * (as.length - 1);
  if (freedom <= 0 || chiSquared <= freedom + 3 * Math.sqrt(2 * freedom)) return undefined;

  const aligned = new Int32Array(classes).fill(UNKNOWN);
  for (const y of ys) {
    const lift = (a: number): number => counts[y * values + a]! / ofCode[a]!;
    aligned[y] = as.reduce((best, a) => (lift(a) > lift(best) ? a : best));
  }
  return aligned;
}
