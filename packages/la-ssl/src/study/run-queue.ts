/** @file The runs that are left, in the order of the plan: which may train now, and which is to be stopped. */
import type { StudyPlan, StudyRun } from './plan.js';
import type { StudyEvent } from './schedule.js';
import type { Trials } from './trials.js';

export class RunQueue {
  /** In the order of the plan; without those that train. */
  #left: StudyRun[];
  readonly #training = new Map<StudyRun, AbortController>();
  /** Those who wait for a run that may train. */
  #waiting: (() => void)[] = [];

  constructor(
    readonly plan: StudyPlan,
    readonly trials: Trials,
    readonly onEvent: (event: StudyEvent) => void,
  ) {
    const { states } = trials;
    this.#left = plan.runs.filter(({ name }) => !['done', 'pruned'].includes(states.get(name)!));
    this.#dropPruned();
  }

  /**
   * The next run that may train, as soon as there is one.
   * @returns the run with what stops it; null where none is left, or `signal` was aborted
   */
  async take(signal: AbortSignal): Promise<{ run: StudyRun; signal: AbortSignal } | null> {
    while (!signal.aborted) {
      const run = this.#left.find((one) => this.trials.verdictOf(one).kind !== 'waits');
      if (run) {
        this.#left = this.#left.filter((one) => one !== run);
        const controller = new AbortController();
        this.#training.set(run, controller);
        return { run, signal: controller.signal };
      }
      if (this.#training.size === 0) return null;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return null;
  }

  /** Looks what a run has recorded, and stops those that it puts out or that must wait. */
  look(run: StudyRun): void {
    if (this.trials.look(run)) this.#judged();
  }

  /** @param how - it has come to its end or failed, or was stopped: by this queue, or with the whole study */
  giveBack(run: StudyRun, how: 'ended' | 'stopped' | 'interrupted'): void {
    this.#training.delete(run);
    if (how === 'ended') this.trials.ended(run);
    if (how === 'stopped') {
      this.#left = this.plan.runs.filter((one) => one === run || this.#left.includes(one));
      const verdict = this.trials.verdictOf(run);
      if (verdict.kind === 'waits') this.onEvent({ ...verdict, run });
    }
    this.#judged();
  }

  #judged(): void {
    this.#dropPruned();
    for (const [run, controller] of this.#training) {
      const { kind } = this.trials.verdictOf(run);
      if (kind === 'pruned' || kind === 'waits') controller.abort();
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #dropPruned(): void {
    this.#left = this.#left.filter((run) => {
      const verdict = this.trials.verdictOf(run);
      if (verdict.kind !== 'pruned') return true;
      this.trials.states.set(run.name, 'pruned');
      this.onEvent({ ...verdict, run });
      return false;
    });
  }
}
