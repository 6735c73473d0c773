/** @file The views of a batch, from random numbers that follow from the run's seed and the place in the run. */
import type { Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';
import type { ViewPipelines } from './view-pipelines.js';

/** What views are for; keeps the random numbers of training and scoring apart. */
export const TRAINING_VIEWS = 0x747261;
export const SCORING_VIEWS = 0x736372;
const METHOD = 0x6d6574;

/** Where in a run views are made; the same place gives the same views. */
export interface ViewsPlace {
  purpose: typeof TRAINING_VIEWS | typeof SCORING_VIEWS;
  /** Step of the run, or number of the pass. */
  step: number;
  /** Part of that step, such as the first example of a batch. */
  part?: number;
}

/**
 * Views of each image, normalised float32, from bytes `[N, C, H, W]`: those of a training step, or so many full views,
 * each `[N, C, H, W]`. Local crops come last and are smaller.
 */
export type MakeViews = (images: Tensor, place: ViewsPlace, views?: number) => Tensor[];

/** @returns a MakeViews that gives full view i by the full pipeline at i, beginning anew where there are more views */
export function augmentedViews({ full, local }: ViewPipelines, seed: number): MakeViews {
  return (images, place, views) => {
    const random = randomAt(seed, place);
    const pipelines =
      views === undefined
        ? [...full, ...local]
        : Array.from({ length: views }, (_, i) => full[i % full.length]!);
    return pipelines.map((view) => view(images, random));
  };
}

/** The random numbers of a method itself (masks and the like) at this place. */
export function methodRandom(seed: number, { purpose, ...place }: ViewsPlace): Random {
  return randomAt(seed, { ...place, purpose: purpose ^ METHOD });
}

function randomAt(
  seed: number,
  { purpose, step, part = 0 }: { purpose: number; step: number; part?: number },
): Random {
  // A key has three words: the place is drawn into the last from a generator of its own.
  return new Random(seed, step, new Random(part, purpose).uint32());
}
