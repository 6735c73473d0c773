/** @file Every figure of a scored test set, by class and by attribute value, each with the examples that it comes from. */
import { CALIBRATION_BINS, type Calibration } from './calibration.js';
import { type ClassFigures, classFigures } from './confusion.js';
import { gap, METRIC_NAMES, MetricEvaluator, type MetricName, membersOf } from './metric-evaluator.js';
import type { Ranking } from './ranking.js';
import type { ScoredSet } from './scored-set.js';

/** One class against the rest; null where there are only positives or only negatives. */
export interface OneAgainstRest {
  positives: number;
  negatives: number;
  auroc: number | null;
  auprc: number | null;
}

/** Within the examples that have one value of an attribute. */
export interface ValueFigures {
  count: number;
  accuracy: number;
  /** Mean over classes; null where not every class of the test set is there. */
  auroc: number | null;
  /** By class name, of the classes that are there. */
  classes: Readonly<Record<string, OneAgainstRest>>;
}

export interface AttributeFigures {
  /** By value, of those that examples have. */
  values: Readonly<Record<string, ValueFigures>>;
  /** Largest less smallest over the values; null of fewer than two. */
  accuracyGap: number | null;
  aurocGap: number | null;
}

export interface DetailedMetrics {
  /** Examples in all. */
  readonly count: number;
  /** The figures of `METRICS` that the test set can give. */
  readonly figures: Readonly<Partial<Record<MetricName, number>>>;
  /** By class name, of the classes that have examples or are predicted. */
  readonly classes: Readonly<Record<string, ClassFigures & OneAgainstRest>>;
  /** By attribute name. */
  readonly attributes: Readonly<Record<string, AttributeFigures>>;
  readonly calibration: Calibration & { readonly bins: number };
}

/**
 * All figures of a test set.
 * @throws RangeError where the parts of the set do not fit together
 */
export function detailedMetrics(set: ScoredSet): DetailedMetrics {
  const evaluator = new MetricEvaluator(set);
  const figures = METRIC_NAMES.flatMap((name) => {
    const value = evaluator.value(name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    count: set.labels.length,
    figures: Object.fromEntries(figures),
    classes: figuresByClass(set, evaluator),
    attributes: figuresByAttribute(set, evaluator),
    calibration: { ...evaluator.calibration(), bins: CALIBRATION_BINS },
  };
}

function figuresByClass(
  { predictions, labels, classNames }: ScoredSet,
  { rankings }: MetricEvaluator,
): DetailedMetrics['classes'] {
  const figures = classFigures(predictions, labels, classNames.length);
  return Object.fromEntries(
    figures.flatMap((own, k) =>
      own.count + own.predicted === 0
        ? []
        : [[classNames[k]!, { ...own, ...againstRest(rankings[k] ?? null, labels.length) }]],
    ),
  );
}

function againstRest(ranking: Ranking | null, count: number): OneAgainstRest {
  if (!ranking) return { positives: 0, negatives: count, auroc: null, auprc: null };
  return { ...ranking.counts(), auroc: ranking.auroc(), auprc: ranking.averagePrecision() };
}

function figuresByAttribute(set: ScoredSet, evaluator: MetricEvaluator): DetailedMetrics['attributes'] {
  const aurocs = evaluator.aurocsWithin();
  return Object.fromEntries(
    (set.attributes ?? []).map((attribute, a) => {
      const values = attribute.values.flatMap((value, code) => {
        const members = membersOf(attribute, code);
        if (members.length === 0) return [];
        const right = members.filter((i) => set.predictions[i] === set.labels[i]).length;
        const classes = set.classNames.flatMap((name, k) => {
          const ranking = evaluator.rankingsWithin[a]![code]![k];
          return ranking ? [[name, againstRest(ranking, members.length)] as const] : [];
        });
        const figures: ValueFigures = {
          count: members.length,
          accuracy: right / members.length,
          auroc: aurocs[a]![code]!,
          classes: Object.fromEntries(classes),
        };
        return [[value, figures] as const];
      });
      const own = values.map(([, figures]) => figures);
      return [
        attribute.name,
        {
          values: Object.fromEntries(values),
          accuracyGap: gap(own.map(({ accuracy }) => accuracy)),
          aurocGap: gap(own.map(({ auroc }) => auroc)),
        },
      ];
    }),
  );
}
