/** @file The training loop: before an epoch, score and update the probabilities; then draw, augment, step. */
import { setImmediate } from 'node:timers/promises';
import { scope } from '@la-ssl/torch';
import { NonFiniteFeatures } from '../evaluation/index.js';
import { Random } from '../random.js';
import { batchesByValue } from '../sampling/index.js';
import { type Position, type RunState, START, saveCheckpoint } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';
import { diverged } from './diverged.js';
import type { MetricsEvent, OnlineEvent } from './events.js';
import type { OnlineEvaluation } from './online-evaluation.js';
import type { PretrainOptions } from './pretrain.js';
import { type RunInProgress, scorePass, updateProbabilities } from './sampling-update.js';
import type { RunParts } from './setup.js';
import { Stopwatch } from './stopwatch.js';
import { Timetable } from './timetable.js';
import { type StepOutcome, trainStep } from './train-step.js';

/** Third word of the key of random numbers that order batches. */
const BATCHES = 0x626174;

function addTo(sums: Record<string, number>, terms: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, (sums[name] ?? 0) + term]));
}

/** One run in progress: its parts, and where it stands. */
export class TrainingLoop implements RunInProgress {
  readonly stopwatch: Stopwatch | null;
  readonly #times: Timetable;
  readonly #work: { total: number; done: number };
  #lastCheckpoint = performance.now();

  constructor(
    readonly config: ResolvedConfig,
    readonly options: PretrainOptions,
    readonly parts: RunParts & { online: OnlineEvaluation | null },
    readonly state: RunState,
    readonly position: Position,
  ) {
    this.stopwatch = options.profile ? new Stopwatch() : null;
    this.#times = new Timetable(config, options.dataset.shape.count);
    this.#work = this.#times.work(position);
  }

