/** @file When a run does what: its steps, rates, scorings and updates follow from the configuration and the number of examples. */
import type { Position } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';
import { cosineLr } from './schedule.js';

/** Scored views that take as long as a training example: a third of a trained view each, and a step trains two. */
const SCORED_VIEWS = 6;

export class Timetable {
  /** Of an epoch. Never is a batch of one example, for which batch statistics mean nothing. */
  readonly steps: number;

  /** @param count - of the training examples, ≥ 2 */
  constructor(
    readonly config: ResolvedConfig,
    readonly count: number,
  ) {
    this.steps = Math.min(Math.ceil(count / config.batchSize), Math.floor(count / 2));
  }

  /** Where batch `step` of an epoch starts: batches differ in size by one at most, so none is too small. */
  start(step: number): number {
    return Math.round((step * this.count) / this.steps);
  }

  /** @param step - of the whole run */
  lr(step: number): number {
    const { lr, epochs, lrWarmupEpochs } = this.config;
    const warmupSteps = Math.round(lrWarmupEpochs * this.steps);
    return cosineLr(step, { peak: lr, steps: epochs * this.steps, warmupSteps });
  }

  /** Whether a full pass precedes this epoch. */
  #scoresAll(epoch: number): boolean {
    const { scoring, scoreEvery } = this.config;
    return scoring === 'full-pass' && (epoch % scoreEvery === 0 || this.updates(epoch));
  }

  /** How many examples are scored by a pass before this epoch: all, a share for each epoch since the last update, or none. */
  scored(epoch: number): number {
    if (this.#scoresAll(epoch)) return this.count;
    const { scoring, sampler, rescoreShare, warmupEpochs, updateEvery } = this.config;
    const rescores = scoring === 'in-step' && sampler.startsWith('la-ssl') && this.updates(epoch);
    const epochs = epoch === warmupEpochs ? warmupEpochs : updateEvery;
    return rescores ? Math.floor(Math.min(1, rescoreShare * epochs) * this.count) : 0;
  }

  /** Whether the probabilities are updated before this epoch; other samplers report at the same epochs. */
  updates(epoch: number): boolean {
    const { warmupEpochs, updateEvery } = this.config;
    return epoch >= warmupEpochs && (epoch - warmupEpochs) % updateEvery === 0;
  }

  /** The work of scoring so many examples, in trained examples. */
  scoringWork(examples: number): number {
    return (examples * this.config.viewsPerScore) / SCORED_VIEWS;
  }

  /** The work of the run, and that before a position, in trained examples. */
  work({ epoch, step, prepared }: Position): { total: number; done: number } {
    const { epochs } = this.config;
    const passesBefore = (end: number): number => {
      let scored = 0;
      for (let e = 0; e < end; e++) scored += this.scored(e);
      return this.scoringWork(scored);
    };
    return {
      total: epochs * this.count + passesBefore(epochs),
      done: epoch * this.count + this.start(step) + passesBefore(epoch + (prepared ? 1 : 0)),
    };
  }
}
