/**
 * @file Colour jitter: brightness, contrast, saturation and hue changed by random amounts, in random order.
 *
 * As torchvision's ColorJitter, but with amounts, order and chance of its own for each example. At each of the
 * four places in the order, one blend of the whole batch does three of the operations, and hue is done to the
 * examples that have it there. Images of one channel get brightness and contrast; they have no saturation and
 * no hue.
 *
 * Sources: Chen 2020 (SimCLR), Appendix A; torchvision 0.14 for each operation; Smith 1978, "Color gamut
 * transform pairs", for HSV.
 */
import { fromData, scope, type Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { luminance } from './grayscale.js';
import { type Applied, checkImages, indexTensor, perExample, pick, sampleApplied } from './images.js';

/** The operations; `order` names them by their place in here. */
export const JITTER_OPERATIONS = ['brightness', 'contrast', 'saturation', 'hue'] as const;
type Operation = (typeof JITTER_OPERATIONS)[number];

/** Amounts an example, and the order in which they are applied. */
export interface JitterParams extends Applied, Record<Operation, Float32Array> {
  /** `[N · 4]`: for each example the four operations, first to last, as places in `JITTER_OPERATIONS`. */
  order: Uint8Array;
}

export interface JitterOptions {
  /** Factors are drawn from [max(0, 1 − b), 1 + b]. */
  brightness: number;
  contrast: number;
  saturation: number;
  /** Turns are drawn from [−hue, hue]; at most ½. */
  hue: number;
  /** That an example is changed at all (0.8). */
  probability?: number;
}

/** SimCLR's amounts: 0.8, 0.8, 0.8 and 0.2 times the strength. */
export function jitterOfStrength(strength: number): Record<Operation, number> {
  return {
    brightness: 0.8 * strength,
    contrast: 0.8 * strength,
    saturation: 0.8 * strength,
    hue: 0.2 * strength,
  };
}

/** @throws RangeError for a negative amount, or a hue above ½ */
export function sampleColorJitter(count: number, options: JitterOptions, random: Random): JitterParams {
  for (const operation of JITTER_OPERATIONS) {
    const amount = options[operation];
    const limit = operation === 'hue' ? 0.5 : Infinity;
    if (!(amount >= 0 && amount <= limit && amount < Infinity)) {
      throw new RangeError(`jitter ${operation} must be a number from 0 to ${limit}, got ${amount}.`);
    }
  }
  const params = {
    applied: sampleApplied(count, options.probability ?? 0.8, random),
    brightness: new Float32Array(count),
    contrast: new Float32Array(count),
    saturation: new Float32Array(count),
    hue: new Float32Array(count),
    order: new Uint8Array(4 * count),
  };
  const factor = (amount: number) => random.uniform(Math.max(0, 1 - amount), 1 + amount);
  for (let i = 0; i < count; i++) {
    params.brightness[i] = factor(options.brightness);
    params.contrast[i] = factor(options.contrast);
    params.saturation[i] = factor(options.saturation);
    params.hue[i] = random.uniform(-options.hue, options.hue);
    shuffle(params.order.subarray(4 * i, 4 * i + 4), random);
  }
  return params;
}

/** Fills with 0 to n − 1 in random order (Durstenfeld's inside-out shuffle). */
function shuffle(order: Uint8Array, random: Random): void {
  for (let next = 0; next < order.length; next++) {
    const place = random.below(next + 1);
    order[next] = order[place]!;
    order[place] = next;
  }
}

/**
 * @param images - float32 in [0, 1], `[N, C, H, W]`
 * @returns the images with their own amounts applied in their own order
 */
export function applyColorJitter(images: Tensor, params: JitterParams): Tensor {
  checkImages('applyColorJitter', images, params.applied.length);
  const result = images.clone({ memoryFormat: 'contiguous' });
  for (let place = 0; place < JITTER_OPERATIONS.length; place++) {
    scope(() => blend(result, params, place));
    if (result.shape[1] === 3) scope(() => turnHues(result, params, place));
  }
  return result;
}

/**
 * Brightness, contrast and saturation, for the examples that have one of them at this place of their order:
 * blends with black, with the mean of the luminance, and with the luminance.
 * `factor · images + (1 − factor) · other`, limited to [0, 1], in place; for the others factor is 1.
 */
function blend(images: Tensor, params: JitterParams, place: number): void {
  const [count, channels] = images.shape as [number, number];
  const factor = new Float32Array(count).fill(1);
  const ofMean = new Float32Array(count);
  const ofLuminance = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const operation = operationAt(params, i, place);
    if (operation === undefined || operation === 'hue') continue;
    if (operation === 'saturation' && channels === 1) continue;
    factor[i] = params[operation][i]!;
    if (operation === 'contrast') ofMean[i] = 1 - factor[i]!;
    if (operation === 'saturation') ofLuminance[i] = 1 - factor[i]!;
  }
  const light = luminance(images);
  const mean = light.mean([2, 3], { keepdim: true }).mul_(perExample(ofMean));
  const other = light.mul_(perExample(ofLuminance)).add_(mean);
  images.mul_(perExample(factor)).add_(other).clamp_({ min: 0, max: 1 });
}

