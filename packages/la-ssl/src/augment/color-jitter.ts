/**
 * @file Colour jitter: brightness, contrast, saturation and hue changed by random amounts, in random order.
 *
 * As torchvision's ColorJitter, but with amounts, order and chance of its own for each example. One blend does any of three
 * of the operations, for many examples at once; hue is turned for all examples at once, between the blends that come before
 * it in their orders and those that come after. Images of one channel get brightness and contrast; they have no saturation and
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
const HUE = JITTER_OPERATIONS.indexOf('hue');

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
  const { examples, starts } = sortByHue(params);
  const end = examples.length;
  return scope(() => {
    const sorted = images.indexSelect(0, indexTensor(examples));
    const change = (
      from: number,
      to: number,
      operationOf: (example: number, hueAt: number) => number,
    ): void =>
      scope(() => {
        if (from < to)
          blend(sorted.narrow(0, from, to - from), params, examples.slice(from, to), operationOf);
      });
    for (let slot = 0; slot < 3; slot++) {
      change(starts[3 - slot]!, end, (example, hueAt) => 4 * example + slot + hueAt - 3);
    }
    const jittered = examples.slice(starts[0]);
    if (images.shape[1] === 3 && jittered.some((example) => params.hue[example] !== 0)) {
      scope(() => {
        const turns = perExample(pick(params.hue, jittered));
        turnHue(sorted.narrow(0, starts[0]!, jittered.length), turns);
      });
    }
    for (let slot = 0; slot < 3; slot++) {
      change(starts[0]!, starts[3 - slot]!, (example, hueAt) => 4 * example + slot + hueAt + 1);
    }
    return sorted.indexSelect(0, indexTensor(inverse(examples)));
  });
}

/** Where hue stands in the order of an example, 0 to 3. */
const placeOfHue = ({ order }: JitterParams, example: number): number =>
  order.subarray(4 * example, 4 * example + 4).indexOf(HUE);

/**
 * The examples by the place of their hue, so that it is turned for all of them at once, after the operations that precede it
 * and before those that follow: those that have so many of them lie side by side.
 * @returns `examples`: first those that are not changed; `starts[k]`: where those begin that have k operations or more before hue
 */
function sortByHue(params: JitterParams): { examples: number[]; starts: number[] } {
  const byPlace: number[][] = [[], [], [], [], []];
  for (const [example, applied] of params.applied.entries()) {
    byPlace[applied ? 1 + placeOfHue(params, example) : 0]!.push(example);
  }
  const starts: number[] = [];
  let start = 0;
  for (const { length } of byPlace) {
    start += length;
    starts.push(start);
  }
  return { examples: byPlace.flat(), starts };
}

/** @returns where each example lies in `examples` */
function inverse(examples: readonly number[]): number[] {
  const places = new Array<number>(examples.length);
  for (const [place, example] of examples.entries()) places[example] = place;
  return places;
}

/**
 * One of brightness, contrast and saturation for each example: blends with black, with the mean of the luminance, and with the
 * luminance. `factor · images + (1 − factor) · other`, limited to [0, 1], in place.
 * @param images - of `examples`
 * @param operationOf - where in `order` the operation stands of an example that has its hue at a place
 */
function blend(
  images: Tensor,
  params: JitterParams,
  examples: readonly number[],
  operationOf: (example: number, hueAt: number) => number,
): void {
  const factor = new Float32Array(examples.length).fill(1);
  const ofMean = new Float32Array(examples.length);
  const ofLuminance = new Float32Array(examples.length);
  for (const [i, example] of examples.entries()) {
    const place = operationOf(example, placeOfHue(params, example));
    const operation = JITTER_OPERATIONS[params.order[place]!] as Operation;
    if (operation === 'saturation' && images.shape[1] === 1) continue;
    factor[i] = params[operation][example]!;
    if (operation === 'contrast') ofMean[i] = 1 - factor[i]!;
    if (operation === 'saturation') ofLuminance[i] = 1 - factor[i]!;
  }
  const light = luminance(images);
  const mean = light.mean([2, 3], { keepdim: true }).mul_(perExample(ofMean));
  const other = light.mul_(perExample(ofLuminance)).add_(mean);
  images.mul_(perExample(factor)).add_(other).clamp_({ min: 0, max: 1 });
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
