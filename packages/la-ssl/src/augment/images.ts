/**
 * @file What every augmentation asks of its input, and how one number an example meets a batch of images.
 *
 * Letters: N images, C channels, H height, W width.
 */
import { fromData, type Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';

/** Whether each example gets the operation: 1 or 0. */
export interface Applied {
  applied: Uint8Array;
}

/**
 * @param count - how many examples the parameters are for
 * @throws TypeError unless `images` is a float32 batch `[N, C, H, W]` with C = 1 or 3 and N = `count`
 */
export function checkImages(operation: string, images: Tensor, count: number): void {
  checkShape(operation, images);
  if (images.dtype !== 'float32') {
    throw new TypeError(
      `${operation}: images must be float32 in [0, 1], got ${images.dtype}; convert with toUnitRange().`,
    );
  }
  if (images.shape[0] !== count) {
    throw new TypeError(`${operation}: ${images.shape[0]} images, but parameters for ${count}.`);
  }
}

/**
 * Bytes as float32 in [0, 1]; float32 images as they are.
 * @param images - uint8 or float32 `[N, C, H, W]`
 * @throws TypeError for another dtype or shape
 */
export function toUnitRange(images: Tensor): Tensor {
  checkPixels(images);
  return images.dtype === 'float32' ? images : images.to('float32').div_(255);
}

/** @throws TypeError unless `images` are uint8 or float32 `[N, C, H, W]` with C = 1 or 3 */
export function checkPixels(images: Tensor): void {
  checkShape('augmentation', images);
  if (images.dtype !== 'float32' && images.dtype !== 'uint8') {
    throw new TypeError(`images must be uint8, or float32 in [0, 1], got ${images.dtype}.`);
  }
}

function checkShape(operation: string, images: Tensor): void {
  const [count, channels, height, width] = images.shape;
  if (images.shape.length !== 4 || (channels !== 1 && channels !== 3) || !count || !height || !width) {
    throw new TypeError(
      `${operation}: images must be [N, C, H, W] with C = 1 or 3 and no empty dimension, got [${images.shape.join(', ')}].`,
    );
  }
}

/** @returns `values` as `[N, 1, 1, 1]`, to go with `[N, C, H, W]` */
export function perExample(values: Float32Array | Uint8Array): Tensor {
  return fromData(values, [values.length, 1, 1, 1]);
}

/** Draws whether each example gets an operation. @throws RangeError unless `probability` is in [0, 1] */
export function sampleApplied(count: number, probability: number, random: Random): Uint8Array {
  checkProbability('probability', probability);
  return Uint8Array.from({ length: count }, () => (random.uniform() < probability ? 1 : 0));
}

/** @throws RangeError unless `value` is a probability */
export function checkProbability(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} must be from 0 to 1, got ${value}.`);
}
