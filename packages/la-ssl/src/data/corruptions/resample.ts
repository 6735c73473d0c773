/**
 * @file Reads a picture at fractional positions: affine warps and displacement fields.
 *
 * Sources: OpenCV 4.6 `getAffineTransform`, `warpAffine`; scipy 1.10 `map_coordinates` of order 1.
 */

import { type Border, inside } from './convolve.js';
import type { Shape } from './picture.js';

/** `[a, b, c, d, e, f]`: `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Affine = readonly [number, number, number, number, number, number];

export type Point = readonly [x: number, y: number];
export type Triangle = readonly [Point, Point, Point];

/**
 * The affine map that takes three points to three others.
 * @throws RangeError if the first three lie on a line
 */
export function affineBetween(from: Triangle, to: Triangle): Affine {
  const [[x0, y0], [x1, y1], [x2, y2]] = from;
  const area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  if (area === 0) throw new RangeError(`affineBetween: the points ${JSON.stringify(from)} lie on a line`);
  const row = (v0: number, v1: number, v2: number): [number, number, number] => {
    const a = ((v1 - v0) * (y2 - y0) - (v2 - v0) * (y1 - y0)) / area;
    const b = ((x1 - x0) * (v2 - v0) - (x2 - x0) * (v1 - v0)) / area;
    return [a, b, v0 - a * x0 - b * y0];
  };
  return [...row(to[0][0], to[1][0], to[2][0]), ...row(to[0][1], to[1][1], to[2][1])];
}

/**
 * Reads at given positions by bilinear interpolation.
 * @param rows - fractional row of each sample, `[samples]`
 * @param columns - fractional column of each sample, `[samples]`
 * @returns `[samples, channels]`
 */
export function sample(
  values: Float32Array,
  shape: Shape,
  rows: Float64Array,
  columns: Float64Array,
  border: Border,
): Float32Array {
  const { height, width, channels } = shape;
  const result = new Float32Array(rows.length * channels);
  for (let i = 0; i < rows.length; i++) {
    const y = Math.floor(rows[i]!);
    const x = Math.floor(columns[i]!);
    const down = rows[i]! - y;
    const across = columns[i]! - x;
    const top = inside(y, height, border) * width;
    const bottom = inside(y + 1, height, border) * width;
    const left = inside(x, width, border);
    const right = inside(x + 1, width, border);
    for (let c = 0; c < channels; c++) {
      const upper =
        values[(top + left) * channels + c]! * (1 - across) + values[(top + right) * channels + c]! * across;
      const lower =
        values[(bottom + left) * channels + c]! * (1 - across) +
        values[(bottom + right) * channels + c]! * across;
      result[i * channels + c] = upper * (1 - down) + lower * down;
    }
  }
  return result;
}

/** OpenCV places samples on a grid of 1/32 pixel. */
const GRID = 32;

/**
 * Warps a picture so that what was at p is found at `map(p)`; the size stays.
 * @param map - invertible
 */
export function warpAffine(values: Float32Array, shape: Shape, map: Affine, border: Border): Float32Array {
  const [a, b, c, d, e, f] = map;
  const determinant = a * e - b * d;
  const rows = new Float64Array(shape.height * shape.width);
  const columns = new Float64Array(shape.height * shape.width);
  for (let y = 0, i = 0; y < shape.height; y++) {
    for (let x = 0; x < shape.width; x++, i++) {
      columns[i] = Math.round(((e * (x - c) - b * (y - f)) / determinant) * GRID) / GRID;
      rows[i] = Math.round(((a * (y - f) - d * (x - c)) / determinant) * GRID) / GRID;
    }
  }
  return sample(values, shape, rows, columns, border);
}
