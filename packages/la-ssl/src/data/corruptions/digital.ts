/**
 * @file The digital corruptions: contrast, saturation, JPEG, pixels, elastic warp; and identity.
 *
 * Source: Hendrycks & Dietterich 2019, https://arxiv.org/abs/1903.12261; parameters of `make_cifar_c.py`.
 */

import type { Random } from '../../random.js';
import { boxResize } from './box-resize.js';
import { gaussianFilter } from './convolve.js';
import { editSaturationAndValue } from './hsv.js';
import { jpegRoundTrip } from './jpeg.js';
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
import { affineBetween, type Point, sample, type Triangle, warpAffine } from './resample.js';

/** What is left of the distance to the mean. */
const CONTRAST: Scale<number> = [0.75, 0.5, 0.4, 0.3, 0.15];
/** Factor of the saturation, and what is then added. */
const SATURATE: Scale<readonly [factor: number, offset: number]> = [
  [0.3, 0],
  [0.1, 0],
  [1.5, 0],
  [2, 0.1],
  [2.5, 0.2],
];
/** Quality, 1 to 100. */
const JPEG: Scale<number> = [80, 65, 58, 50, 40];
/** Side of the small picture, as a share. */
const PIXELATE: Scale<number> = [0.95, 0.9, 0.85, 0.75, 0.65];
/** Size of the displacements, their smoothness and the range of the affine part, shares of the side. */
const ELASTIC: Scale<readonly [size: number, smoothness: number, affine: number]> = [
  [0, 0, 0.08],
  [0.05, 0.2, 0.07],
  [0.08, 0.06, 0.06],
  [0.1, 0.04, 0.05],
  [0.1, 0.03, 0.03],
];

/** The picture as it is: the tenth member of the second "Learning from Failure" set. */
export function identity(picture: Picture): Uint8Array {
  return Uint8Array.from(picture.pixels);
}

/** Duller, or more colourful: `c S + d`. */
export function saturate(picture: Picture, severity: Severity): Uint8Array {
  const [factor, offset] = at(SATURATE, severity);
  return toBytes(editSaturationAndValue(toUnit(picture), (s, v) => [Math.min(1, s * factor + offset), v]));
}

/** Less contrast: `(x − mean) c + mean`, each channel about its own mean. */
export function contrast(picture: Picture, severity: Severity): Uint8Array {
  const kept = at(CONTRAST, severity);
  const x = toUnit(picture);
  const means = [0, 0, 0];
  for (let i = 0; i < x.length; i++) means[i % 3]! += x[i]! / (x.length / 3);
  return toBytes(x.map((value, i) => (value - means[i % 3]!) * kept + means[i % 3]!));
}

/** A JPEG file of low quality. */
export function jpegCompression(picture: Picture, severity: Severity): Uint8Array {
  return jpegRoundTrip(picture, at(JPEG, severity));
}

/** Fewer pixels: scaled down and up again. */
export function pixelate(picture: Picture, severity: Severity): Uint8Array {
  const { height, width } = picture;
  const share = at(PIXELATE, severity);
  const small = boxResize(picture, Math.floor(height * share), Math.floor(width * share));
  return Uint8Array.from(boxResize(small, height, width).pixels);
}

/** A random affine warp, then a smooth random displacement of each pixel. */
export function elasticTransform(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const { height, width } = picture;
  const side = Math.min(height, width);
  const parameters = at(ELASTIC, severity);
  const [size, smoothness, affine] = [parameters[0] * side, parameters[1] * side, parameters[2] * side];

  const arm = Math.floor(side / 3);
  const [x, y] = [Math.floor(width / 2), Math.floor(height / 2)];
  const corners: Triangle = [
    [x + arm, y + arm],
    [x + arm, y - arm],
    [x - arm, y - arm],
  ];
  const move = ([cx, cy]: Point): Point => [
    cx + random.uniform(-affine, affine),
    cy + random.uniform(-affine, affine),
  ];
  const moved: Triangle = [move(corners[0]), move(corners[1]), move(corners[2])];
  const warped = warpAffine(toUnitSingle(picture), shapeOf(picture), affineBetween(corners, moved), 'mirror');

  const field = (): Float64Array => {
    const noise = Float64Array.from({ length: height * width }, () => random.uniform(-1, 1));
    return gaussianFilter(noise, { height, width, channels: 1 }, smoothness, 'reflect', 3).map(
      (d) => d * size,
    );
  };
  const columns = field().map((dx, i) => (i % width) + dx);
  const rows = field().map((dy, i) => Math.floor(i / width) + dy);
  return toBytes(sample(warped, shapeOf(picture), rows, columns, 'reflect'));
}
