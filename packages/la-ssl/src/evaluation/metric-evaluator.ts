/**
 * @file Figures of a scored test set by name, of all of it or of a resample.
 *
 * A figure that the test set cannot give is null, never 0 or ½: AUROC where there is one class only, a gap where there is
 * one group only. `docs/evaluation.md` has every convention with its source.
 */
import { type Calibration, calibrationOf } from './calibration.js';
import { classFigures, macroMean } from './confusion.js';
import { type Multiplicities, Ranking } from './ranking.js';
import { checkScored, type ScoredAttribute, type ScoredSet } from './scored-set.js';

/** What each figure is. */
export const METRICS = {
  accuracy: 'share of right answers',
  aligned: 'accuracy of the aligned',
  conflicting: 'accuracy of the conflicting',
  'worst-group': 'lowest accuracy of a group',
  unbiased: "mean of the groups' accuracies",
  adjusted: "mean of the groups' accuracies, weighted by their training sizes",
  'accuracy-gap': 'highest less lowest accuracy of a group',
  'balanced-accuracy': 'mean recall of the classes',
  precision: 'mean precision of the classes',
  recall: 'mean recall of the classes, the balanced accuracy',
  f1: 'mean F1 of the classes',
  auroc: 'mean AUROC of the classes, each against the rest',
  auprc: 'mean average precision of the classes, each against the rest',
  'worst-attribute-auroc': 'lowest AUROC within a value of an attribute',
  'auroc-gap': 'highest less lowest AUROC within the values of an attribute',
  ece: 'expected calibration error, 15 bins of equal width',
  brier: 'squared error of the probabilities, over all classes',
  'log-loss': 'cross-entropy, nats',
} as const;
export type MetricName = keyof typeof METRICS;
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];
/** Figures of which less is better. */
export const LOWER_IS_BETTER: ReadonlySet<MetricName> = new Set([
  'accuracy-gap',
  'auroc-gap',
  'ece',
  'brier',
  'log-loss',
]);

export class MetricEvaluator {
  readonly #set: ScoredSet;
  /** By class, those of all examples; null for a class that no example has. */
  #overall: (Ranking | null)[] | undefined;
  /** By attribute, value and class. */
  #within: (Ranking | null)[][][] | undefined;

  /** @throws RangeError where the parts of the set do not fit together */
  constructor(set: ScoredSet) {
    checkScored(set);
    this.#set = set;
  }

  /** @returns the rankings of each class against the rest; null for a class without examples */
  get rankings(): readonly (Ranking | null)[] {
    this.#overall ??= this.#rankings(Int32Array.from(this.#set.labels.keys()));
    return this.#overall;
  }

  /** @returns the same within each value of each attribute, by attribute and value */
  get rankingsWithin(): readonly (readonly (readonly (Ranking | null)[])[])[] {
    this.#within ??= (this.#set.attributes ?? []).map((attribute) =>
      attribute.values.map((_, code) => this.#rankings(membersOf(attribute, code))),
    );
    return this.#within;
  }

  /**
   * One figure.
   * @param times - how often each example counts, `[N]` (once)
   * @returns null where the test set cannot give it
   */
  value(name: MetricName, times?: Multiplicities): number | null {
    switch (name) {
      case 'accuracy':
        return this.#accuracyWhere(() => true, times);
      case 'aligned':
        return this.#accuracyWhere((i) => this.#set.groups?.aligned?.[i] === 1, times);
      case 'conflicting':
        return this.#accuracyWhere((i) => this.#set.groups?.aligned?.[i] === 0, times);
      case 'worst-group':
        return extreme(Math.min, this.groupAccuracies(times));
      case 'unbiased':
        return mean(this.groupAccuracies(times).filter((value) => value !== null));
      case 'adjusted':
        return this.#adjusted(times);
      case 'accuracy-gap':
        return gap(this.groupAccuracies(times));
      case 'balanced-accuracy':
        return this.#macro('recall', times);
      case 'precision':
      case 'recall':
      case 'f1':
        return this.#macro(name, times);
      case 'auroc':
        return macro(this.rankings, (ranking) => ranking.auroc(times));
      case 'auprc':
        return macro(this.rankings, (ranking) => ranking.averagePrecision(times));
      case 'worst-attribute-auroc':
        return extreme(Math.min, this.aurocsWithin(times).flat());
      case 'auroc-gap':
        return extreme(Math.max, this.aurocsWithin(times).map(gap));
      case 'ece':
      case 'brier':
        return this.calibration(times)[name];
      case 'log-loss':
        return this.calibration(times).logLoss;
      default:
        return name satisfies never;
    }
  }

