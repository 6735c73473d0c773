/**
 * @file `h = (1 − q)^α`, q = (rank − ½) / n the example's place from the slowest to the fastest; ties share the middle.
 *
 * Only the order of the speeds counts. Without ties, the effective sample size is the share `(2α + 1) / (α + 1)²` of
 * the examples for large n, whatever the speeds. α = 1 is linear ranking, as in Baker 1985, Adaptive selection methods
 * for genetic algorithms. For the reciprocal of the rank see `reciprocal-rank.ts`.
 */
import { midRanks } from '../ranks.js';
import { checkNotNegative, type ScalingShape } from './scaling.js';

/** The default has no source: an effective sample size of 56 %. */
export const rank = {
  knob: 'power',
  options: { power: 2 },
  range: [1e-6, 1e9],
  fit(speeds) {
    const count = speeds.length;
    const ranks = midRanks(speeds);
    const slowest = ranks.reduce((least, value) => Math.min(least, value), count);
    const unit = 1 - (slowest - 0.5) / count; // the slowest gets weight 1, however large the power
    return (exponent) => {
      checkNotNegative('power', exponent);
      return {
        threshold: null,
        h: (_speed, place) => ((1 - (ranks[place]! - 0.5) / count) / unit) ** exponent,
      };
    };
  },
} satisfies ScalingShape;
