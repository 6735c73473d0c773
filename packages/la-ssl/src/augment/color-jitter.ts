/**
 * @file Colour jitter: brightness, contrast, saturation and hue changed by random amounts, in random order.
 *
 * As torchvision's ColorJitter, but with amounts, order and chance of its own for each example. Images of one channel get
 * brightness and contrast; they have no saturation and no hue.
 *
 * Sources: Chen 2020 (SimCLR), Appendix A; torchvision 0.14 for each operation; Smith 1978, "Color gamut
 * transform pairs", for HSV.
 */
import type { Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { OPERATIONS, type Step } from './changes.js';
import { type Applied, checkImages, sampleApplied } from './images.js';

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
  return changeImages(images, { steps: jitterSteps(params) });
}

/** The four operations of each example, in its order. */
export function jitterSteps({ applied, order, ...amounts }: JitterParams): Step[] {
  const codes = JITTER_OPERATIONS.map((operation) => OPERATIONS.indexOf(operation));
  return JITTER_OPERATIONS.map((_, slot) => {
    const places = applied.map((_, i) => order[4 * i + slot]!);
    return {
      operation: places.map((place, i) => (applied[i] ? codes[place]! : 0)),
      amount: Float32Array.from(places, (place, i) => amounts[JITTER_OPERATIONS[place]!][i]!),
    };
  });
}
