/**
 * @file Motion blur as ImageMagick 6 does it: a one-sided Gaussian trail of whole-pixel steps along a line.
 *
 * Source: ImageMagick 6.9 `MotionBlurImage` (behaviour, checked against its output): `2⌈radius⌉ + 1` steps,
 * nearest border, 16 bits a channel, which are truncated to 8.
 */

import { inside } from './convolve.js';
import type { Shape } from './picture.js';

/** ImageMagick holds a byte b as b · 257, 16 bits. */
const QUANTUM_PER_BYTE = 257;

/**
 * Blurs along a line: `out[y, x] = Σ_i w_i · in[y + ⌈i sin θ − ½⌉, x + ⌈i cos θ − ½⌉]`, `w_i ∝ exp(−i²/2σ²)`.
 * @param radius - half the number of steps, pixels
 * @param sigma - standard deviation of the trail, pixels
 * @param angle - θ, degrees, clockwise from the right (rows count downwards)
 */
export function motionBlur(
  bytes: ArrayLike<number>,
  shape: Shape,
  radius: number,
  sigma: number,
  angle: number,
): Uint8Array {
  const { height, width, channels } = shape;
  const steps = 2 * Math.ceil(radius) + 1;
  const weights = Float64Array.from({ length: steps }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight) => sum + weight);
  const theta = (angle * Math.PI) / 180;
  const sums = new Float64Array(height * width * channels);
  const from = new Int32Array(width);
  for (let i = 0; i < steps; i++) {
    const weight = weights[i]! / total;
    const dy = Math.ceil(i * Math.sin(theta) - 0.5);
    const dx = Math.ceil(i * Math.cos(theta) - 0.5);
    for (let x = 0; x < width; x++) from[x] = inside(x + dx, width, 'nearest');
    for (let y = 0; y < height; y++) {
      const row = inside(y + dy, height, 'nearest') * width;
      for (let x = 0; x < width; x++) {
        const source = (row + from[x]!) * channels;
        const target = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) sums[target + c]! += weight * bytes[source + c]!;
      }
    }
  }
  return Uint8Array.from(sums, (sum) => Math.floor(sum * QUANTUM_PER_BYTE + 0.5) / QUANTUM_PER_BYTE);
}