/** Hue, for the examples that have it at this place of their order; in place. */
function turnHues(images: Tensor, params: JitterParams, place: number): void {
  const examples: number[] = [];
  for (let i = 0; i < params.applied.length; i++) {
    if (params.hue[i] !== 0 && operationAt(params, i, place) === 'hue') examples.push(i);
  }
  if (examples.length === 0) return;
  const index = indexTensor(examples);
  const some = images.indexSelect(0, index);
  turnHue(some, perExample(pick(params.hue, examples)));
  images.indexCopy_(0, index, some);
}

function operationAt(
  { applied, order }: JitterParams,
  example: number,
  place: number,
): Operation | undefined {
  return applied[example] ? JITTER_OPERATIONS[order[4 * example + place]!] : undefined;
}

/**
 * Turns the hue of HSV in place, keeping value and saturation. With `max`, `min` and `chroma = max − min` of the
 * three channels, the hue is a place on a circle of six sectors, on which each channel rises from `min` to
 * `max`, stays for two sectors, falls, and stays for two.
 *
 * Two things halve the time: products with 0 or 1 choose the hue's formula by the greatest channel, where
 * `where` and `lerp` would branch at every pixel; and few intermediates, so that they stay in the processor's cache.
 *
 * @param turns - `[N, 1, 1, 1]`
 */
function turnHue(images: Tensor, turns: Tensor): void {
  const min = images.amin({ dim: 1, keepdim: true });
  const chroma = images.amax({ dim: 1, keepdim: true }).sub_(min);
  images.sub_(min).div_(chroma.clamp({ min: 1e-30 })); // now the greatest channel is 1; gray is all 0
  const [red, green, blue] = images.split(1, { dim: 1 }) as [Tensor, Tensor, Tensor];
  const hue = red.sub(green).add_(4); // right where blue is the greatest
  scope(() => hue.add_(blue.sub(red).add_(2).sub_(hue).mul_(green.floor())));
  scope(() => hue.add_(green.sub(blue).sub_(hue).mul_(red.floor())));
  hue.add_(turns.mul(6));
  scope(() => hue.sub_(hue.div(6).floor_(), { alpha: 6 })); // from 0 to 6
  // Red is |hue − 3| − 1, green 2 − |hue − 2|, blue 2 − |hue − 4|, limited to [0, 1].
  const byChannel = (...values: number[]) => fromData(Float32Array.from(values), [3, 1, 1]);
  images
    .copy_(hue)
    .sub_(byChannel(3, 2, 4))
    .abs_();
  images
    .mul_(byChannel(1, -1, -1))
    .add_(byChannel(-1, 2, 2))
    .clamp_({ min: 0, max: 1 });
  images.mul_(chroma).add_(min);
}
