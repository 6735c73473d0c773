/** @file The views of a batch, from random numbers that follow from the run's seed and the place in the run. */
import type { Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';

/** What views are for; keeps the random numbers of training and scoring apart. */
export const TRAINING_VIEWS = 0x747261;
export const SCORING_VIEWS = 0x736372;

/** Where in a run views are made; the same place gives the same views. */
export interface ViewsPlace {
  purpose: typeof TRAINING_VIEWS | typeof SCORING_VIEWS;
  /** Step of the run, or number of the pass. */
  step: number;
  /** Part of that step, such as the first example of a batch. */
  part?: number;
}

/** Views of each image (2 by default), each `[N, C, H, W]` float32, from bytes `[N, C, H, W]`. */
export type MakeViews = (images: Tensor, place: ViewsPlace, views?: number) => Tensor[];

/** @returns a MakeViews that augments every image so often */
export function augmentedViews(augment: (images: Tensor, random: Random) => Tensor, seed: number): MakeViews {
  return (images, { purpose, step, part = 0 }, views = 2) => {
    // A key has three words: the place is drawn into the last from a generator of its own.
    const place = new Random(part, purpose).uint32();
    const random = new Random(seed, step, place);
    return Array.from({ length: views }, () => augment(images, random));
  };
}
