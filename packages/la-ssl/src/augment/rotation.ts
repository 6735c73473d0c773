/**
 * @file Rotation about the centre, by an angle of its own for each image; what comes in from outside is black.
 *
 * Bilinear, as torchvision 0.14's `rotate` of tensors; one `grid_sampler` call.
 */
import { arange, fromData, gridSampler, scope, stack, type Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { checkImages } from './images.js';

/** An angle an example. */
export interface RotationParams {
  /** Counter-clockwise, in degrees. */
  degrees: Float32Array;
}

const BILINEAR = 0;
const ZEROS = 0;

/**
 * @param options.limit - angles are drawn from [−limit, limit], in degrees
 * @throws RangeError unless the limit is from 0 to 180
 */
export function sampleRotation(count: number, { limit }: { limit: number }, random: Random): RotationParams {
  checkRotation(limit);
  return { degrees: Float32Array.from({ length: count }, () => random.uniform(-limit, limit)) };
}

/** @throws RangeError unless `limit` is an angle from 0 to 180 */
export function checkRotation(limit: number): void {
  if (!(limit >= 0 && limit <= 180)) {
    throw new RangeError(`rotation must be from 0 to 180 degrees, got ${limit}.`);
  }
}

/**
 * The pixel at (x, y) from the centre is read at `(x cos a − y sin a, x sin a + y cos a)`, y downwards.
 * @param images - float32 `[N, C, H, W]`
 * @returns the images, turned, as large as they came
 */
export function applyRotation(images: Tensor, { degrees }: RotationParams): Tensor {
  checkImages('applyRotation', images, degrees.length);
  const [count, , height, width] = images.shape as [number, number, number, number];
  return scope(() => {
    const column = (values: Float32Array) => fromData(values, [count, 1, 1]);
    const radians = degrees.map((angle) => (angle * Math.PI) / 180);
    const [cos, sin] = [column(radians.map(Math.cos)), column(radians.map(Math.sin))];
    const fromCentre = (size: number) => arange(0, size, { dtype: 'float32' }).add_(0.5 - size / 2);
    const x = fromCentre(width).reshape([1, 1, width]);
    const y = fromCentre(height).reshape([1, height, 1]);
    const readX = x
      .mul(cos)
      .sub(y.mul(sin))
      .mul_(2 / width);
    const readY = x
      .mul(sin)
      .add(y.mul(cos))
      .mul_(2 / height);
    const grid = stack([readX, readY], { dim: 3 });
    return gridSampler(images, grid, BILINEAR, ZEROS, false);
  });
}
