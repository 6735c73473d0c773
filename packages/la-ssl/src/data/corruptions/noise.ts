/**
 * @file The noise corruptions: Gaussian, shot, impulse and speckle.
 *
 * Source: Hendrycks & Dietterich 2019, https://arxiv.org/abs/1903.12261; parameters of `make_cifar_c.py`.
 */

import type { Random } from '../../random.js';
import { at, type Picture, type Scale, type Severity, toBytes, toUnit } from './picture.js';

/** Standard deviation, shares of 255. */
const GAUSSIAN: Scale<number> = [0.04, 0.06, 0.08, 0.09, 0.1];
/** Photons at full brightness. */
const SHOT: Scale<number> = [500, 250, 100, 75, 50];
/** Share of the bytes that are hit. */
const IMPULSE: Scale<number> = [0.01, 0.02, 0.03, 0.05, 0.07];
/** Standard deviation, as a share of the value. */
const SPECKLE: Scale<number> = [0.06, 0.1, 0.12, 0.16, 0.2];

/** Electronic noise: `x + σ n`, n standard normal for each byte. */
export function gaussianNoise(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const sigma = at(GAUSSIAN, severity);
  return toBytes(toUnit(picture).map((x) => x + random.normal(0, sigma)));
}

/** The counting noise of light: `Poisson(c x) / c`. */
export function shotNoise(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const photons = at(SHOT, severity);
  return toBytes(toUnit(picture).map((x) => random.poisson(x * photons) / photons));
}

/** Salt and pepper: a share of the bytes becomes 0 or 255, each as likely. */
export function impulseNoise(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const share = at(IMPULSE, severity);
  const x = toUnit(picture);
  const hit = x.map(() => Number(random.uniform() <= share));
  const salt = x.map(() => Number(random.uniform() <= 0.5));
  return toBytes(x.map((value, i) => (hit[i] === 1 ? salt[i]! : value)));
}

/** Noise in proportion to the value: `x + x σ n`. */
export function speckleNoise(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const sigma = at(SPECKLE, severity);
  return toBytes(toUnit(picture).map((x) => x + x * random.normal(0, sigma)));
}
