/**
 * @file Filters over rows and columns: Gaussian, box, and small two-dimensional kernels, with the border
 * rules of scipy and OpenCV.
 *
 * Sources: scipy.ndimage 1.10 (`gaussian_filter`: radius, order of axes, borders), OpenCV 4.6 (`filter2D`,
 * `blur`: borders).
 */

import type { Shape } from './picture.js';

/** What stands outside: `aaa|abcd|ddd` (nearest), `cba|abcd|dcb` (reflect), `dcb|abcd|cba` (mirror). */
export type Border = 'nearest' | 'reflect' | 'mirror';

/**
 * The inside position that a position outside stands for.
 * @param position - a whole number, also far outside
 * @param size - length of the axis, at least 1
 */
export function inside(position: number, size: number, border: Border): number {
  if (position >= 0 && position < size) return position;
  if (border === 'nearest' || size === 1) return position < 0 ? 0 : size - 1;
  const period = border === 'reflect' ? 2 * size : 2 * size - 2;
  const phase = ((position % period) + period) % period;
  if (phase < size) return phase;
  return border === 'reflect' ? period - 1 - phase : period - phase;
}

/** The right half of a Gaussian window that sums to 1: weight at distance 0, 1, …, radius. */
function gaussianWindow(sigma: number, truncate: number): Float64Array {
  const radius = Math.floor(truncate * sigma + 0.5);
  const half = Float64Array.from({ length: radius + 1 }, (_, d) =>
    Math.exp((-0.5 / (sigma * sigma)) * d * d),
  );
  const sum = half.reduce((total, weight) => total + 2 * weight, -half[0]!);
  return half.map((weight) => weight / sum);
}

/**
 * Gaussian filter along columns, then rows; channels stay apart.
 * @param sigma - standard deviation, pixels; 0 returns a copy
 * @param border - what stands outside
 * @param truncate - where the window ends, in standard deviations
 * @returns an array of the same precision as `values`
 */
export function gaussianFilter<Values extends Float32Array | Float64Array>(
  values: Values,
  shape: Shape,
  sigma: number,
  border: Border = 'nearest',
  truncate = 4,
): Values {
  const result = values.slice() as Values;
  if (sigma === 0) return result;
  const window = gaussianWindow(sigma, truncate);
  const rowStride = shape.width * shape.channels;
  const filterColumn = lineFilter(shape.height, window, border);
  for (let x = 0; x < rowStride; x++) filterColumn(result, x, rowStride);
  const filterRow = lineFilter(shape.width, window, border);
  for (let y = 0; y < shape.height; y++) {
    for (let c = 0; c < shape.channels; c++) filterRow(result, y * rowStride + c, shape.channels);
  }
  return result;
}

/** Filters lines of one size by a symmetric window, in place. */
function lineFilter(
  size: number,
  window: Float64Array,
  border: Border,
): (values: Float32Array | Float64Array, start: number, stride: number) => void {
  const radius = window.length - 1;
  const from = Int32Array.from({ length: size + 2 * radius }, (_, i) => inside(i - radius, size, border));
  const line = new Float64Array(from.length);
  return (values, start, stride) => {
    for (let i = 0; i < line.length; i++) line[i] = values[start + from[i]! * stride]!;
    for (let i = 0; i < size; i++) {
      let sum = line[i + radius]! * window[0]!;
      for (let d = 1; d <= radius; d++) sum += (line[i + radius - d]! + line[i + radius + d]!) * window[d]!;
      values[start + i * stride] = sum;
    }
  };
}

/**
 * Correlates with a small kernel: `out[y, x] = Σ kernel[i, j] · in[y + i − r, x + j − r]`, not rounded.
 * @param kernel - square, of odd side 2r + 1, row by row
 */
export function correlate(
  values: ArrayLike<number>,
  shape: Shape,
  kernel: readonly number[],
  border: Border = 'mirror',
): Float64Array {
  const { height, width, channels } = shape;
  const side = Math.sqrt(kernel.length);
  const radius = (side - 1) / 2;
  const result = new Float64Array(height * width * channels);
  for (let k = 0; k < kernel.length; k++) {
    const weight = kernel[k]!;
    if (weight === 0) continue;
    const dy = Math.floor(k / side) - radius;
    const dx = (k % side) - radius;
    for (let y = 0; y < height; y++) {
      const row = inside(y + dy, height, border) * width;
      for (let x = 0; x < width; x++) {
        const from = (row + inside(x + dx, width, border)) * channels;
        const to = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) result[to + c]! += weight * values[from + c]!;
      }
    }
  }
  return result;
}

/** The mean of the 3 × 3 neighbourhood, of one channel. */
export function boxBlur(values: ArrayLike<number>, shape: Shape): Float64Array {
  return correlate(values, shape, new Array<number>(9).fill(1)).map((sum) => sum / 9);
}
