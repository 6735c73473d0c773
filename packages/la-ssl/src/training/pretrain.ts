/**
 * @file The training loop: before an epoch, score and update the probabilities; then draw, augment, step.
 *
 * Every random number follows from (seed, epoch, step), so a run that was stopped or killed goes on from its last
 * checkpoint to the very same numbers. Names no method and no sampler: LA-SSL is in what `createRun` makes.
 */
import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { fromData, saveSafetensors, scope } from '@la-ssl/torch';
import { type ImageDataset, imagesAt } from '../data/index.js';
import { LearningSpeedSampler, samplingDiagnostics } from '../sampling/index.js';
import { loadCheckpoint, type Position, type RunState, saveCheckpoint } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';
import type { MetricsEvent, TrainEvent } from './events.js';
import type { RunFolder } from './run-folder.js';
import { cosineLr } from './schedule.js';
import { scoreAll } from './scoring.js';
import { createRun, type RunParts } from './setup.js';
import { writeSpeeds } from './speeds-file.js';
import { TRAINING_VIEWS } from './views.js';

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
  metricsLength: 0,
  lossSum: 0,
  similaritySum: 0,
  seconds: 0,
  hasPrevious: false,
};

/**
 * Trains a run to its end, from its last checkpoint if it has one.
 * @returns `finished`, or `interrupted` where `signal` stopped it: call again to go on
 * @throws Error where the loss is no longer finite, the disk is full, or the checkpoint does not fit the config
 */
