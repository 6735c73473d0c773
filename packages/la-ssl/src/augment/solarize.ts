/**
 * @file Solarisation: what is bright is inverted, in each image with its own chance.
 *
 * Sources: Grill 2020 (BYOL), Appendix B: chance 0.2, in the second view only; PIL's `ImageOps.solarize` and
 * torchvision 0.14's `solarize` with their threshold of 128 of 255.
 */
import type { Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { type Step, stepOf } from './changes.js';
import { type Applied, checkImages, sampleApplied } from './images.js';

const THRESHOLD = 128 / 255;

/** @param options.probability - that an example is solarised (0.2) */
export function sampleSolarize(
  count: number,
  { probability = 0.2 }: { probability?: number },
  random: Random,
): Applied {
  return { applied: sampleApplied(count, probability, random) };
}

/**
 * `1 − x` where `x ≥ 128 / 255`, each channel by itself.
 * @param images - float32 in [0, 1], `[N, C, H, W]`
 * @returns the images, solarised where `params` says so
 */
export function applySolarize(images: Tensor, params: Applied): Tensor {
  checkImages('applySolarize', images, params.applied.length);
  return changeImages(images, { steps: [solarizeStep(params)] });
}

export const solarizeStep = (params: Applied): Step => stepOf('solarize', params, THRESHOLD);
