/**
 * @file The training loop: before an epoch, score and update the probabilities; then draw, augment, step.
 *
 * Every random number follows from (seed, epoch, step), so a run that was stopped or killed goes on from its last
 * checkpoint to the very same numbers. Names no method, and of the samplers only the one that updates.
 */
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { scope } from '@la-ssl/torch';
import type { ImageDataset } from '../data/index.js';
import { NonFiniteFeatures } from '../evaluation/index.js';
import { loadEncoderWeights, saveEncoder } from '../models/index.js';
import { Random } from '../random.js';
import {
  batchesByValue,
  type FoundSign,
  failureSigns,
  LearningSpeedSampler,
  samplingDiagnostics,
} from '../sampling/index.js';
import { loadCheckpoint, type Position, type RunState, saveCheckpoint } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';
import { encoderInfoOf } from './encoder-info.js';
import type { MetricsEvent, OnlineEvent, TrainEvent } from './events.js';
import { OnlineEvaluation, onlinePlan } from './online-evaluation.js';
import type { RunFolder } from './run-folder.js';
import { cosineLr } from './schedule.js';
import { scoreAll } from './scoring.js';
import { createRun, type RunParts } from './setup.js';
import { writeSpeeds } from './speeds-file.js';
import { type StepOutcome, trainStep } from './train-step.js';

/** Third word of the key of random numbers that order batches. */
const BATCHES = 0x626174;

export interface PretrainOptions {
  /** Training examples. */
  dataset: ImageDataset;
  /** Holds this run's config; a checkpoint in it is gone on from. */
  folder: RunFolder;
  onEvent?: (event: TrainEvent) => void;
  /** Stops the run at the next step, with a checkpoint. */
  signal?: AbortSignal;
}

const START: Position = {
  epoch: 0,
  step: 0,
  prepared: false,
  metricsLength: 0,
  lossSum: 0,
  similaritySum: 0,
  lossSinceLine: 0,
  termsSinceLine: {},
  seconds: 0,
  scoringSeconds: 0,
  hasPrevious: false,
  warned: [],
};

/**
 * Trains a run to its end, from its last checkpoint if it has one.
 * @returns `finished`, or `interrupted` where `signal` stopped it: call again to go on
 * @throws Error where training diverges, the disk is full, the checkpoint does not fit config or data set, or
 *   another process trains the run
 */
export async function pretrain(
  config: ResolvedConfig,
  options: PretrainOptions,
): Promise<'finished' | 'interrupted'> {
  const unlock = options.folder.lock();
  try {
    return await pretrainLocked(config, options);
  } finally {
    unlock();
  }
}

async function pretrainLocked(
  config: ResolvedConfig,
  options: PretrainOptions,
): Promise<'finished' | 'interrupted'> {
  const { dataset, folder, signal } = options;
  const plan = onlinePlan(config, dataset);
  const resumes = existsSync(folder.checkpointFile);
  const notes = new Set<string>();
  const parts = createRun(config, dataset, (encoder) => {
    if (config.init === undefined || resumes) return;
    for (const note of loadEncoderWeights(encoder, config.init)) notes.add(`${config.init}: ${note}`);
  });
  for (const text of notes) options.onEvent?.({ kind: 'note', text });
  const sampler = parts.sampler instanceof LearningSpeedSampler ? parts.sampler : null;
  const online = plan && new OnlineEvaluation(plan, config, dataset, parts.method.encoder);
  const state: RunState = {
    ...parts,
    config,
    sampler,
    probe: online?.probe ?? null,
    previousSpeeds: new Float64Array(dataset.shape.count),
  };
  try {
    const position = resumes ? loadCheckpoint(folder.checkpointFile, state) : { ...START, warned: [] };
    folder.rewind(position);
    const loop = new Loop(config, options, { ...parts, online }, state, position);
    while (position.epoch < config.epochs) {
      if (!(await loop.epoch())) return 'interrupted';
    }
    saveEncoder(folder.encoderFile, parts.method.encoder, encoderInfoOf(config, dataset.shape));
    return 'finished';
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return 'interrupted'; // while scoring or evaluating
    throw error;
  } finally {
    scope(() => {
      for (const tensor of parts.optimizer.stateDict().values()) tensor.dispose();
      parts.method.dispose();
      online?.probe.dispose();
    });
  }
}

function addTo(sums: Record<string, number>, terms: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, (sums[name] ?? 0) + term]));
}

/** One run in progress: its parts, and where it stands. */
class Loop {
  readonly #count: number;
  readonly #steps: number;
  readonly #work: { total: number; done: number };
  #lastCheckpoint = performance.now();

