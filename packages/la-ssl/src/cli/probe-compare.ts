/** @file Which of the probed runs belong together, and how the others differ from the first. */
import { groupsOf, type ImageDataset } from '../data/index.js';
import {
  compareProbes,
  type Estimate,
  type Headline,
  holm,
  labelledOnly,
  type ProbeComparison,
  type ProbeKind,
  type RunProbes,
} from '../evaluation/index.js';
import type { RunFolder, TrainConfig } from '../training/index.js';

/** A run with what its probes say. */
export interface ProbedRun {
  folder: RunFolder;
  config: TrainConfig;
  probes: RunProbes;
  /** What it was judged on. */
  test: ImageDataset;
}

/** Runs that differ in their seed only. */
export interface Condition {
  name: string;
  runs: ProbedRun[];
}

export function conditionsOf(runs: readonly ProbedRun[]): Condition[] {
  const conditions = new Map<string, ProbedRun[]>();
  for (const run of runs) {
    const { seed: _seed, threads: _threads, clusterColumn: _clusters, ...rest } = run.config;
    const key = JSON.stringify(rest);
    conditions.set(key, [...(conditions.get(key) ?? []), run]);
  }
  const all = [...conditions.values()];
  return all.map((members) => {
    const { sampler, method } = members[0]!.config;
    const alone =
      all.every((other) => other[0]!.config.method === method) &&
      all.filter((other) => other[0]!.config.sampler === sampler).length === 1;
    return { name: alone ? sampler : members[0]!.folder.path, runs: members };
  });
}

export interface Comparison {
  baseline: string;
  other: string;
  seeds: number[];
  probe: ComparedProbe;
  result: ProbeComparison;
  /** Holm's p-values over all comparisons of this probe with the baseline, where there are several. */
  holm?: Partial<Record<Part, number>>;
}

/** What is compared: probes of the label. */
export const COMPARED = ['biased', 'balanced', 'dfr', 'knn'] as const satisfies readonly ProbeKind[];
export type ComparedProbe = (typeof COMPARED)[number];
export const PARTS = ['overall', 'aligned', 'conflicting', 'worstGroup'] as const;
type Part = (typeof PARTS)[number];

/** Every condition against the first, over the seeds that both have, where both were judged on the same test examples. */
export function compareRuns(runs: readonly ProbedRun[]): Comparison[] {
  const [baseline, ...others] = conditionsOf(runs);
  const first = baseline?.runs[0];
  if (!baseline || !first?.test.labels) return [];
  const known = labelledOnly(first.test);
  const labels = known.labels!;
  const comparisons = others.flatMap((other) =>
    COMPARED.flatMap((probe): Comparison[] => {
      const pairs = other.runs.flatMap((run) => {
        if (!sameExamples(run.test, first.test)) return [];
        const partner = baseline.runs.find(({ config }) => config.seed === run.config.seed);
        const [a, b] = [partner?.probes[probe]?.predictions, run.probes[probe]?.predictions];
        return a && b ? [{ baseline: a, other: b, seed: run.config.seed }] : [];
      });
      if (pairs.length === 0) return [];
      const options = { seed: 0, clusters: known.clusters?.codes };
      const result = compareProbes(pairs, labels, groupsOf(known), options);
      return [
        { baseline: baseline.name, other: other.name, seeds: pairs.map(({ seed }) => seed), probe, result },
      ];
    }),
  );
  return corrected(comparisons);
}

/** The conditions whose test examples are not those of the first, so that nothing can be told of a difference. */
export function notComparable([first, ...others]: readonly Condition[]): Condition[] {
  return others.filter(({ runs }) => !sameExamples(runs[0]!.test, first!.runs[0]!.test));
}

function sameExamples(one: ImageDataset, other: ImageDataset): boolean {
  const codes = ({ labels, attributes }: ImageDataset) => [
    labels ?? [],
    ...attributes.map((own) => own.codes),
  ];
  const [a, b] = [codes(one), codes(other)];
  return a.length === b.length && a.every((own, k) => sameValues(own, b[k]!));
}

function sameValues(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
}

/** Adds Holm's p-values: a family is all conditions against the baseline, for one probe and one column. */
function corrected(comparisons: Comparison[]): Comparison[] {
  return comparisons.map((comparison) => {
    const family = comparisons.filter(({ probe }) => probe === comparison.probe);
    if (family.length < 2) return comparison;
    const place = family.indexOf(comparison);
    const parts = PARTS.flatMap((part) => {
      const pValues = family.map(({ result }) => shownOf(result)[part]?.pValue);
      return pValues.some((p) => p === undefined) ? [] : [[part, holm(pValues as number[])[place]!]];
    });
    return { ...comparison, holm: Object.fromEntries(parts) };
  });
}

/** What a table shows of a comparison: over seeds, where there are several. */
export function shownOf({ overSeeds, pairs }: ProbeComparison): Headline<Estimate & { pValue: number }> {
  return overSeeds ?? pairs[0]!;
}
