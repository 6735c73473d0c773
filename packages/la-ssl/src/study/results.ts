/** @file What a study found: of each cell the mean over seeds, and what it differs from its baseline by, with intervals. */
import { type Estimate, holm, pairedTInterval, shareOfMeans, tInterval } from '../evaluation/index.js';
import { type Knowledge, knowledgeOf } from '../training/index.js';
import { type Best, bestOf } from './chosen.js';
import type { Cell, StudyPlan } from './plan.js';
import { comparisonsOf } from './prune.js';
import type { Prune } from './search-schema.js';

/** One run and what it says; no metrics where it is not done. */
export interface RunResult {
  name: string;
  cell: string;
  seed: number;
  code: string | null;
  metrics: Readonly<Record<string, number | null>>;
  /** The last lines of its log, where it failed. */
  failed: readonly string[] | null;
  /** Where it was stopped as worse than others: after how many epochs, at which figure (null of one that never began). */
  pruned?: { after: number; value: number | null } | null;
}

/** A mean without an interval where there is one seed only. */
export type Mean = Omit<Estimate, 'low' | 'high'> & { low: number | null; high: number | null };

export interface Difference extends Mean {
  /** Two-sided, of "no difference"; null with one seed. */
  pValue: number | null;
  /** Corrected for all differences of this metric in the study (Holm). */
  pHolm: number | null;
}

export interface CellResult {
  name: string;
  values: Readonly<Record<string, string>>;
  /** What its runs were told of the training examples beside pixels. */
  told: readonly Knowledge[];
  seeds: number[];
  /** Epochs after which it was stopped as worse than others; null where it was not. */
  prunedAfter: number | null;
  metrics: Readonly<Record<string, Mean | null>>;
  /** The cell that it is compared with, over the seeds that both have. */
  baseline: string | null;
  differences: Readonly<Record<string, Difference | null>>;
  /** The cell whose gain over the baseline can be recovered, and which share of it is; null where that gain may be none. */
  oracle?: string | null;
  recovered?: Readonly<Record<string, Mean | null>>;
}

export interface StudyResult {
  study: string;
  title: string;
  question: string;
  budget: string;
  metrics: readonly string[];
  /** The metrics that are tested. */
  compare: readonly string[];
  axes: readonly string[];
  cells: readonly CellResult[];
  runs: readonly RunResult[];
  /** The split that the probes were judged on. */
  on: 'test' | 'validation';
  /** The best cell by the objective of the search. */
  best: Best | null;
  /** The rule by which cells were stopped, and the numbers of epochs at which it looked. */
  prune: Prune | null;
  comparisons: readonly number[];
  /** What of the options all runs share. */
  base: Readonly<Record<string, unknown>>;
}

/**
 * @param runs - in the order of the plan
 * @param on - the split that their probes were judged on
 */
export function studyResult(
  { study, cells, runs: planned }: StudyPlan,
  runs: readonly RunResult[],
  on: StudyResult['on'] = 'test',
): StudyResult {
  const { title, question, budget, metrics, base, prune = null } = study;
  const compare = study.compare ?? metrics;
  const uncorrected = cells.map((cell) => ({
    ...cellResult(cell, runs, metrics, compare),
    told: toldIn(planned, cell.name),
  }));
  const corrected = new Map(compare.map((metric) => [metric, holmOf(uncorrected, metric)]));
  const results = uncorrected.map((cell, c) => ({
    ...cell,
    differences: Object.fromEntries(
      Object.entries(cell.differences).map(([metric, difference]) => [
        metric,
        difference && { ...difference, pHolm: corrected.get(metric)![c] ?? null },
      ]),
    ),
  }));
  return {
    ...{ study: study.name, title, question, budget, metrics, compare, base },
    axes: Object.keys(study.axes),
    cells: results,
    runs,
    ...{ on, prune, best: bestOf(study, results) },
    comparisons: prune ? comparisonsOf(prune, planned[0]!.config.epochs) : [],
  };
}

