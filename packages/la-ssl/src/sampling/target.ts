/** @file Choosing a shape's knob so that the draws have a wanted effective sample size. */
import type { Knob, Scaling } from './scaling/index.js';

/** What was chosen, and what it gives. */
export interface ChosenKnob {
  readonly name: Knob;
  readonly value: number;
  /** Whether the target is held; otherwise this is the nearest that the speeds allow. */
  readonly reached: boolean;
}

/** How near counts as held, relative to the target. */
const TOLERANCE = 1e-3;
/** Enough to halve the range of any knob down to rounding. */
const STEPS = 100;

/**
 * Bisection on the logarithm of the knob. It ends well: where a knob is sharper, the weights of slow examples rise
 * against those of all faster ones, so the effective sample size falls.
 *
 * @param range - values of the knob, from next to uniform to sharpest
 * @param sizeAt - the effective sample size, as a share, that a value of the knob gives
 * @param target - in (0, 1]
 */
export function chooseKnob(
  name: Knob,
  range: readonly [uniform: number, sharpest: number],
  sizeAt: (knob: number) => number,
  target: number,
): ChosenKnob {
  let [blunt, sharp] = range;
  const chosen = (value: number, size: number): ChosenKnob => {
    return { name, value, reached: Math.abs(size / target - 1) <= TOLERANCE };
  };
  const bluntest = sizeAt(blunt);
  if (bluntest <= target) return chosen(blunt, bluntest);
  const sharpest = sizeAt(sharp);
  if (sharpest >= target) return chosen(sharp, sharpest);
  for (let step = 0; ; step++) {
    const value = Math.sqrt(blunt * sharp);
    const size = sizeAt(value);
    if (Math.abs(size / target - 1) < TOLERANCE / 10 || step === STEPS) return chosen(value, size);
    if (size > target) blunt = value;
    else sharp = value;
  }
}

/**
 * The effective sample size, as a share of N, of the probabilities that weights will give: known examples by weight,
 * unknown ones 1/N each, and a uniform share mixed in.
 *
 * @param speeds - of the n known examples
 * @param count - N ≥ n
 */
export function sizeOfWeights(
  { h }: Scaling,
  speeds: ArrayLike<number>,
  count: number,
  uniformShare: number,
): number {
  const known = speeds.length;
  let sum = 0;
  let squares = 0;
  for (let k = 0; k < known; k++) {
    const weight = h(speeds[k]!, k);
    sum += weight;
    squares += weight * weight;
  }
  // Of N·π: 1 on average, over the known as over all.
  const concentration = (known * squares) / (sum * sum);
  const byKnown = (1 - uniformShare) ** 2 * (concentration - 1) + 1;
  return count / (known * byKnown + (count - known));
}
