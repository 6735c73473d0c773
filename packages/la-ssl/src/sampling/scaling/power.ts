/**
 * @file `h(s) = (s / min s)^−α`: half the speed, 2^α times the draws. Homogeneous, and no example gets weight 0.
 *
 * With the speed `exp(cos / τ)` it is a softmax of −cos with the temperature τ/α.
 */
import { extremes } from './extremes.js';
import { checkNotNegative, type ScalingShape } from './scaling.js';

/** The default has no source; it prefers slow examples gently. */
export const power = {
  knob: 'power',
  options: { power: 2 },
  range: [1e-6, 1e6],
  fit(speeds) {
    const { least } = extremes(speeds); // the unit in which no weight overflows
    return (exponent) => {
      checkNotNegative('power', exponent);
      return { threshold: null, h: (speed) => (speed / least) ** -exponent };
    };
  },
} satisfies ScalingShape;
