/** @file Which class was taken for which: precision, recall and F1 of each, and their means over classes. */
import type { Multiplicities } from './ranking.js';

/** What a classifier does with one class. */
export interface ClassFigures {
  /** Examples of this class. */
  count: number;
  /** Examples that it is predicted for. */
  predicted: number;
  /** Of those that it is predicted for, the share that are of it; null where it is predicted for none. */
  precision: number | null;
  /** Of its own, the share that it is predicted for; null where it has none. */
  recall: number | null;
  /** `2 · right / (count + predicted)`; null where both are 0. */
  f1: number | null;
}

/**
 * The figures of each class.
 * @param predictions - `[N]`, 0 to K − 1
 * @param labels - `[N]`, 0 to K − 1
 * @param classes - K
 * @param times - how often each example counts
 */
export function classFigures(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  times?: Multiplicities,
): ClassFigures[] {
  const count = new Float64Array(classes);
  const predicted = new Float64Array(classes);
  const right = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    const weight = times ? times[i]! : 1;
    count[labels[i]!]! += weight;
    predicted[predictions[i]!]! += weight;
    if (labels[i] === predictions[i]) right[labels[i]!]! += weight;
  }
  const share = (part: number, of: number) => (of === 0 ? null : part / of);
  return Array.from({ length: classes }, (_, k) => ({
    count: count[k]!,
    predicted: predicted[k]!,
    precision: share(right[k]!, predicted[k]!),
    recall: share(right[k]!, count[k]!),
    f1: share(2 * right[k]!, count[k]! + predicted[k]!),
  }));
}

/**
 * The mean over the classes that have examples, each counting alike. The precision of a class that is never predicted
 * counts as 0 here (scikit-learn's `zero_division=0`): else, not to predict a class would raise the mean.
 * @returns null where no class has examples
 */
export function macroMean(
  figures: readonly ClassFigures[],
  of: 'precision' | 'recall' | 'f1',
): number | null {
  const present = figures.filter(({ count }) => count > 0);
  if (present.length === 0) return null;
  return present.reduce((sum, figure) => sum + (figure[of] ?? 0), 0) / present.length;
}
