/**
 * @file Percentile bootstrap over the examples of a test set, within each group, for one prediction or for the
 * difference of two on the same examples.
 *
 * Groups keep their sizes, so a resample of n examples within a stratum is a multinomial draw of its outcomes
 * (right, wrong; for two predictions the four combinations): the same as drawing n indices, a thousand times faster.
 *
 * The worst group is looked for within each resample. Since it is the lowest of noisy numbers in the data and again
 * in the resample, that interval lies too low where many small groups are about equally bad; `worstGroupInterval`
 * does not. For the difference of two predictions the shift largely cancels.
 *
 * Examples that depend on each other are drawn by whole clusters (`clusters.ts`).
 *
 * Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13
 */
import { Random } from '../random.js';
import { quantile } from '../sampling/index.js';
import { bootstrapPValue } from './bootstrap-p-value.js';
import { clusterResampler, multinomial, type Resampler } from './clusters.js';
import { accuracyOf, type EvaluationGroups, type Stratum, stratify, tally, worstGroupOf } from './groups.js';
import { defaultConfidence, type Estimate, tailOf } from './intervals.js';

/** The four numbers that a result is told in; null where the test set has no such part. */
export interface Headline<T> {
  readonly overall: T | null;
  readonly aligned: T | null;
  readonly conflicting: T | null;
  readonly worstGroup: T | null;
}

export interface BootstrapOptions {
  /** Whole number from 0 to 2³² − 1; the same seed gives the same interval. */
  readonly seed: number;
  /** Default 2000. */
  readonly resamples?: number;
  /** In (0, 1), default 0.95. */
  readonly confidence?: number;
}

/** With the cluster of each example, `[N]`, where examples depend on each other. */
export type AccuracyBootstrapOptions = BootstrapOptions & {
  readonly clusters?: ArrayLike<number> | undefined;
};

export const defaultResamples = 2000;

/**
 * Accuracies with bootstrap intervals.
 *
 * @param predictions - predicted labels `[N]`
 * @param labels - true labels `[N]`
 * @param groups - of the same examples; without them only `overall` is told
 * @throws RangeError where the inputs do not fit together or an option is out of range
 */
export function bootstrapAccuracy(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: EvaluationGroups | undefined,
  options: AccuracyBootstrapOptions,
): Headline<Estimate> {
  const groupCount = groups?.groups.length ?? 0;
  const found = bootstrap(resampler([predictions], labels, groups, options), options, (strata) =>
    headline(strata, groupCount, 0),
  );
  return mapHeadline((part) => {
    if (!found[part]) return null;
    const { pValue: _, ...estimate } = found[part]; // of an accuracy, "it is 0" is no question
    return estimate;
  });
}

/**
 * Differences of accuracy, `other − baseline`, of two predictions of the same examples, with bootstrap intervals.
 * Both are resampled together, so what is hard for both cancels.
 *
 * @param baseline - predicted labels `[N]`
 * @param other - predicted labels `[N]`
 * @param labels - true labels `[N]`
 * @param groups - of the same examples; without them only `overall` is told
 * @returns differences, with the two-sided p-value of none (`bootstrapPValue`); the count of `worstGroup` is that of the smaller of the two worst groups
 * @throws RangeError where the inputs do not fit together or an option is out of range
 */
export function bootstrapDifference(
  baseline: ArrayLike<number>,
  other: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups: EvaluationGroups | undefined,
  options: AccuracyBootstrapOptions,
): Headline<Estimate & { readonly pValue: number }> {
  const groupCount = groups?.groups.length ?? 0;
  return bootstrap(resampler([baseline, other], labels, groups, options), options, (strata) => {
    const before = headline(strata, groupCount, 0);
    const after = headline(strata, groupCount, 1);
    return mapHeadline((part) => {
      const [a, b] = [before[part], after[part]];
      return a && b && { value: b.value - a.value, count: Math.min(a.count, b.count) };
    });
  });
}

interface Point {
  value: number;
  count: number;
}

function bootstrap(
  { observed: strata, draw }: Resampler,
  { seed, resamples = defaultResamples, confidence = defaultConfidence }: BootstrapOptions,
  statistic: (strata: readonly Stratum[]) => Headline<Point>,
): Headline<Estimate & { readonly pValue: number }> {
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples must be a whole number ≥ 1, got ${resamples}.`);
  }
  const tail = tailOf(confidence);
  const random = new Random(seed);
  const observed = statistic(strata);
  const replicates = Array.from({ length: resamples }, () => statistic(draw(random)));
  return mapHeadline((part) => {
    const point = observed[part];
    if (point === null) return null;
    // Strata keep their sizes, so it is null only where a part has none but clusters that span several.
    const values = replicates.flatMap((replicate) => replicate[part]?.value ?? []);
    return {
      value: point.value,
      low: quantile(values, tail),
      high: quantile(values, 1 - tail),
      count: point.count,
      pValue: bootstrapPValue(values),
    };
  });
}

/** Draws as many examples as each stratum has, with replacement: a multinomial, outcome by outcome; or whole clusters. */
function resampler(
  predictions: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  groups: EvaluationGroups | undefined,
  { clusters }: AccuracyBootstrapOptions,
): Resampler {
  if (clusters) return clusterResampler(predictions, labels, groups, clusters);
  const observed = stratify(predictions, labels, groups);
  const draw = (random: Random) =>
    observed.map((stratum) => ({ ...stratum, outcomes: multinomial(stratum.outcomes, random) }));
  return { observed, draw };
}

function headline(strata: readonly Stratum[], groupCount: number, prediction: number): Headline<Point> {
  const tallies = tally(strata, groupCount, prediction);
  const worst = worstGroupOf(tallies.groups);
  const parts = { ...tallies, worstGroup: worst === null ? { right: 0, count: 0 } : tallies.groups[worst]! };
  return mapHeadline((part) => {
    const value = accuracyOf(parts[part]);
    return value === null ? null : { value, count: parts[part].count };
  });
}

function mapHeadline<T>(of: (part: keyof Headline<T>) => T | null): Headline<T> {
  return {
    overall: of('overall'),
    aligned: of('aligned'),
    conflicting: of('conflicting'),
    worstGroup: of('worstGroup'),
  };
}