  constructor(
    readonly config: ResolvedConfig,
    readonly options: PretrainOptions,
    readonly parts: RunParts & { online: OnlineEvaluation | null },
    readonly state: RunState,
    readonly position: Position,
  ) {
    this.#count = options.dataset.shape.count;
    // Never a batch of one example, for which batch statistics mean nothing.
    this.#steps = Math.min(Math.ceil(this.#count / config.batchSize), Math.floor(this.#count / 2));
    // A scored view takes about a third of a trained one: forward without backward.
    const passes = Array.from({ length: config.epochs }, (_, epoch) => epoch).filter((e) => this.#scores(e));
    const prepared = position.epoch + (position.prepared ? 1 : 0); // epochs
    const before = passes.filter((e) => e < prepared).length;
    const perPass = (this.#count * config.viewsPerScore) / 6;
    this.#work = {
      total: config.epochs * this.#count + passes.length * perPass,
      done: position.epoch * this.#count + this.#start(position.step) + before * perPass,
    };
  }

  /** Runs the epoch at which the position stands. @returns false where it was stopped before its end */
  async epoch(): Promise<boolean> {
    const { options, config, parts, position } = this;
    if (!position.prepared) await this.#prepare();
    const draws = this.#draws(position.epoch);
    parts.method.train();
    while (position.step < this.#steps) {
      if (options.signal?.aborted) {
        this.#checkpoint();
        return false;
      }
      this.#step(draws.subarray(this.#start(position.step), this.#start(position.step + 1)));
      if (performance.now() - this.#lastCheckpoint > config.checkpointMinutes * 60_000) this.#checkpoint();
      await setImmediate(); // signals get their turn
    }
    const online = await this.#evaluate(position.epoch + 1);
    const { epoch, lossSum, similaritySum, seconds, scoringSeconds, hasPrevious, warned } = position;
    const { conflicting } = parts;
    this.#log({
      kind: 'epoch',
      epoch,
      step: (epoch + 1) * this.#steps,
      loss: lossSum / this.#steps,
      similarity: similaritySum / this.#steps,
      conflictingDraws: conflicting && draws.reduce((sum, i) => sum + conflicting[i]!, 0) / draws.length,
      seconds,
      scoringSeconds,
      examplesPerSecond: this.#count / seconds,
    });
    if (online) this.#log(online);
    Object.assign(position, { ...START, epoch: epoch + 1, hasPrevious, warned });
    this.#checkpoint();
    return true;
  }

  /** The examples of an epoch in the order of training. */
  #draws(epoch: number): Int32Array {
    const { config, parts } = this;
    const draws = parts.sampler.drawsFor(epoch);
    if (config.batchBy === 'draw' || !parts.attributes) return draws;
    const starts = Array.from({ length: this.#steps }, (_, step) => this.#start(step));
    const random = new Random(config.seed, epoch, BATCHES);
    return batchesByValue({ draws, values: parts.attributes.codes, starts, random });
  }

  /** What precedes an epoch's draws: scoring and update, where they are due. */
  async #prepare(): Promise<void> {
    const { epoch } = this.position;
    const untrained = epoch === 0 ? await this.#evaluate(0) : null;
    if (untrained) this.#log(untrained);
    if (this.#scores(epoch)) await this.#score();
    if (this.#updates(epoch)) await this.#update();
    this.position.prepared = true;
  }

  /** One optimizer step on these examples, and the account of it. */
  #step(indices: Int32Array): void {
    const { config, parts, position } = this;
    const started = performance.now();
    const step = position.epoch * this.#steps + position.step;
    const lr = this.#lr(step);
    const { loss, terms, similarities, speeds } = this.#descend(indices, step, lr);
    if (config.scoring === 'in-step') parts.monitor.observe(indices, speeds);
    position.step += 1;
    position.lossSum += loss;
    position.lossSinceLine += loss;
    position.termsSinceLine = addTo(position.termsSinceLine, terms);
    position.similaritySum += similarities.reduce((a, b) => a + b, 0) / indices.length;
    position.seconds += (performance.now() - started) / 1000;
    if (position.step % config.logEvery === 0 || position.step === this.#steps) {
      const steps = ((position.step - 1) % config.logEvery) + 1; // since the last line
      const loss = position.lossSinceLine / steps;
      const terms = Object.entries(position.termsSinceLine).map(([name, sum]) => [name, sum / steps]);
      this.#log({
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
    const progress = step / (config.epochs * this.#steps);
    const place = { indices, step, epoch: position.epoch, progress, lr };
    const outcome = trainStep(config, { ...parts, dataset: options.dataset }, place);
    if (!Number.isFinite(outcome.loss)) throw this.#diverged(`the loss became ${outcome.loss}`);
    return outcome;
  }

  #diverged(what: string): Error {
    const { lr, epochs } = this.config;
    const { epoch, step } = this.position;
    return new Error(
      `Training diverged: ${what}, in epoch ${epoch + 1} of ${epochs}, after ${step} of its ${this.#steps} steps. ` +
        `Start another run with a lower lr than ${lr}, a longer warm-up (lrWarmupEpochs), or clipGradient.`,
    );
  }

  /** Whether a full pass precedes this epoch. */
  #scores(epoch: number): boolean {
    const { scoring, scoreEvery } = this.config;
    return scoring === 'full-pass' && (epoch % scoreEvery === 0 || this.#updates(epoch));
  }

  /** Whether the probabilities are updated before this epoch; other samplers report at the same epochs. */
  #updates(epoch: number): boolean {
    const { warmupEpochs, updateEvery } = this.config;
    return epoch >= warmupEpochs && (epoch - warmupEpochs) % updateEvery === 0;
  }

  /** The full pass, taken in by the monitor. */
  async #score(): Promise<void> {
    const { config, options, parts, position } = this;
    const { batchSize, viewsPerScore } = config;
    const started = performance.now();
    const similarities = await scoreAll({
      method: parts.method,
      dataset: options.dataset,
      makeViews: parts.makeViews,
      seed: config.seed,
      batchSize,
      viewsPerScore,
      pass: position.epoch,
      onBatch: (examples) => this.#progress('score', (examples * viewsPerScore) / 6, null),
      signal: options.signal,
    });
    if (similarities.some(Number.isNaN)) throw this.#diverged('similarities became NaN');
    const everyExample = Int32Array.from(similarities, (_, i) => i);
    parts.monitor.observe(everyExample, similarities);
    position.scoringSeconds = (performance.now() - started) / 1000;
  }

