/** @file Half a cosine from one value to another, over a run: learning rate, weight decay, momentum of a teacher. */

/** The values at the ends. */
export interface CosineEnds {
  from: number;
  to: number;
}

/**
 * The value after a share of the run: `to + (from − to) · (1 + cos(π · progress)) / 2`.
 *
 * DINO's weight decay is `cosine(step / steps, { from: 0.04, to: 0.4 })`, the momentum of its teacher goes from 0.996 to 1.
 * @param progress - share of the steps that are done, 0 to 1
 * Source: Loshchilov & Hutter 2017, Eq. 5 without restarts, https://arxiv.org/abs/1608.03983
 */
export function cosine(progress: number, { from, to }: CosineEnds): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}
