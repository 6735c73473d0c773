/** @file What is said where numbers are no longer finite. */
import type { Position } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';

/** @param steps - of an epoch @param what - a clause: "the loss became NaN" */
export function diverged(
  { lr, epochs }: ResolvedConfig,
  { epoch, step }: Position,
  steps: number,
  what: string,
): Error {
  return new Error(
    `Training diverged: ${what}, in epoch ${epoch + 1} of ${epochs}, after ${step} of its ${steps} steps. ` +
      `Start another run with a lower lr than ${lr}, a longer warm-up (lrWarmupEpochs), or clipGradient.`,
  );
}
