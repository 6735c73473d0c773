/** @file The learning rate's schedule: a pure function of the step. */
import { cosine } from '../cosine.js';

export interface CosineOptions {
  /** Rate at the end of the warm-up. */
  peak: number;
  /** Steps in all. */
  steps: number;
  /** Steps of linear warm-up. */
  warmupSteps: number;
  /** Rate of step 0 of the warm-up, `peak / warmupSteps` unless given; 0 in DINO, 3e-5 in solo-learn. */
  start?: number;
  /** Rate that the cosine falls to (0); the step after the last would have it. */
  final?: number;
}

/**
 * Learning rate of a step: linear warm-up `peak · (step + 1) / warmup`, then half a cosine from `peak` to `final`.
 * With `start` the warm-up is `start + (peak − start) · step / (warmup − 1)`, which for `start = peak / warmup` is the same.
 * @param step - from 0 to steps − 1
 * Source: Goyal et al. 2017, Section 2.2, https://arxiv.org/abs/1706.02677, and `cosine`'s
 */
export function cosineLr(step: number, options: CosineOptions): number {
  const { peak, steps, warmupSteps, start, final = 0 } = options;
  if (step < warmupSteps) {
    if (start === undefined) return (peak * (step + 1)) / warmupSteps;
    return start + ((peak - start) * step) / Math.max(1, warmupSteps - 1);
  }
  return cosine((step - warmupSteps) / Math.max(1, steps - warmupSteps), { from: peak, to: final });
}