  /** Runs the epoch at which the position stands. @returns false where it was stopped before its end */
  async epoch(): Promise<boolean> {
    const { options, config, parts, position } = this;
    if (!position.prepared) await this.#prepare();
    const draws = this.#draws(position.epoch);
    this.stopwatch?.to();
    parts.method.train();
    while (position.step < this.#times.steps) {
      if (options.signal?.aborted) {
        this.#checkpoint();
        return false;
      }
      this.#step(draws.subarray(this.#times.start(position.step), this.#times.start(position.step + 1)));
      if (performance.now() - this.#lastCheckpoint > config.checkpointMinutes * 60_000) this.#checkpoint();
      await setImmediate(); // signals get their turn
    }
    const online = await this.#evaluate(position.epoch + 1);
    const { epoch, lossSum, similaritySum, seconds, scoringSeconds, hasPrevious, warned } = position;
    const { conflicting } = parts;
    this.log({
      kind: 'epoch',
      epoch,
      step: (epoch + 1) * this.#times.steps,
      loss: lossSum / this.#times.steps,
      similarity: similaritySum / this.#times.steps,
      conflictingDraws: conflicting && draws.reduce((sum, i) => sum + conflicting[i]!, 0) / draws.length,
      seconds,
      scoringSeconds,
      examplesPerSecond: this.#times.count / seconds,
    });
    if (online) this.log(online);
    Object.assign(position, { ...START, epoch: epoch + 1, hasPrevious, warned });
    this.#checkpoint();
    return true;
  }

  /** The examples of an epoch in the order of training. */
  #draws(epoch: number): Int32Array {
    const { config, parts } = this;
    this.stopwatch?.to('sampling');
    const draws = parts.sampler.drawsFor(epoch);
    if (config.batchBy === 'draw' || !parts.attributes) return draws;
    const starts = Array.from({ length: this.#times.steps }, (_, step) => this.#times.start(step));
    const random = new Random(config.seed, epoch, BATCHES);
    return batchesByValue({ draws, values: parts.attributes.codes, starts, random });
  }

  /** What precedes an epoch's draws: scoring and update, where they are due. */
  async #prepare(): Promise<void> {
    const { epoch } = this.position;
    const untrained = epoch === 0 ? await this.#evaluate(0) : null;
    if (untrained) this.log(untrained);
    const count = this.#times.scored(epoch);
    if (count > 0) {
      const done = (examples: number) => this.#progress('score', this.#times.scoringWork(examples), null);
      if (!(await scorePass(this, count, done))) throw this.#diverged('similarities became NaN');
    }
    if (this.#times.updates(epoch)) await updateProbabilities(this);
    this.position.prepared = true;
  }

  /** One optimizer step on these examples, and the account of it. */
  #step(indices: Int32Array): void {
    const { config, parts, position } = this;
    const started = performance.now();
    const step = position.epoch * this.#times.steps + position.step;
    const lr = this.#times.lr(step);
    const { loss, terms, similarities, speeds } = this.#descend(indices, step, lr);
    if (config.scoring === 'in-step') {
      this.stopwatch?.to('scoring');
      parts.monitor.observe(indices, speeds, position.epoch);
      this.stopwatch?.to();
    }
    position.step += 1;
    position.lossSum += loss;
    position.lossSinceLine += loss;
    position.termsSinceLine = addTo(position.termsSinceLine, terms);
    position.similaritySum += similarities.reduce((a, b) => a + b, 0) / indices.length;
    position.seconds += (performance.now() - started) / 1000;
    if (position.step % config.logEvery === 0 || position.step === this.#times.steps) {
      const steps = ((position.step - 1) % config.logEvery) + 1; // since the last line
      const loss = position.lossSinceLine / steps;
      const terms = Object.entries(position.termsSinceLine).map(([name, sum]) => [name, sum / steps]);
      this.log({
        kind: 'step',
        epoch: position.epoch,
        step: step + 1,
        loss,
        lr,
        ...(terms.length > 0 && { terms: Object.fromEntries(terms) }),
      });
      position.lossSinceLine = 0;
      position.termsSinceLine = {};
    }
    this.#progress('train', indices.length, loss);
  }

  /** @param step - of the whole run. @throws Error where the loss is not finite; the weights then stay as they were */
  #descend(indices: Int32Array, step: number, lr: number): StepOutcome {
    const { config, options, parts, position } = this;
    const progress = step / (config.epochs * this.#times.steps);
    const place = { indices, step, epoch: position.epoch, progress, lr };
    const stepParts = { ...parts, dataset: options.dataset, stopwatch: this.stopwatch };
    const outcome = trainStep(config, stepParts, place);
    if (!Number.isFinite(outcome.loss)) throw this.#diverged(`the loss became ${outcome.loss}`);
    return outcome;
  }

  #diverged(what: string): Error {
    return diverged(this.config, this.position, this.#times.steps, what);
  }

  /** The online evaluation, where one is due after so many epochs; nothing is changed by it. */
  async #evaluate(epoch: number): Promise<OnlineEvent | null> {
    const { parts, options } = this;
    this.stopwatch?.to('evaluation');
    const started = performance.now();
    try {
      const result = await parts.online?.evaluate(epoch, options.signal);
      if (!parts.online || !result) return null;
      const queries = parts.online.plan.queries.length;
      const seconds = (performance.now() - started) / 1000;
      return { kind: 'online', epoch, step: epoch * this.#times.steps, ...result, queries, seconds };
    } catch (error) {
      if (epoch > 0 && options.signal?.aborted) this.#checkpoint(); // the epoch is trained
      if (error instanceof NonFiniteFeatures) throw this.#diverged('features became infinite or NaN');
      throw error;
    } finally {
      this.stopwatch?.to();
    }
  }

  log(event: MetricsEvent): void {
    const part = this.stopwatch?.to('writing');
    this.options.folder.log(event);
    this.options.onEvent?.(event);
    this.stopwatch?.to(part);
  }

  /** A line of where the time went since the last one, where that is asked for. */
  logProfile(): void {
    if (!this.stopwatch) return;
    const { epoch, step } = this.position;
    this.log({
      kind: 'profile',
      epoch,
      step: epoch * this.#times.steps + step,
      seconds: this.stopwatch.take(),
    });
  }

  #progress(phase: 'train' | 'score', work: number, loss: number | null): void {
    this.#work.done += work;
    const { epoch } = this.position;
    this.options.onEvent?.({
      kind: 'progress',
      phase,
      epoch,
      epochs: this.config.epochs,
      loss,
      ...this.#work,
    });
  }

  /** @throws Error where the weights are no longer finite: no checkpoint holds such */
  #checkpoint(): void {
    const { options, parts, position, state } = this;
    this.logProfile();
    this.stopwatch?.to('writing');
    const weights = [...parts.method.stateDict().values()];
    const finite = scope(() => weights.every((tensor) => Number.isFinite(tensor.sum().item())));
    if (!finite) throw this.#diverged('weights became infinite or NaN');
    position.metricsLength = options.folder.metricsLength;
    saveCheckpoint(options.folder.checkpointFile, position, state);
    this.#lastCheckpoint = performance.now();
    this.stopwatch?.to();
  }
}
