/**
 * @file Spatter on the lens: drops of water at severities 1 to 3, mud at 4 and 5.
 *
 * Source: Hendrycks & Dietterich 2019, https://arxiv.org/abs/1903.12261; parameters of `make_cifar_c.py`.
 */

import type { Random } from '../../random.js';
import { boxBlur, correlate, gaussianFilter } from './convolve.js';
import { cannyEdges, distanceTo } from './edges.js';
import { equalizeHistogram } from './equalize.js';
import {
  at,
  clampToByte,
  type Picture,
  type Severity,
  type Shape,
  toBytes,
  toUnitSingle,
} from './picture.js';

/**
 * The liquid is Gaussian noise (mean, deviation), blurred; it stands where it is above the threshold. Water
 * has a strength, mud a softness of its rim.
 */
const SPATTER = [
  { mean: 0.62, deviation: 0.1, blur: 0.7, threshold: 0.7, water: 0.5 },
  { mean: 0.65, deviation: 0.1, blur: 0.8, threshold: 0.7, water: 0.5 },
  { mean: 0.65, deviation: 0.3, blur: 1, threshold: 0.69, water: 0.5 },
  { mean: 0.65, deviation: 0.1, blur: 0.7, threshold: 0.69, mud: 0.6 },
  { mean: 0.65, deviation: 0.1, blur: 0.5, threshold: 0.68, mud: 0.6 },
] as const;

/** Pale turquoise and brown, shares of 255. */
const WATER_COLOUR = [175, 238, 238].map((byte) => Math.fround(byte / 255));
const MUD_COLOUR = [63, 42, 20].map((byte) => Math.fround(byte / 255));

/** Canny's thresholds, and the distance from an edge beyond which a drop is flat. */
const EDGES = { low: 50, high: 150, reach: 20 };
/** Light from the top left. */
const EMBOSS = [-2, -1, 0, -1, 1, 1, 0, 1, 2];
/** A rim of mud thinner than this is none. */
const MUD_FROM = 0.8;

/** Rain or mud on the lens. */
export function spatter(picture: Picture, severity: Severity, random: Random): Uint8Array {
  const parameters = at<(typeof SPATTER)[number]>(SPATTER, severity);
  const { mean, deviation, blur, threshold } = parameters;
  const layer = { height: picture.height, width: picture.width, channels: 1 };
  const noise = Float64Array.from({ length: layer.height * layer.width }, () =>
    random.normal(mean, deviation),
  );
  const liquid = gaussianFilter(noise, layer, blur).map((value) => (value < threshold ? 0 : value));
  const x = toUnitSingle(picture);

  if ('water' in parameters) {
    const depth = dropDepth(liquid, layer);
    const deepest = depth.reduce((a, b) => Math.max(a, b));
    if (deepest === 0) return Uint8Array.from(picture.pixels); // no drop: the official script divides 0 by 0
    return toBytes(
      x.map(
        (value, i) => value + (depth[Math.floor(i / 3)]! / deepest) * parameters.water * WATER_COLOUR[i % 3]!,
      ),
    );
  }
  const stain = Float32Array.from(liquid, (value) => Number(value > threshold));
  const mud = gaussianFilter(stain, layer, parameters.mud).map((value) => (value < MUD_FROM ? 0 : value));
  return toBytes(
    x.map((value, i) => {
      const cover = mud[Math.floor(i / 3)]!;
      return value * (1 - cover) + MUD_COLOUR[i % 3]! * cover;
    }),
  );
}

/** How much water stands on each pixel: drops bulge from their edges, and are lit from one side. */
function dropDepth(liquid: Float64Array, layer: Shape): Float64Array {
  const bytes = Uint8Array.from(liquid, (value) => value * 255);
  const distance = distanceTo(cannyEdges(bytes, layer, EDGES.low, EDGES.high), layer);
  const flat = boxBlur(
    distance.map((d) => Math.min(d, EDGES.reach)),
    layer,
  );
  const height = equalizeHistogram(Uint8Array.from(flat, Math.fround));
  const lit = correlate(height, layer, EMBOSS).map(clampToByte);
  return boxBlur(lit, layer).map((light, i) => Math.round(light) * bytes[i]!);
}
