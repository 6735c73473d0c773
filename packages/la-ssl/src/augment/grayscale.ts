/** @file Grayscale: the three channels replaced by their luminance, in each image with its own chance. */
import type { Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { stepOf } from './changes.js';
import { type Applied, checkImages, sampleApplied } from './images.js';

/** @param options.probability - that an example loses its colour (0.2) */
export function sampleGrayscale(
  count: number,
  { probability = 0.2 }: { probability?: number },
  random: Random,
): Applied {
  return { applied: sampleApplied(count, probability, random) };
}

/**
 * @param images - float32 `[N, C, H, W]`; images of one channel stay as they are
 * @returns the images, gray where `params` says so
 */
export function applyGrayscale(images: Tensor, gray: Applied): Tensor {
  checkImages('applyGrayscale', images, gray.applied.length);
  return changeImages(images, { steps: [stepOf('grayscale', gray)] });
}
