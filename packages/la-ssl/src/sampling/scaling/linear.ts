/**
 * @file The paper's scaling function: `h(s) = max(0, s* − γ·(s − s*))`, where s* is the r-quantile of the speeds.
 *
 * Homogeneous: speeds in another unit give the same probabilities. Everything from `s*·(1 + 1/γ)` upward gets weight
 * 0: with γ = 10, whatever is more than 10 % faster than the threshold is not drawn at all. However large γ, the
 * examples below s* share the draws, so r bounds the effective sample size from below.
 *
 * Source: Zhu, Liu, Fernandez-Granda, Razavian, Algorithm 1 and Eq. 3, https://arxiv.org/abs/2311.16361
 */
import { quantile } from '../quantile.js';
import { checkNotNegative, type ScalingFunction, type ScalingShape } from './scaling.js';

/** The paper's CelebA values are the defaults. */
export const linear = {
  knob: 'gamma',
  options: { gamma: 10, r: 0.1 },
  range: [1e-6, 1e6],
  fit(speeds, { r = 0.1 }) {
    const threshold = quantile(speeds, r);
    return (gamma) => {
      checkNotNegative('gamma', gamma);
      const h = (speed: number): number => {
        const weight = Math.max(-Number.MAX_VALUE, threshold - gamma * (speed - threshold));
        // max(0, weight) by no branch: speeds come in no order, and the processor would guess wrongly.
        return (weight + Math.abs(weight)) / 2;
      };
      return { threshold, h };
    };
  },
} satisfies ScalingShape;

/**
 * The same as a function of its options.
 *
 * @param speeds - speeds of all examples, > 0
 * @param options - r in [0, 1], default 0.1; gamma ≥ 0, default 10
 * @throws RangeError where `r` or `gamma` is out of range or there are no speeds
 */
export const linearScaling: ScalingFunction = (speeds, options) =>
  linear.fit(speeds, options)(options.gamma ?? linear.options.gamma);
