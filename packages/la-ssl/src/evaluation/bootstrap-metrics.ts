/**
 * @file Percentile bootstrap of any figure over the examples of a test set, for one classifier or for the difference of
 * two on the same examples.
 *
 * Examples are drawn within each label and group, so that every resample has the classes and the groups of the test set;
 * where they depend on each other, whole clusters of them (`clusters.ts`).
 * The worst group is looked for within each resample; `bootstrap.ts` says what that does to its interval.
 *
 * Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13 and 16
 */
import { Random } from '../random.js';
import { quantile } from '../sampling/index.js';
import type { BootstrapOptions } from './bootstrap.js';
import { bootstrapPValue } from './bootstrap-p-value.js';
import { clusterStrata } from './clusters.js';
import { countOf } from './figure-counts.js';
import { defaultConfidence, type Estimate, tailOf } from './intervals.js';
import { MetricEvaluator, type MetricName } from './metric-evaluator.js';
import type { ScoredSet } from './scored-set.js';

/** Fewer than for accuracies, which cost nothing. */
export const defaultMetricResamples = 1000;

export type MetricEstimates<T = Estimate> = Readonly<Partial<Record<MetricName, T>>>;

/**
 * Figures with bootstrap intervals.
 * @returns those that the test set can give; `count` is the number of examples that a figure comes from (`countOf`)
 * @throws RangeError where the set does not fit together or an option is out of range
 */
export function bootstrapMetrics(
  set: ScoredSet,
  names: readonly MetricName[],
  options: BootstrapOptions,
): MetricEstimates {
  const evaluator = new MetricEvaluator(set);
  return intervals(set, names, options, (name, times) => evaluator.value(name, times));
}

/**
 * Differences of figures, `other − baseline`, of two classifiers on the same examples, which are resampled together.
 * @returns with the two-sided p-value of "no difference" that the resamples give, `2 · min(share ≤ 0, share ≥ 0)`
 * @throws RangeError where the two are not of the same examples, or an option is out of range
 */
export function bootstrapMetricDifferences(
  baseline: ScoredSet,
  other: ScoredSet,
  names: readonly MetricName[],
  options: BootstrapOptions,
): MetricEstimates<Estimate & { readonly pValue: number }> {
  if (
    baseline.labels.length !== other.labels.length ||
    baseline.labels.some((y, i) => y !== other.labels[i])
  ) {
    throw new RangeError('The two results are not of the same test examples; compare the same test set.');
  }
  const [before, after] = [new MetricEvaluator(baseline), new MetricEvaluator(other)];
  return intervals(other, names, options, (name, times) => {
    const [a, b] = [before.value(name, times), after.value(name, times)];
    return a === null || b === null ? null : b - a;
  });
}

function intervals(
  set: ScoredSet,
  names: readonly MetricName[],
  { seed, resamples = defaultMetricResamples, confidence = defaultConfidence }: BootstrapOptions,
  value: (name: MetricName, times?: Uint32Array) => number | null,
): MetricEstimates<Estimate & { readonly pValue: number }> {
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples must be a whole number ≥ 1, got ${resamples}.`);
  }
  const tail = tailOf(confidence);
  const observed = names.flatMap((name) => {
    const own = value(name);
    return own === null ? [] : [{ name, value: own, replicates: [] as number[] }];
  });
  const random = new Random(seed);
  const strata = strataOf(set);
  const times = new Uint32Array(set.labels.length);
  for (let r = 0; r < resamples; r++) {
    times.fill(0);
    for (const clusters of strata) {
      for (let k = 0; k < clusters.length; k++) {
        for (const example of clusters[random.below(clusters.length)]!) times[example]!++;
      }
    }
    for (const { name, replicates } of observed) {
      const drawn = value(name, times);
      if (drawn !== null) replicates.push(drawn); // null: a value of an attribute without a group was not drawn
    }
  }
  return Object.fromEntries(
    observed.map(({ name, value: own, replicates }) => [
      name,
      {
        value: own,
        low: quantile(replicates, tail),
        high: quantile(replicates, 1 - tail),
        count: countOf(name, set),
        pValue: bootstrapPValue(replicates),
      },
    ]),
  );
}

/** The clusters of each label and group; without any, each example is its own. */
function strataOf({ labels, groups, clusters }: ScoredSet): number[][][] {
  return clusterStrata(
    clusters?.codes ?? labels.map((_, i) => i),
    (i) => `${labels[i]} ${groups?.groupOf[i] ?? -1}`,
  );
}
