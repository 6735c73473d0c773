/**
 * @file The result of a probe, in one shape for every table, log and report: each accuracy with its interval and count.
 */
import { type EvaluationGroups, stratify, tally, worstGroupOf } from './groups.js';
import {
  defaultConfidence,
  type Estimate,
  tInterval,
  wilsonInterval,
  worstGroupInterval,
} from './intervals.js';

/** Accuracies in [0, 1]; null where the test set has no such part, or does not say. */
export interface ProbeMetrics {
  /** Of all intervals, in (0, 1). */
  readonly confidence: number;
  /** What the intervals are by, and how many of it there are; absent where they are over examples or seeds. */
  readonly clusters?: { readonly name: string; readonly count: number };
  readonly overall: Estimate;
  readonly aligned: Estimate | null;
  readonly conflicting: Estimate | null;
  /** By group name, of the groups that have members. */
  readonly groups: Readonly<Record<string, Estimate>>;
  /** The lowest accuracy of a group, and which group that is (over several seeds: each that was the worst of one). */
  readonly worstGroup: (Estimate & { readonly group: string }) | null;
}

/**
 * The accuracies of a probe on a test set, with Wilson intervals, and that of the worst group with an interval that
 * allows for its having been picked.
 *
 * @param predictions - predicted labels `[N]`
 * @param labels - true labels `[N]`
 * @param groups - of the same examples, e.g. `groupsOf(dataset)`; without them only `overall` is told
 * @param confidence - in (0, 1)
 * @throws RangeError where the inputs do not fit together or the confidence is out of range
 */
export function probeMetrics(
  predictions: ArrayLike<number>,
  labels: ArrayLike<number>,
  groups?: EvaluationGroups,
  confidence = defaultConfidence,
): ProbeMetrics {
  const names = groups?.groups.map(({ name }) => name) ?? [];
  const tallies = tally(stratify([predictions], labels, groups), names.length);
  const worst = worstGroupOf(tallies.groups);
  const estimate = (part: { right: number; count: number }) => wilsonInterval(part, confidence);
  return {
    confidence,
    overall: estimate(tallies.overall),
    aligned: tallies.aligned.count > 0 ? estimate(tallies.aligned) : null,
    conflicting: tallies.conflicting.count > 0 ? estimate(tallies.conflicting) : null,
    groups: Object.fromEntries(
      tallies.groups.flatMap((part, group) => (part.count > 0 ? [[names[group]!, estimate(part)]] : [])),
    ),
    worstGroup:
      worst === null ? null : { ...worstGroupInterval(tallies.groups, confidence), group: names[worst]! },
  };
}

/**
 * The mean of several seeds' results in the same shape: Student's intervals, and `count` the number of seeds.
 *
 * @param runs - results on the same test set, two or more
 * @param confidence - in (0, 1)
 * @throws RangeError where there are fewer than two results, or they do not have the same parts
 */
export function metricsOverSeeds(
  runs: readonly ProbeMetrics[],
  confidence = defaultConfidence,
): ProbeMetrics {
  const over = (name: string, of: (run: ProbeMetrics) => Estimate | null | undefined): Estimate | null => {
    const values = runs.flatMap((run) => of(run)?.value ?? []);
    if (values.length === 0) return null;
    if (values.length === runs.length) return tInterval(values, confidence);
    throw new RangeError(
      `Only ${values.length} of ${runs.length} results have ${name}; compare the same test set.`,
    );
  };
  const overall = over('overall', (run) => run.overall);
  if (overall === null) throw new RangeError('A mean over seeds needs at least two results, got none.');
  const groups = new Set(runs.flatMap((run) => Object.keys(run.groups)));
  const worstGroup = over('worstGroup', (run) => run.worstGroup);
  const worstNames = [...new Set(runs.flatMap((run) => run.worstGroup?.group ?? []))];
  return {
    confidence,
    overall,
    aligned: over('aligned', (run) => run.aligned),
    conflicting: over('conflicting', (run) => run.conflicting),
    groups: Object.fromEntries([...groups].map((name) => [name, over(name, (run) => run.groups[name])!])),
    worstGroup: worstGroup && { ...worstGroup, group: worstNames.join(' | ') },
  };
}
