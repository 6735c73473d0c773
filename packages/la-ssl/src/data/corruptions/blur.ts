/**
 * @file The blur corruptions: Gaussian, defocus, glass, motion and zoom.
 *
 * Source: Hendrycks & Dietterich 2019, https://arxiv.org/abs/1903.12261; parameters of `make_cifar_c.py`.
 */

import type { Random } from '../../random.js';
import { correlate, gaussianFilter } from './convolve.js';
import { motionBlur as blurAlongLine } from './motion-blur.js';
import {
  at,
  type Picture,
  type Scale,
  type Severity,
  shapeOf,
  toBytes,
  toUnit,
  toUnitSingle,
} from './picture.js';
import { clippedZoom } from './zoom.js';

/** Standard deviation, pixels. */
const GAUSSIAN: Scale<number> = [0.4, 0.6, 0.7, 0.8, 1];
/** Radius of the disk and standard deviation that softens its rim, pixels. */
const DEFOCUS: Scale<readonly [radius: number, softness: number]> = [
  [0.3, 0.4],
  [0.4, 0.5],
  [0.5, 0.6],
  [1, 0.2],
  [1.5, 0.1],
];
/** Standard deviation, pixels, and how often the pixels are moved. */
const GLASS: Scale<readonly [sigma: number, rounds: number]> = [
  [0.05, 1],
  [0.25, 1],
  [0.4, 1],
  [0.25, 2],
  [0.4, 2],
];
/** Radius and standard deviation of the trail, pixels. */
const MOTION: Scale<readonly [radius: number, sigma: number]> = [
  [6, 1],
  [6, 1.5],
  [6, 2],
  [8, 2],
  [9, 2.5],
];
/** Where the zoom factors end: 1, 1.01, 1.02, … below it. */
const ZOOM: Scale<number> = [1.06, 1.11, 1.16, 1.21, 1.26];

/** Gaussian blur. */
export function gaussianBlur(picture: Picture, severity: Severity): Uint8Array {
  return toBytes(gaussianFilter(toUnit(picture), shapeOf(picture), at(GAUSSIAN, severity)));
}

/** A lens out of focus: the mean over a disk with a soft rim. */
export function defocusBlur(picture: Picture, severity: Severity): Uint8Array {
  return toBytes(correlate(toUnit(picture), shapeOf(picture), softDisk(...at(DEFOCUS, severity))));
}

/** A disk of weight 1 on a 7 × 7 grid, smoothed by a 3 × 3 Gaussian window. */
function softDisk(radius: number, softness: number): number[] {
  const grid = { height: 7, width: 7, channels: 1 };
  const disk = Array.from({ length: 49 }, (_, i) =>
    Number((Math.floor(i / 7) - 3) ** 2 + ((i % 7) - 3) ** 2 <= radius ** 2),
  );
  const rim = Math.exp(-1 / (2 * softness ** 2));
  const window = [rim, 1, rim].flatMap((down) => [rim, 1, rim].map((across) => down * across));
  const soft = Array.from(correlate(disk, grid, window));
  const sum = soft.reduce((total, weight) => total + weight);
  return soft.map((weight) => weight / sum);
}

/**
 * Frosted glass: each pixel is taken from a random neighbour up or left, between two blurs.
 *
 * The official script means to swap the two pixels, but assigns through numpy views, so that the second one
 * keeps its colour; so it is here. Its two borders of one pixel stay too.
 */
export function glassBlur(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const [sigma, rounds] = at(GLASS, severity);
  const shape = shapeOf(picture);
  const bytes = toBytes(gaussianFilter(toUnit(picture), shape, sigma));
  for (let round = 0; round < rounds; round++) {
    for (let y = picture.height - 1; y > 1; y--) {
      for (let x = picture.width - 1; x > 1; x--) {
        const fromX = x - 1 + random.below(2);
        const fromY = y - 1 + random.below(2);
        const from = (fromY * picture.width + fromX) * 3;
        bytes.copyWithin((y * picture.width + x) * 3, from, from + 3);
      }
    }
  }
  return toBytes(gaussianFilter(toUnit({ ...picture, pixels: bytes }), shape, sigma));
}

/** The camera moves, up to 45° from the horizontal. */
export function motionBlur(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const [radius, sigma] = at(MOTION, severity);
  return blurAlongLine(picture.pixels, shapeOf(picture), radius, sigma, random.uniform(-45, 45));
}

/** The camera moves towards the object: the mean over several zooms and the picture itself. */
export function zoomBlur(picture: Picture, severity: Severity): Uint8Array {
  const x = toUnitSingle(picture);
  const shape = shapeOf(picture);
  const sum = new Float32Array(x.length);
  const step = 1.01 - 1;
  const zooms = Math.ceil((at(ZOOM, severity) - 1) / 0.01);
  for (let i = 0; i < zooms; i++) {
    const zoomed = clippedZoom(x, shape, 1 + i * step);
    for (let k = 0; k < sum.length; k++) sum[k]! += zoomed[k]!;
  }
  return toBytes(x.map((value, k) => Math.fround(value + sum[k]!) / (zooms + 1)));
}
