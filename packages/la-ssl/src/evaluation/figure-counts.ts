/** @file How many test examples a figure comes from. */
import { MetricEvaluator, type MetricName, membersOf } from './metric-evaluator.js';
import type { ScoredSet } from './scored-set.js';

/**
 * Of a part of the test set, the examples in it; of the lowest of several parts, those of that part; of a figure over
 * parts, those in any.
 * @param set - that can give the figure
 */
export function countOf(name: MetricName, set: ScoredSet): number {
  const { labels, groups, attributes = [] } = set;
  switch (name) {
    case 'aligned':
    case 'conflicting':
      return countWhere(groups?.aligned, (code) => code === (name === 'aligned' ? 1 : 0));
    case 'worst-group': {
      const worst = placeOfLowest(new MetricEvaluator(set).groupAccuracies());
      return countWhere(groups?.groupOf, (code) => code === worst);
    }
    case 'unbiased':
    case 'adjusted':
    case 'accuracy-gap':
      return countWhere(groups?.groupOf, (code) => code >= 0);
    case 'worst-attribute-auroc': {
      const parts = attributes.flatMap((own) => own.values.map((_, code) => membersOf(own, code)));
      return parts[placeOfLowest(new MetricEvaluator(set).aurocsWithin().flat())]?.length ?? 0;
    }
    default:
      return labels.length;
  }
}

function countWhere(codes: ArrayLike<number> | undefined, belongs: (code: number) => boolean): number {
  return Array.from(codes ?? []).filter(belongs).length;
}

/** The place of the lowest number, the first of equals; −1 where there is none. */
function placeOfLowest(values: readonly (number | null)[]): number {
  return values.reduce<number>(
    (lowest, value, i) => (value !== null && (lowest < 0 || value < values[lowest]!) ? i : lowest),
    -1,
  );
}