export async function pretrain(
  config: ResolvedConfig,
  options: PretrainOptions,
): Promise<'finished' | 'interrupted'> {
  const { dataset, folder, signal } = options;
  const parts = createRun(config, dataset);
  const sampler = parts.sampler instanceof LearningSpeedSampler ? parts.sampler : null;
  const state: RunState = { ...parts, sampler, previousSpeeds: new Float64Array(dataset.shape.count) };
  try {
    const position = existsSync(folder.checkpointFile)
      ? loadCheckpoint(folder.checkpointFile, state)
      : { ...START };
    folder.rewind(position);
    const loop = new Loop(config, options, parts, state, position);
    while (position.epoch < config.epochs) {
      if (!(await loop.epoch())) return 'interrupted';
    }
    saveSafetensors(folder.encoderFile, parts.method.encoder.stateDict());
    return 'finished';
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return 'interrupted'; // while scoring, which begins an epoch
    throw error;
  } finally {
    scope(() => {
      for (const tensor of parts.optimizer.stateDict().values()) tensor.dispose();
      parts.method.dispose();
    });
  }
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
    readonly parts: RunParts,
    readonly state: RunState,
    readonly position: Position,
  ) {
    this.#count = options.dataset.shape.count;
    this.#steps = Math.max(1, Math.ceil(this.#count / config.batchSize));
    // A scored view takes about a third of a trained one: forward without backward.
    const passes = Array.from({ length: config.epochs }, (_, epoch) => epoch).filter((e) => this.#scores(e));
    const before = passes.filter(
      (e) => e < position.epoch || (e === position.epoch && position.step > 0),
    ).length;
    const perPass = (this.#count * config.viewsPerScore) / 6;
    this.#work = {
      total: config.epochs * this.#count + passes.length * perPass,
      done: position.epoch * this.#count + this.#start(position.step) + before * perPass,
    };
  }

  /** Runs the epoch at which the position stands. @returns false where it was stopped before its end */
  async epoch(): Promise<boolean> {
    const { config, parts, position } = this;
    const { epoch } = position;
    let scoringSeconds = 0;
    if (position.step === 0) {
      if (this.#scores(epoch)) scoringSeconds = await this.#score();
      await this.#update();
    }
    const draws = parts.sampler.drawsFor(epoch);
    parts.method.train();
    let since = { loss: position.lossSum, step: position.step };
    let clock = performance.now();
    while (position.step < this.#steps) {
      if (this.options.signal?.aborted) {
        this.#checkpoint();
        return false;
      }
      const { loss, similarity } = this.#step(
        draws.subarray(this.#start(position.step), this.#start(position.step + 1)),
      );
      position.step += 1;
      position.lossSum += loss;
      position.similaritySum += similarity;
      const now = performance.now();
      position.seconds += (now - clock) / 1000;
      clock = now;
      const step = epoch * this.#steps + position.step;
      if (position.step % config.logEvery === 0 || position.step === this.#steps) {
        const mean = (position.lossSum - since.loss) / (position.step - since.step);
        since = { loss: position.lossSum, step: position.step };
        this.#log({ kind: 'step', epoch, step, loss: mean, lr: this.#lr(step - 1) });
      }
      this.#progress('train', this.#start(position.step) - this.#start(position.step - 1), loss);
      if (now - this.#lastCheckpoint > config.checkpointMinutes * 60_000) this.#checkpoint();
      await setImmediate(); // signals get their turn
    }
    this.#log({
      kind: 'epoch',
      epoch,
      step: (epoch + 1) * this.#steps,
      loss: position.lossSum / this.#steps,
      similarity: position.similaritySum / this.#steps,
      conflictingDraws:
        parts.conflicting && draws.reduce((sum, i) => sum + parts.conflicting![i]!, 0) / draws.length,
      seconds: position.seconds,
      scoringSeconds,
      examplesPerSecond: this.#count / position.seconds,
    });
    Object.assign(position, { ...START, epoch: epoch + 1, hasPrevious: position.hasPrevious });
    this.#checkpoint();
    return true;
  }

  /** One optimizer step on these examples. */
  #step(indices: Int32Array): { loss: number; similarity: number } {
    const { config, parts, position } = this;
    const { channels, height, width } = this.options.dataset.shape;
    const step = position.epoch * this.#steps + position.step;
    const result = scope(() => {
      const images = fromData(imagesAt(this.options.dataset, indices), [
        indices.length,
        channels,
        height,
        width,
      ]);
      const views = parts.makeViews(images, { purpose: TRAINING_VIEWS, step });
      const { loss, similarity } = parts.method.forward(views, indices);
      parts.optimizer.lr = this.#lr(step);
      parts.optimizer.zeroGrad();
      loss.backward();
      parts.optimizer.step();
      return { loss: loss.item(), similarities: similarity.toFloat64Array() };
    });
    if (!Number.isFinite(result.loss)) {
      throw new Error(
        `The loss became ${result.loss} in epoch ${position.epoch}, step ${position.step}. Lower lr (${config.lr}) or ` +
          'raise temperature, and train anew; the last checkpoint is from before.',
      );
    }
    if (config.scoring === 'in-step') parts.monitor.observe(indices, result.similarities);
    return { loss: result.loss, similarity: result.similarities.reduce((a, b) => a + b, 0) / indices.length };
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

  /** @returns how long it took, in seconds */
  async #score(): Promise<number> {
    const { config, options, parts, position } = this;
    const started = performance.now();
    const similarities = await scoreAll({
      ...{
        method: parts.method,
        dataset: options.dataset,
        makeViews: parts.makeViews,
        signal: options.signal,
      },
      ...{ batchSize: config.batchSize, viewsPerScore: config.viewsPerScore, pass: position.epoch },
      onBatch: (examples) => this.#progress('score', (examples * config.viewsPerScore) / 6, null),
    });
    parts.monitor.observe(
      Int32Array.from(similarities, (_, i) => i),
      similarities,
    );
    return (performance.now() - started) / 1000;
  }

  async #update(): Promise<void> {
    const { parts, position, state, options } = this;
    const { epoch } = position;
    if (!this.#updates(epoch)) return;
    const { speeds, seen } = parts.monitor;
    const update = state.sampler?.update(epoch) ?? null;
    const probabilities = parts.sampler.probabilitiesFor(epoch);
    const { shareByGroup: _, ...diagnostics } = samplingDiagnostics({
      ...{ probabilities, speeds, seen },
      ...(position.hasPrevious && { previousSpeeds: state.previousSpeeds }),
      ...(parts.conflicting && { conflicting: parts.conflicting }),
    });
    this.#log({
      ...{ kind: 'update', epoch, ...diagnostics },
      ...{ threshold: update?.threshold ?? null, uniformBecause: update?.uniformBecause ?? null },
    });
    state.previousSpeeds.set(speeds);
    position.hasPrevious = true;
    const { groups } = parts;
    await writeSpeeds(options.folder.file(`speeds/epoch-${String(epoch).padStart(4, '0')}.parquet`), {
      ...{ epoch, ids: options.dataset.ids, probabilities },
      groups: options.dataset.ids.map((_, i) => groups?.groups[groups.groupOf[i] ?? -1]?.name ?? null),
      speeds: Array.from(speeds, (speed, i) => (seen[i] ? speed : null)),
    });
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

  #checkpoint(): void {
    this.position.metricsLength = this.options.folder.metricsLength;
    saveCheckpoint(this.options.folder.checkpointFile, this.position, this.state);
    this.#lastCheckpoint = performance.now();
  }
}
