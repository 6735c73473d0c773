/**
 * @file Zooms into the middle of a picture and keeps its size, as the official `clipped_zoom` does with
 * linear `scipy.ndimage.zoom`.
 */

import type { Shape } from './picture.js';

/** Where the samples of one axis come from: position, the position after it, and the share of the latter. */
interface Axis {
  first: Int32Array;
  second: Int32Array;
  share: Float64Array;
  /** 0 where the sample falls outside by the last bit of a division: scipy then gives 0, so do we. */
  weight: Float64Array;
}

/**
 * Zooms in about the centre by linear interpolation.
 *
 * The middle `⌈size / factor⌉` pixels are stretched over `round(⌈size / factor⌉ · factor)` samples, ends on
 * ends, of which the middle `size` are kept.
 * @param factor - at least 1
 * @returns an array of the shape and precision of `values`
 */
export function clippedZoom<Values extends Float32Array | Float64Array>(
  values: Values,
  shape: Shape,
  factor: number,
): Values {
  const { height, width, channels } = shape;
  const rows = zoomAxis(height, factor);
  const columns = zoomAxis(width, factor);
  const result = values.slice() as Values;
  for (let y = 0; y < height; y++) {
    const top = rows.first[y]! * width;
    const bottom = rows.second[y]! * width;
    const down = rows.share[y]!;
    for (let x = 0; x < width; x++) {
      const left = columns.first[x]!;
      const right = columns.second[x]!;
      const across = columns.share[x]!;
      const weight = rows.weight[y]! * columns.weight[x]!;
      for (let c = 0; c < channels; c++) {
        const upper =
          values[(top + left) * channels + c]! * (1 - across) +
          values[(top + right) * channels + c]! * across;
        const lower =
          values[(bottom + left) * channels + c]! * (1 - across) +
          values[(bottom + right) * channels + c]! * across;
        result[(y * width + x) * channels + c] = weight * (upper * (1 - down) + lower * down);
      }
    }
  }
  return result;
}

function zoomAxis(size: number, factor: number): Axis {
  const cropped = Math.ceil(size / factor);
  const zoomed = roundHalfEven(cropped * factor);
  const start = Math.floor((size - cropped) / 2);
  const trim = Math.floor((zoomed - size) / 2);
  const step = zoomed > 1 ? (cropped - 1) / (zoomed - 1) : 1;
  const axis: Axis = {
    first: new Int32Array(size),
    second: new Int32Array(size),
    share: new Float64Array(size),
    weight: new Float64Array(size),
  };
  for (let i = 0; i < size; i++) {
    const position = step * (i + trim);
    const first = Math.min(Math.floor(position), cropped - 1);
    axis.first[i] = start + first;
    axis.second[i] = start + Math.min(first + 1, cropped - 1);
    axis.share[i] = position - first;
    axis.weight[i] = position > cropped - 1 ? 0 : 1;
  }
  return axis;
}

/** Python's `round`: a half goes to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
