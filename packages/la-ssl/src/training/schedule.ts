/** @file Schedules: pure functions of the step. */

export interface CosineOptions {
  /** Rate at the end of the warm-up. */
  peak: number;
  /** Steps in all. */
  steps: number;
  /** Steps of linear warm-up. */
  warmupSteps: number;
}

/**
 * Learning rate of a step: linear warm-up `peak · (step + 1) / warmup`, then half a cosine from `peak` to 0.
 * @param step - from 0 to steps − 1
 * Source: Loshchilov & Hutter 2017, Eq. 5 without restarts, https://arxiv.org/abs/1608.03983
 */
export function cosineLr(step: number, { peak, steps, warmupSteps }: CosineOptions): number {
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
  return (peak * (1 + Math.cos(Math.PI * progress))) / 2;
}
