/**
 * @file A checkpoint of a fine-tuning: weights and buffers of encoder and head, the optimizer's buffers, the step. Order and
 * views follow from (seed, step), so it goes on to the very same numbers.
 */
import { existsSync } from 'node:fs';
import {
  loadSafetensors,
  type nn,
  noGrad,
  type optim,
  type SafetensorsContent,
  saveSafetensors,
  scope,
} from '@la-ssl/torch';
import type { Encoder } from '../models/index.js';
import { changedOptions, partOf, prefixed } from '../training/index.js';

export interface FineTuneParts {
  encoder: Encoder;
  head: nn.Linear;
  optimizer: optim.Optimizer;
}

export interface FineTunePosition {
  /** The next step, of all epochs. */
  step: number;
  /** Of the losses of this epoch so far, over its number of steps. */
  mean: number;
}

/** Where a fine-tuning keeps its state, and what it is: a checkpoint of another is refused. */
export interface FineTuneCheckpoint {
  file: string;
  key: object;
}

/** Replaces the file as a whole. @throws Error that names the file, where it cannot be written; the old one then stays */
export function saveFineTune(
  { file, key }: FineTuneCheckpoint,
  { encoder, head, optimizer }: FineTuneParts,
  position: FineTunePosition,
): void {
  scope(() => {
    const tensors = [
      ...prefixed('encoder', encoder.stateDict()),
      ...prefixed('head', head.stateDict()),
      ...prefixed('optimizer', optimizer.stateDict()),
    ];
    saveSafetensors(file, tensors, { key: JSON.stringify(key), position: JSON.stringify(position) });
  });
}

/**
 * Fills the parts from the file, where there is one.
 * @returns where it stands
 * @throws Error that names the file and says what to do, where it is damaged or of other options
 */
export function loadFineTune(
  { file, key }: FineTuneCheckpoint,
  { encoder, head, optimizer }: FineTuneParts,
): FineTunePosition {
  if (!existsSync(file)) return { step: 0, mean: 0 };
  return scope(() => {
    const { tensors, metadata } = contentOf(file);
    const saved = JSON.parse(metadata.key ?? '{}') as object;
    const changed = changedOptions(saved, JSON.parse(JSON.stringify(key)) as object);
    if (changed !== '') {
      throw new Error(
        `${file} is of a fine-tuning that was stopped: ${changed}. Go on with its options, or begin anew: --again`,
      );
    }
    encoder.loadStateDict(partOf(tensors, 'encoder'));
    head.loadStateDict(partOf(tensors, 'head'));
    noGrad(() => optimizer.loadStateDict(partOf(tensors, 'optimizer')));
    return JSON.parse(metadata.position!) as FineTunePosition;
  });
}

function contentOf(file: string): SafetensorsContent {
  try {
    return loadSafetensors(file);
  } catch (error) {
    throw new Error(`${(error as Error).message}. Begin anew: --again`, { cause: error });
  }
}
