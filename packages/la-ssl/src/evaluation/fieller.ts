/** @file The ratio of two means over the same seeds. */
import { studentQuantile } from './distributions.js';
import { defaultConfidence, type Estimate, tailOf } from './intervals.js';

/**
 * The mean of one difference as a share of the mean of another, over the same seeds: how much of an oracle's gain a
 * method recovers. The interval holds each ρ for which Student's paired interval of `part − ρ · whole` holds zero.
 *
 * @param part - of each seed, such as method − baseline
 * @param whole - of the same seeds in the same order, such as oracle − baseline
 * @returns the share, below 0 where the part is a loss; null where the interval of `whole` holds zero: of a whole that may
 *   be none there is no share
 * @throws RangeError where the lengths differ, or there are fewer than two seeds
 * @see Fieller 1954, "Some problems in interval estimation", J. R. Stat. Soc. B 16
 */
export function shareOfMeans(
  part: readonly number[],
  whole: readonly number[],
  confidence = defaultConfidence,
): Estimate | null {
  const n = part.length;
  if (n !== whole.length || n < 2)
    throw new RangeError(`A share needs both of at least two seeds, got ${n} and ${whole.length}.`);
  const [a, b] = [meanOf(part), meanOf(whole)];
  const scale = studentQuantile(1 - tailOf(confidence), n - 1) ** 2 / (n * (n - 1));
  const spread = (x: readonly number[], y: readonly number[]): number => {
    const [mx, my] = [meanOf(x), meanOf(y)];
    return scale * x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  };
  const square = b * b - spread(whole, whole);
  if (square <= 0) return null;
  const linear = a * b - spread(part, whole);
  const root = Math.sqrt(Math.max(0, linear ** 2 - square * (a * a - spread(part, part))));
  return { value: a / b, low: (linear - root) / square, high: (linear + root) / square, count: n };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
