/**
 * @file `h = rank^−α`, the slowest example of rank 1; ties share the middle.
 *
 * Only the order of the speeds counts, and no example gets weight 0. Of n examples without ties the effective sample
 * size is the share `(Σ k^−α)² / (n Σ k^−2α)`: for α > ½ it falls with n, where that of `rank` does not.
 *
 * Source: Schaul 2016, "Prioritized experience replay", § 3.3, the rank-based variant, without its importance weights,
 * https://arxiv.org/abs/1511.05952. What has priority there is the error, here the slowness.
 */
import { midRanks } from '../ranks.js';
import { checkNotNegative, type ScalingShape } from './scaling.js';

/** The default is the paper's α for this variant. */
export const reciprocalRank = {
  knob: 'power',
  options: { power: 0.7 },
  range: [1e-6, 1e9],
  fit(speeds) {
    const ranks = midRanks(speeds);
    const slowest = ranks.reduce((least, value) => Math.min(least, value), speeds.length); // gets weight 1
    return (exponent) => {
      checkNotNegative('power', exponent);
      return { threshold: null, h: (_speed, place) => (ranks[place]! / slowest) ** -exponent };
    };
  },
} satisfies ScalingShape;