  /** @returns by group number; null of a group without members */
  groupAccuracies(times?: Multiplicities): (number | null)[] {
    const { groups, labels, predictions } = this.#set;
    const right = new Float64Array(groups?.groups.length ?? 0);
    const count = new Float64Array(right.length);
    for (let i = 0; i < labels.length && groups; i++) {
      const group = groups.groupOf[i]!;
      if (group < 0) continue;
      const weight = times ? times[i]! : 1;
      count[group]! += weight;
      if (labels[i] === predictions[i]) right[group]! += weight;
    }
    return Array.from(count, (n, group) => (n === 0 ? null : right[group]! / n));
  }

  /**
   * Mean AUROC of the classes within each value of each attribute, by attribute and value; null where not every class
   * of the test set is there with another, so that the figures of two values are means over the same classes.
   */
  aurocsWithin(times?: Multiplicities): (number | null)[][] {
    return this.rankingsWithin.map((values) =>
      values.map((classes) =>
        macro(
          classes.filter((_, k) => this.rankings[k]),
          (ranking) => ranking.auroc(times),
          true,
        ),
      ),
    );
  }

  calibration(times?: Multiplicities): Calibration {
    const { probabilities, predictions, labels } = this.#set;
    return calibrationOf(probabilities, predictions, labels, times);
  }

  #macro(of: 'precision' | 'recall' | 'f1', times: Multiplicities | undefined): number | null {
    const { predictions, labels, classNames } = this.#set;
    return macroMean(classFigures(predictions, labels, classNames.length, times), of);
  }

  #accuracyWhere(belongs: (example: number) => boolean, times: Multiplicities | undefined): number | null {
    const { labels, predictions } = this.#set;
    let [right, count] = [0, 0];
    for (let i = 0; i < labels.length; i++) {
      if (!belongs(i)) continue;
      const weight = times ? times[i]! : 1;
      count += weight;
      if (labels[i] === predictions[i]) right += weight;
    }
    return count === 0 ? null : right / count;
  }

  #adjusted(times: Multiplicities | undefined): number | null {
    const { trainGroupCounts } = this.#set;
    if (!trainGroupCounts) return null;
    const accuracies = this.groupAccuracies(times);
    const total = trainGroupCounts.reduce((sum, count) => sum + count, 0);
    // A group of the training set without test examples has no accuracy to weight.
    if (total === 0 || trainGroupCounts.some((count, g) => count > 0 && accuracies[g] === null)) return null;
    return trainGroupCounts.reduce((sum, count, g) => sum + (count / total) * (accuracies[g] ?? 0), 0);
  }

  #rankings(members: Int32Array): (Ranking | null)[] {
    const { labels, probabilities, classNames } = this.#set;
    const classes = classNames.length;
    const present = new Set(members.map((i) => labels[i]!));
    return classNames.map((_, k) =>
      present.has(k)
        ? new Ranking(
            members,
            (i) => probabilities[i * classes + k]!,
            (i) => labels[i] === k,
          )
        : null,
    );
  }
}

/** The examples of an attribute's value. */
export function membersOf({ codes }: ScoredAttribute, code: number): Int32Array {
  const all = Int32Array.from({ length: codes.length }, (_, i) => i);
  return all.filter((i) => codes[i] === code);
}

/** The mean over classes; a class without examples is passed over, or with `all` makes it null. */
function macro(
  rankings: readonly (Ranking | null)[],
  of: (ranking: Ranking) => number | null,
  all = false,
): number | null {
  const values = rankings.flatMap((ranking) => (ranking ? of(ranking) : all ? null : []));
  return values.includes(null) ? null : mean(values as number[]);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The largest or smallest of those that are there. */
function extreme(pick: (...values: number[]) => number, values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : pick(...known);
}

/** Largest less smallest; null of fewer than two. */
export function gap(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length < 2 ? null : Math.max(...known) - Math.min(...known);
}
