/**
 * @file The weather corruptions: snow, frost, fog and brightness. (Spatter has a file of its own.)
 *
 * Source: Hendrycks & Dietterich 2019, https://arxiv.org/abs/1903.12261; parameters of `make_cifar_c.py`.
 */

import type { Random } from '../../random.js';
import { cropFrost, growFrost } from './frost.js';
import { editSaturationAndValue } from './hsv.js';
import { motionBlur } from './motion-blur.js';
import {
  at,
  clampToByte,
  type Picture,
  type Scale,
  type Severity,
  toBytes,
  toUnit,
  toUnitSingle,
} from './picture.js';
import { plasmaFractal } from './plasma-fractal.js';
import { clippedZoom } from './zoom.js';

/**
 * Snow is cut from Gaussian noise (mean, deviation), enlarged (zoom): what lies above the threshold is a
 * flake, and leaves a trail (radius, sigma). The picture keeps a share, the rest of it is bleached.
 */
const SNOW = [
  { mean: 0.1, deviation: 0.2, zoom: 1, threshold: 0.6, radius: 8, sigma: 3, kept: 0.95 },
  { mean: 0.1, deviation: 0.2, zoom: 1, threshold: 0.5, radius: 10, sigma: 4, kept: 0.9 },
  { mean: 0.15, deviation: 0.3, zoom: 1.75, threshold: 0.55, radius: 10, sigma: 4, kept: 0.9 },
  { mean: 0.25, deviation: 0.3, zoom: 2.25, threshold: 0.6, radius: 12, sigma: 6, kept: 0.85 },
  { mean: 0.3, deviation: 0.3, zoom: 1.25, threshold: 0.65, radius: 14, sigma: 12, kept: 0.8 },
] as const;
/** Weights of the picture and of the frost. */
const FROST: Scale<readonly [picture: number, frost: number]> = [
  [1, 0.2],
  [1, 0.3],
  [0.9, 0.4],
  [0.85, 0.4],
  [0.75, 0.45],
];
/** Thickness of the fog, and the decay of its fractal: smaller is rougher. */
const FOG: Scale<readonly [thickness: number, decay: number]> = [
  [0.2, 3],
  [0.5, 3],
  [0.75, 2.5],
  [1, 2],
  [1.5, 1.75],
];
/** Added to the value. */
const BRIGHTNESS: Scale<number> = [0.05, 0.1, 0.15, 0.2, 0.3];

/** Falling snow, the same layer twice: as it is and upside down. */
export function snow(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const { mean, deviation, zoom, threshold, radius, sigma, kept } = at<(typeof SNOW)[number]>(SNOW, severity);
  const layer = { height: picture.height, width: picture.width, channels: 1 };
  const noise = Float64Array.from({ length: layer.height * layer.width }, () =>
    random.normal(mean, deviation),
  );
  const flakes = clippedZoom(noise, layer, zoom).map((value) => (value < threshold ? 0 : value));
  const trails = motionBlur(toBytes(flakes), layer, radius, sigma, random.uniform(-135, -45));

  const x = toUnitSingle(picture);
  const last = trails.length - 1;
  for (let i = 0; i <= last; i++) {
    const gray = 0.299 * x[3 * i]! + 0.587 * x[3 * i + 1]! + 0.114 * x[3 * i + 2]!;
    const bleached = gray * 1.5 + 0.5;
    const fallen = (trails[i]! + trails[last - i]!) / 255;
    for (let c = 0; c < 3; c++) {
      const value = x[3 * i + c]!;
      x[3 * i + c] = kept * value + (1 - kept) * Math.max(value, bleached) + fallen;
    }
  }
  return toBytes(x);
}

/**
 * Frost on the window: `a x + b frost`.
 * @param pictures - photographs of frost to crop from; without them the frost is grown
 */
export function frost(
  picture: Picture,
  severity: Severity,
  random: Random,
  pictures?: readonly Picture[],
): Uint8Array {
  const { pixels, height, width } = picture;
  const [kept, added] = at(FROST, severity);
  const ice = pictures ? cropFrost(pictures, height, width, random) : growFrost(height, width, random);
  return Uint8Array.from(pixels, (byte, i) => clampToByte(kept * byte + added * ice[i]!));
}

/** Fog: a plasma fractal on top, scaled back so that the brightest pixel of a clear picture stays. */
export function fog(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const { height, width } = picture;
  const [thickness, decay] = at(FOG, severity);
  const x = toUnit(picture);
  const brightest = x.reduce((a, b) => Math.max(a, b));
  const side = 2 ** Math.ceil(Math.log2(Math.max(height, width, 2)));
  const cloud = plasmaFractal(side, decay, random);
  for (let i = 0; i < x.length; i++) {
    const pixel = Math.floor(i / 3);
    const haze = cloud[Math.floor(pixel / width) * side + (pixel % width)]!;
    x[i] = ((x[i]! + thickness * haze) * brightest) / (brightest + thickness);
  }
  return toBytes(x);
}

/** Brighter: `V + c`. */
export function brightness(picture: Picture, severity: Severity): Uint8Array {
  const added = at(BRIGHTNESS, severity);
  return toBytes(editSaturationAndValue(toUnit(picture), (s, v) => [s, Math.min(1, v + added)]));
}
