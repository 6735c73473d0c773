/**
 * @file A training run: its parts, a checkpoint if there is one, then epoch by epoch (`training-loop.ts`) to its encoder.
 *
 * Every random number follows from (seed, epoch, step), so a run that was stopped or killed goes on from its last
 * checkpoint to the very same numbers. Names no method, and of the samplers only the one that updates.
 */
import { existsSync } from 'node:fs';
import { scope } from '@la-ssl/torch';
import type { ImageDataset } from '../data/index.js';
import { loadEncoderWeights, saveEncoder } from '../models/index.js';
import { LearningSpeedSampler } from '../sampling/index.js';
import { loadCheckpoint, type RunState, START } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';
import { encoderInfoOf } from './encoder-info.js';
import type { TrainEvent } from './events.js';
import { OnlineEvaluation, onlinePlan } from './online-evaluation.js';
import type { RunFolder } from './run-folder.js';
import { createRun } from './setup.js';
import { TrainingLoop } from './training-loop.js';

export interface PretrainOptions {
  /** Training examples. */
  dataset: ImageDataset;
  /** Holds this run's config; a checkpoint in it is gone on from. */
  folder: RunFolder;
  onEvent?: (event: TrainEvent) => void;
  /** Stops the run at the next step, with a checkpoint. */
  signal?: AbortSignal;
  /** Whether the metrics tell where the time goes; changes no number. */
  profile?: boolean;
}

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
  const { dataset, folder } = options;
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
    const loop = new TrainingLoop(config, options, { ...parts, online }, state, position);
    const outcome = await trainEpochs(loop);
    if (outcome === 'finished') {
      loop.stopwatch?.to('writing');
      saveEncoder(folder.encoderFile, parts.method.encoder, encoderInfoOf(config, dataset.shape));
    }
    loop.logProfile();
    return outcome;
  } finally {
    scope(() => {
      for (const tensor of parts.optimizer.stateDict().values()) tensor.dispose();
      parts.method.dispose();
      online?.probe.dispose();
    });
  }
}

/** All epochs that are left, or those before the signal. */
async function trainEpochs(loop: TrainingLoop): Promise<'finished' | 'interrupted'> {
  const { signal } = loop.options;
  try {
    while (loop.position.epoch < loop.config.epochs) {
      if (!(await loop.epoch())) return 'interrupted';
    }
    return 'finished';
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return 'interrupted'; // while scoring or evaluating
    throw error;
  }
}
