/** @file Horizontal flip: left and right exchanged, in each image with its own chance. */
import { scope, type Tensor, where } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { type Applied, checkImages, perExample, sampleApplied } from './images.js';

/** @param options.probability - that an example is flipped (0.5) */
export function sampleHorizontalFlip(
  count: number,
  { probability = 0.5 }: { probability?: number },
  random: Random,
): Applied {
  return { applied: sampleApplied(count, probability, random) };
}

/** @returns the images, mirrored where `params` says so; float32 `[N, C, H, W]` as they came */
export function applyHorizontalFlip(images: Tensor, { applied }: Applied): Tensor {
  checkImages('applyHorizontalFlip', images, applied.length);
  return scope(() => where(perExample(applied).ne(0), images.flip([3]), images));
}
