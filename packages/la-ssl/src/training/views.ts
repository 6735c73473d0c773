/** @file The views of a batch, from random numbers that follow from the run's seed and the place in the run. */
import type { Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';

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

/** Views of each image (as many as a training step takes, unless said), each `[N, C, H, W]` float32, from bytes `[N, C, H, W]`. */
export type MakeViews = (images: Tensor, place: ViewsPlace, views?: number) => Tensor[];

/** Makes one view of each image. */
type Augment = (images: Tensor, random: Random) => Tensor;

/** @returns a MakeViews that gives view i by the pipeline at i, beginning anew where there are more views */
export function augmentedViews(pipelines: readonly Augment[], seed: number): MakeViews {
  return (images, place, views = pipelines.length) => {
    const random = randomAt(seed, place);
    return Array.from({ length: views }, (_, i) => pipelines[i % pipelines.length]!(images, random));
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
