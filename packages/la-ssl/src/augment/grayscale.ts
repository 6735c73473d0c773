/** @file Grayscale: the three channels replaced by their luminance, in each image with its own chance. */
import { scope, type Tensor, where } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { type Applied, checkImages, perExample, sampleApplied } from './images.js';

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
export function applyGrayscale(images: Tensor, { applied }: Applied): Tensor {
  checkImages('applyGrayscale', images, applied.length);
  return scope(() => where(perExample(applied).ne(0), luminance(images), images));
}

/**
 * `0.2989 R + 0.587 G + 0.114 B`, the weights of ITU-R BT.601 as torchvision rounds them.
 * @param images - `[N, C, H, W]`
 * @returns `[N, 1, H, W]`, a new tensor; that of an image of one channel is a copy
 */
export function luminance(images: Tensor): Tensor {
  const [red, green, blue] = images.split(1, { dim: 1 }) as [Tensor, Tensor | undefined, Tensor | undefined];
  if (!green || !blue) return red.clone();
  return red.mul(0.2989).add_(green, { alpha: 0.587 }).add_(blue, { alpha: 0.114 });
}
