/** @file Scaling functions by name. */
import { exponential } from './exponential.js';
import { linear } from './linear.js';
import { power } from './power.js';
import { rank } from './rank.js';
import { reciprocalRank } from './reciprocal-rank.js';
import type { ScalingShape } from './scaling.js';
import { topShare } from './top-share.js';

export { linearScaling } from './linear.js';
export type { Knob, Scaling, ScalingFunction, ScalingOptions, ScalingShape } from './scaling.js';

/** Every shape of h, by its name for `--scaling`. */
export const SCALINGS = {
  linear,
  power,
  exponential,
  rank,
  'reciprocal-rank': reciprocalRank,
  'top-share': topShare,
} as const satisfies Record<string, ScalingShape>;
export type ScalingName = keyof typeof SCALINGS;
