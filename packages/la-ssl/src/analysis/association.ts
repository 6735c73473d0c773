/** @file How strongly an attribute goes with the label: what an encoder could learn in place of the label. */
import { UNKNOWN } from '../data/index.js';

export interface Association {
  /** 0 independent to 1 determined; null where all known examples have one label or one value, or are too few. */
  cramersV: number | null;
  /** What one says of the other, in bits: 0 to the smaller of their entropies; of few examples it comes out too high. */
  mutualInformation: number;
}

/**
 * How many examples have each label and each value of an attribute; those of which one is unknown are left out.
 * @param labels - `[N]`, 0 to K − 1 or `UNKNOWN`
 * @param codes - `[N]`, 0 to A − 1 or `UNKNOWN`
 * @returns counts, `[K][A]`
 */
export function contingency(
  labels: Int32Array,
  classes: number,
  codes: Int32Array,
  values: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(values).fill(0));
  labels.forEach((label, i) => {
    const code = codes[i]!;
    if (label !== UNKNOWN && code !== UNKNOWN) counts[label]![code]!++;
  });
  return counts;
}

/**
 * Cramér's V with Bergsma's correction, without which V is above 0 for independent ones, and the mutual information.
 *
 * With r rows and k columns that are not empty, n examples, and `φ² = Σ (p_ij − p_i p_j)² / (p_i p_j)`:
 * `V² = max(0, φ² − (r−1)(k−1)/(n−1)) / (min(r − (r−1)²/(n−1), k − (k−1)²/(n−1)) − 1)`, and
 * `I = Σ p_ij log₂(p_ij / (p_i p_j))`.
 *
 * Sources: Bergsma 2013, "A bias-correction for Cramér's V and Tschuprow's T", Journal of the Korean Statistical
 * Society 42; Cover and Thomas 2006, "Elements of Information Theory", Section 2.3.
 * @param counts - `[K][A]`, see `contingency`
 */
export function association(counts: readonly (readonly number[])[]): Association {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const rows = counts.map(sum);
  const columns = (counts[0] ?? []).map((_, a) => sum(counts.map((row) => row[a]!)));
  const n = sum(rows);
  let phi2 = -1; // Σ p_ij² / (p_i p_j) − 1
  let mutualInformation = 0;
  counts.forEach((row, k) => {
    row.forEach((count, a) => {
      if (count === 0) return;
      const ratio = (count * n) / (rows[k]! * columns[a]!);
      phi2 += (ratio * count) / n;
      mutualInformation += (count / n) * Math.log2(ratio);
    });
  });
  mutualInformation = Math.max(0, mutualInformation);
  const [r, k] = [rows, columns].map((sums) => sums.filter((count) => count > 0).length) as [number, number];
  if (Math.min(r, k) < 2) return { cramersV: null, mutualInformation };
  const smaller = Math.min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1;
  if (smaller <= 0) return { cramersV: null, mutualInformation };
  const corrected = Math.max(0, phi2 - ((r - 1) * (k - 1)) / (n - 1));
  return { cramersV: Math.sqrt(corrected / smaller), mutualInformation };
}
