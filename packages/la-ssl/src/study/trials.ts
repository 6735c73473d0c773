/** @file What becomes of the runs of a study that prunes, from what their metrics say so far. */
import type { MetricsEvent } from '../training/index.js';
import type { StudyPlan, StudyRun } from './plan.js';
import { comparisonsOf, type Verdict, verdictsOf } from './prune.js';
import { collect } from './run-metrics.js';
import type { RunState, StudyFolder } from './study-folder.js';

/** Trials are the runs of the first seed; the other seeds of a cell follow it, and begin when it is kept. */
export class Trials {
  readonly #trials: readonly StudyRun[];
  readonly #epochs: number;
  readonly #comparisons: readonly number[];
  /** Figures of a trial by its cell, as far as they are known, by number of epochs. */
  readonly #figures = new Map<string, Map<number, number | null>>();
  /** Cells whose trial has ended, so that no more figures come. */
  readonly #ended = new Set<string>();
  readonly #lengths = new Map<string, number>();
  #verdicts: Map<string, Verdict>;

  /** @param states - what is in the folder of a new run is not looked at */
  constructor(
    readonly plan: StudyPlan,
    readonly folder: StudyFolder,
    readonly states: Map<string, RunState>,
  ) {
    const { study, runs } = plan;
    this.#trials = study.prune ? runs.filter(({ seed }) => seed === study.seeds[0]) : [];
    this.#epochs = runs[0]!.config.epochs;
    this.#comparisons = study.prune ? comparisonsOf(study.prune, this.#epochs) : [];
    for (const trial of this.#trials) {
      const state = states.get(trial.name);
      if (state !== 'new') this.#read(trial);
      if (state === 'trained' || state === 'done') this.#ended.add(trial.cell);
    }
    this.#verdicts = this.#judge();
  }

  verdictOf(run: StudyRun): Verdict {
    const verdict = this.#verdicts.get(run.cell) ?? { kind: 'kept' };
    if (run.seed === this.plan.study.seeds[0] || verdict.kind === 'kept') return verdict;
    return verdict.kind === 'pruned' ? { ...verdict, value: null } : { kind: 'waits', after: 0 };
  }

  /** Takes in what a run has recorded. @returns whether that may have changed a verdict */
  look(run: StudyRun): boolean {
    if (!this.#trials.includes(run) || !this.#read(run)) return false;
    this.#verdicts = this.#judge();
    return true;
  }

  /** A run is trained, or has failed: it records no more. */
  ended(run: StudyRun): void {
    if (!this.#trials.includes(run)) return;
    this.#read(run);
    this.#ended.add(run.cell);
    this.#verdicts = this.#judge();
  }

  /** Marks the runs that are pruned, whatever they have come to. */
  markPruned(): void {
    for (const run of this.plan.runs)
      if (this.verdictOf(run).kind === 'pruned') this.states.set(run.name, 'pruned');
  }

  #judge(): Map<string, Verdict> {
    const { prune } = this.plan.study;
    if (!prune) return new Map();
    const figures = this.#trials.map(({ cell }) => (epochs: number) => {
      const known = this.#figures.get(cell)?.get(epochs);
      return known === undefined && this.#ended.has(cell) ? null : known;
    });
    const verdicts = verdictsOf(prune, figures, this.#epochs);
    return new Map(this.#trials.map(({ cell }, i) => [cell, verdicts[i]!]));
  }

  /** @returns whether there was something new */
  #read(trial: StudyRun): boolean {
    const folder = this.folder.run(trial);
    const length = folder.metricsLength;
    if (this.#lengths.get(trial.cell) === length) return false;
    this.#lengths.set(trial.cell, length);
    const events = folder.readMetrics();
    const figures = this.#figures.get(trial.cell) ?? new Map<number, number | null>();
    const before = figures.size;
    for (const epochs of this.#comparisons) {
      const figure = figureAfter(events, this.plan.study.prune!.metric, epochs);
      if (figure !== undefined && !figures.has(epochs)) figures.set(epochs, figure);
    }
    this.#figures.set(trial.cell, figures);
    return figures.size > before;
  }
}

/**
 * What a run has recorded of a metric after so many epochs; of updates the last that these epochs were drawn by.
 * @returns undefined where it is not so far, null where it is and has none
 */
export function figureAfter(
  events: readonly MetricsEvent[],
  metric: string,
  epochs: number,
): number | null | undefined {
  const kind = metric.slice(0, metric.indexOf('.'));
  const isFar = events.some(
    (event) =>
      (event.kind === 'epoch' && event.epoch >= (kind === 'online' ? epochs : epochs - 1)) ||
      (event.kind === 'online' && event.epoch >= epochs),
  );
  if (!isFar) return undefined;
  const line = events.findLast((event) => {
    if (event.kind !== kind) return false;
    if (kind === 'online') return event.epoch === epochs;
    return kind === 'epoch' ? event.epoch === epochs - 1 : event.epoch < epochs;
  });
  const figures = new Map<string, number>();
  collect(figures, kind, line ?? {});
  return figures.get(metric) ?? null;
}