function toldIn(runs: StudyPlan['runs'], cell: string): Knowledge[] {
  const run = runs.find((one) => one.cell === cell);
  return run ? knowledgeOf(run.config) : [];
}

function cellResult(
  cell: Cell,
  runs: readonly RunResult[],
  metrics: readonly string[],
  compare: readonly string[],
): Omit<CellResult, 'told'> {
  const all = runs.filter((run) => run.cell === cell.name);
  const own = all.filter((run) => Object.keys(run.metrics).length > 0);
  const partners = runs.filter((run) => cell.baseline !== null && run.cell === cell.baseline);
  const valuesOf = (metric: string): number[] => own.flatMap((run) => run.metrics[metric] ?? []);
  const oracles = runs.filter((run) => cell.oracle !== null && run.cell === cell.oracle);
  const differencesIn = (metric: string): number[] =>
    own.flatMap((run) => {
      const before = partners.find(({ seed }) => seed === run.seed)?.metrics[metric] ?? null;
      const after = run.metrics[metric] ?? null;
      return before === null || after === null ? [] : [after - before];
    });
  return {
    name: cell.name,
    values: cell.values,
    seeds: own.map(({ seed }) => seed),
    prunedAfter: all.find(({ pruned }) => pruned)?.pruned?.after ?? null,
    metrics: Object.fromEntries(metrics.map((metric) => [metric, meanOf(valuesOf(metric))])),
    baseline: cell.baseline,
    differences:
      cell.baseline === null
        ? {}
        : Object.fromEntries(compare.map((metric) => [metric, differenceOf(differencesIn(metric))])),
    ...(cell.baseline !== null &&
      cell.oracle !== null && {
        oracle: cell.oracle,
        recovered: Object.fromEntries(
          compare.map((metric) => [metric, recoveredIn(metric, own, partners, oracles)]),
        ),
      }),
  };
}

/** Of the seeds that all three have. */
function recoveredIn(
  metric: string,
  own: readonly RunResult[],
  baselines: readonly RunResult[],
  oracles: readonly RunResult[],
): Mean | null {
  const pairs = own.flatMap((run) => {
    const [before, most] = [baselines, oracles].map(
      (runs) => runs.find(({ seed }) => seed === run.seed)?.metrics[metric] ?? null,
    );
    const after = run.metrics[metric] ?? null;
    return before == null || most == null || after === null
      ? []
      : [{ part: after - before, whole: most - before }];
  });
  if (pairs.length < 2) return null;
  return shareOfMeans(
    pairs.map(({ part }) => part),
    pairs.map(({ whole }) => whole),
  );
}

function meanOf(values: readonly number[]): Mean | null {
  if (values.length === 0) return null;
  return values.length === 1 ? { value: values[0]!, low: null, high: null, count: 1 } : tInterval(values);
}

function differenceOf(values: readonly number[]): Difference | null {
  if (values.length < 2) {
    const mean = meanOf(values);
    return mean && { ...mean, pValue: null, pHolm: null };
  }
  return {
    ...pairedTInterval(
      values.map(() => 0),
      values,
    ),
    pHolm: null,
  };
}

/** Corrected p-values by cell; none where a cell has none. */
function holmOf(cells: readonly CellResult[], metric: string): (number | null)[] {
  const known = cells.map(({ differences }) => differences[metric]?.pValue ?? null);
  const corrected = holm(known.filter((p) => p !== null));
  return known.map((p) => (p === null ? null : corrected.shift()!));
}

/** Of each cell the metrics that only some of its seeds have: a mean of fewer runs than the table says. */
export function partialTexts({ cells }: Pick<StudyResult, 'cells'>): string[] {
  return cells.flatMap(({ name, seeds, metrics }) =>
    Object.entries(metrics).flatMap(([metric, mean]) =>
      mean && mean.count < seeds.length
        ? [
            `${name} has ${metric} of ${mean.count} of its ${seeds.length} seeds only: the others have none, or their folders are damaged; a run whose folder is removed is trained anew.`,
          ]
        : [],
    ),
  );
}