  /** The online evaluation, where one is due after so many epochs; nothing is changed by it. */
  async #evaluate(epoch: number): Promise<OnlineEvent | null> {
    const { parts, options } = this;
    const started = performance.now();
    try {
      const result = await parts.online?.evaluate(epoch, options.signal);
      if (!parts.online || !result) return null;
      const queries = parts.online.plan.queries.length;
      const seconds = (performance.now() - started) / 1000;
      return { kind: 'online', epoch, step: epoch * this.#steps, ...result, queries, seconds };
    } catch (error) {
      if (epoch > 0 && options.signal?.aborted) this.#checkpoint(); // the epoch is trained
      if (error instanceof NonFiniteFeatures) throw this.#diverged('features became infinite or NaN');
      throw error;
    }
  }

  /** New probabilities, their diagnostics into the metrics, the speeds behind them into a file. */
  async #update(): Promise<void> {
    const { parts, position, state, options } = this;
    const { epoch } = position;
    const { monitor, groups, conflicting } = parts;
    const { speeds, seen } = monitor;
    const update = state.sampler?.update(epoch) ?? null;
    const probabilities = parts.sampler.probabilitiesFor(epoch);
    const news = monitor.takeNews();
    const diagnostics = samplingDiagnostics({
      probabilities,
      speeds,
      seen,
      ...(position.hasPrevious && { previousSpeeds: state.previousSpeeds, news }),
      ...(conflicting && { conflicting }),
      ...(groups && { groups: { codes: groups.groupOf, names: groups.groups.map(({ name }) => name) } }),
    });
    this.#log({
      kind: 'update',
      epoch,
      ...diagnostics,
      threshold: update?.threshold ?? null,
      chosen: update?.chosen ?? null,
      uniformBecause: update?.uniformBecause ?? null,
    });
    if (update) this.#warn(epoch, failureSigns({ ...diagnostics, ...update }, this.config.targetEss));
    state.previousSpeeds.set(speeds);
    position.hasPrevious = true;
    await writeSpeeds(options.folder.file(`speeds/epoch-${String(epoch).padStart(4, '0')}.parquet`), {
      epoch,
      ids: options.dataset.ids,
      groups: options.dataset.ids.map((_, i) => groups?.groups[groups.groupOf[i] ?? -1]?.name ?? null),
      speeds: Array.from(speeds, (speed, i) => (seen[i] ? speed : null)),
      probabilities,
    });
  }

  /** Says each sign once in a run. */
  #warn(epoch: number, signs: readonly FoundSign[]): void {
    const { warned } = this.position;
    for (const { sign, text } of signs) {
      if (warned.includes(sign)) continue;
      warned.push(sign);
      this.#log({ kind: 'warning', epoch, sign, text });
    }
  }

  /** Where batch `step` of an epoch starts: batches differ in size by one at most, so none is too small. */
  #start(step: number): number {
    return Math.round((step * this.#count) / this.#steps);
  }

  #lr(step: number): number {
    const { lr, epochs, lrWarmupEpochs } = this.config;
    const warmupSteps = Math.round(lrWarmupEpochs * this.#steps);
    return cosineLr(step, { peak: lr, steps: epochs * this.#steps, warmupSteps });
  }

  #log(event: MetricsEvent): void {
    this.options.folder.log(event);
    this.options.onEvent?.(event);
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
    const weights = [...parts.method.stateDict().values()];
    const finite = scope(() => weights.every((tensor) => Number.isFinite(tensor.sum().item())));
    if (!finite) throw this.#diverged('weights became infinite or NaN');
    position.metricsLength = options.folder.metricsLength;
    saveCheckpoint(options.folder.checkpointFile, position, state);
    this.#lastCheckpoint = performance.now();
  }
}
