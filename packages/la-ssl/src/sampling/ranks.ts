/** @file Statistics of order: they compare speeds without regard to their unit. Ties share the middle rank. */
import { ascending } from './ascending.js';
import { asFloat64 } from './quantile.js';

/**
 * Area under the ROC curve: the chance that a random positive scores higher than a random negative, a tie
 * counting half. `(R − n₊(n₊ + 1)/2) / (n₊·n₋)`, R the sum of the positives' mid-ranks (Mann and Whitney).
 *
 * @param scores - one per example, not NaN
 * @param positive - per example, whether it is positive (true, or not 0)
 * @param order - `ascending(scores)`, where it is known already
 * @returns a number in [0, 1], or null where one of the classes is empty: there is nothing to tell apart
 * @throws RangeError where the lengths differ or a score is NaN
 */
export function auroc(
  scores: ArrayLike<number>,
  positive: ArrayLike<boolean | number>,
  order: Int32Array = ascending(scores),
): number | null {
  checkSameLength(scores, positive);
  const ranks = midRanks(scores, order);
  let positives = 0;
  let rankSum = 0;
  for (let i = 0; i < ranks.length; i++) {
    if (!positive[i]) continue;
    positives++;
    rankSum += ranks[i]!;
  }
  const negatives = ranks.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Spearman's rank correlation: Pearson's correlation of the mid-ranks.
 *
 * @param a - one number per example, not NaN
 * @param b - as many
 * @returns a number in [−1, 1], or null where either is constant: it has no order
 * @throws RangeError where the lengths differ or a number is NaN
 */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  checkSameLength(a, b);
  const ranksA = midRanks(a);
  const ranksB = midRanks(b);
  const mean = (ranksA.length + 1) / 2;
  let covariance = 0;
  let varianceA = 0;
  let varianceB = 0;
  for (let i = 0; i < ranksA.length; i++) {
    const deviationA = ranksA[i]! - mean;
    const deviationB = ranksB[i]! - mean;
    covariance += deviationA * deviationB;
    varianceA += deviationA * deviationA;
    varianceB += deviationB * deviationB;
  }
  return varianceA > 0 && varianceB > 0 ? covariance / Math.sqrt(varianceA * varianceB) : null;
}

/**
 * Precision at the share of the positives: of the n₊ lowest scores, the share that is positive, n₊ the number of
 * positives (so it is the recall too). Where equal scores straddle the end, the mean over all orders of them.
 *
 * @param scores - one per example, not NaN; low where positives are expected
 * @param positive - per example, whether it is positive (true, or not 0)
 * @param order - `ascending(scores)`, where it is known already
 * @returns a number in [0, 1]; a choice at random has the share of the positives. Null where there are none
 * @throws RangeError where the lengths differ or a score is NaN
 */
export function lowestPrecision(
  scores: ArrayLike<number>,
  positive: ArrayLike<boolean | number>,
  order: Int32Array = ascending(scores),
): number | null {
  checkSameLength(scores, positive);
  let positives = 0;
  for (let i = 0; i < scores.length; i++) if (positive[i]) positives++;
  if (positives === 0) return null;
  const last = scores[order[positives - 1]!]!;
  const [below, straddling] = [
    { positives: 0, all: 0 },
    { positives: 0, all: 0 },
  ];
  for (let k = 0; k < order.length && scores[order[k]!]! <= last; k++) {
    const part = scores[order[k]!]! < last ? below : straddling;
    part.all++;
    if (positive[order[k]!]) part.positives++;
  }
  const taken = (positives - below.all) / straddling.all;
  return (below.positives + taken * straddling.positives) / positives;
}

/** The rank of each value from 1 to n, equal values sharing the middle of theirs. @throws RangeError where one is NaN */
export function midRanks(values: ArrayLike<number>, order: Int32Array = ascending(values)): Float64Array {
  const numbers = asFloat64(values);
  const ranks = new Float64Array(order.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    const value = numbers[order[start]!];
    do end++;
    while (end < order.length && numbers[order[end]!] === value);
    for (let k = start; k < end; k++) ranks[order[k]!] = (start + 1 + end) / 2;
  }
  return ranks;
}

function checkSameLength(a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length === b.length) return;
  throw new RangeError(`Got ${a.length} and ${b.length} entries; give both one per example.`);
}
