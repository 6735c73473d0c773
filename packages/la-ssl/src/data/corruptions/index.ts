/**
 * @file The nineteen corruptions of CIFAR-10-C, and identity, of one picture at a time.
 *
 * Source: Hendrycks & Dietterich 2019, "Benchmarking neural network robustness to common corruptions and
 * perturbations", https://arxiv.org/abs/1903.12261; the parameters of its `make_cifar_c.py`, which are made
 * for 32 × 32 pixels. How close each one comes to that script is tested against records of its output.
 */

import type { Random } from '../../random.js';
import * as blur from './blur.js';
import * as digital from './digital.js';
import * as noise from './noise.js';
import type { Picture, Severity } from './picture.js';
import { spatter } from './spatter.js';
import * as weather from './weather.js';

export { loadFrostPictures } from './frost.js';
export type { Picture, Severity } from './picture.js';

type Corruption = (
  picture: Picture,
  severity: Severity,
  random: Random,
  frost: readonly Picture[] | undefined,
) => Uint8Array;

const BY_NAME = {
  gaussian_noise: noise.gaussianNoise,
  shot_noise: noise.shotNoise,
  impulse_noise: noise.impulseNoise,
  speckle_noise: noise.speckleNoise,
  gaussian_blur: blur.gaussianBlur,
  defocus_blur: blur.defocusBlur,
  glass_blur: blur.glassBlur,
  motion_blur: blur.motionBlur,
  zoom_blur: blur.zoomBlur,
  snow: weather.snow,
  frost: weather.frost,
  fog: weather.fog,
  brightness: weather.brightness,
  contrast: digital.contrast,
  spatter,
  elastic_transform: digital.elasticTransform,
  jpeg_compression: digital.jpegCompression,
  pixelate: digital.pixelate,
  saturate: digital.saturate,
  identity: digital.identity,
} satisfies Record<string, Corruption>;

/** A corruption by the name that CIFAR-10-C gives it, or `identity`. */
export type CorruptionName = keyof typeof BY_NAME;

/** All names, in the order of the families: noise, blur, weather, digital, identity. */
export const CORRUPTIONS = Object.keys(BY_NAME) as readonly CorruptionName[];

export interface CorruptOptions {
  name: CorruptionName;
  /** 1 (slight) to 5 (strong). */
  severity: number;
  /** Rows of the picture. */
  height: number;
  /** Columns of the picture. */
  width: number;
  /** Where the chance comes from; the same generator state gives the same picture. */
  random: Random;
  /** Photographs of frost, from {@link loadFrostPictures}; without them frost is grown. */
  frost?: readonly Picture[];
}

/**
 * Corrupts one picture; the input stays as it is.
 * @param image - bytes in rows `[H · W · 3]`, red, green, blue beside one another
 * @returns bytes of the same shape
 * @throws RangeError if the name, the severity or the size is none
 */
export function corrupt(image: Uint8Array | Uint8ClampedArray, options: CorruptOptions): Uint8Array {
  const { name, severity, height, width, random, frost } = options;
  if (!Object.hasOwn(BY_NAME, name)) {
    throw new RangeError(`corruption "${name}" is not known; choose one of ${CORRUPTIONS.join(', ')}`);
  }
  if (!isSeverity(severity)) throw new RangeError(`severity ${severity}: give a whole number from 1 to 5`);
  if (height < 1 || width < 1 || image.length !== height * width * 3) {
    throw new RangeError(`an image of ${image.length} bytes is not ${height} x ${width} pixels of 3 bytes`);
  }
  const corruption: Corruption = BY_NAME[name];
  return corruption({ pixels: image, height, width }, severity, random, frost);
}

function isSeverity(value: number): value is Severity {
  return Number.isInteger(value) && value >= 1 && value <= 5;
}
