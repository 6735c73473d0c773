/**
 * @file Gaussian blur, with a deviation and chance of its own for each example.
 *
 * Two depthwise convolutions, along columns and rows, over a border that mirrors the image without repeating
 * its edge (torchvision's `reflect`). Each channel of each example is a group with its own kernel.
 *
 * Sources: Chen 2020 (SimCLR), Appendix A: kernel a tenth of the side, deviation 0.1 to 2, chance one half;
 * torchvision 0.14 `gaussian_blur`.
 */
import type { Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { stepOf } from './changes.js';
import { type Applied, checkImages, sampleApplied } from './images.js';

/** The deviation of each example, in pixels. */
export interface BlurParams extends Applied {
  sigma: Float32Array;
}

export interface BlurOptions {
  /** Least and greatest deviation, in pixels. */
  sigma?: readonly [number, number];
  /** That an example is blurred (0.5). */
  probability?: number;
}

export const BLUR_DEFAULTS = {
  sigma: [0.1, 2],
  probability: 0.5,
} as const satisfies BlurOptions;

/**
 * Draws deviations, uniformly.
 * @throws RangeError for a deviation that is not positive
 */
export function sampleGaussianBlur(count: number, options: BlurOptions, random: Random): BlurParams {
  const { sigma, probability } = { ...BLUR_DEFAULTS, ...options };
  if (!(sigma[0] > 0 && sigma[0] <= sigma[1] && sigma[1] < Infinity)) {
    throw new RangeError(`The blur's sigma must be 0 < least ≤ greatest, got [${sigma.join(', ')}].`);
  }
  return {
    applied: sampleApplied(count, probability, random),
    sigma: Float32Array.from({ length: count }, () => random.uniform(sigma[0], sigma[1])),
  };
}

/** @returns the odd kernel size that goes with a side: 3 at 32 pixels, 9 at 96, 23 at 224 */
export function blurKernelSize(side: number): number {
  return 2 * Math.floor(Math.floor(side / 10) / 2) + 1;
}

/**
 * The kernel as PIL's blur has it, which BarlowTwins, SimSiam, MoCo, DINO and solo-learn use: as wide as three
 * deviations ask, whatever the side (13 pixels where σ reaches 2). Small images are blurred far more than by a tenth
 * of their side.
 * @param side - in pixels
 * @returns odd, in pixels
 */
export function wholeKernelSize(side: number, sigma: number = BLUR_DEFAULTS.sigma[1]): number {
  return 2 * Math.min(Math.ceil(3 * sigma), side - 1) + 1;
}

/**
 * @param images - float32 `[N, C, H, W]`
 * @param kernelSize - odd, less than twice either side; by default a tenth of the shorter side
 * @returns the images, blurred where `params` says so
 * @throws RangeError for an even or too great kernel
 */
export function applyGaussianBlur(images: Tensor, params: BlurParams, kernelSize?: number): Tensor {
  checkImages('applyGaussianBlur', images, params.applied.length);
  const [, , height, width] = images.shape as [number, number, number, number];
  const size = kernelSize ?? blurKernelSize(Math.min(height, width));
  const half = (size - 1) / 2;
  if (!(Number.isInteger(half) && half >= 0 && half < Math.min(height, width))) {
    throw new RangeError(
      `The blur's kernel size must be odd and below twice the sides (${height}×${width}), got ${size}.`,
    );
  }
  return changeImages(images, { steps: [stepOf('blur', params, params.sigma)], blurSize: size });
}
