/**
 * @file `h(s) = exp(−s / (T·s̄))`, s̄ the mean speed: a softmax of the slowness with temperature T.
 *
 * The mean speed as the unit makes it homogeneous: speeds in another unit give the same probabilities.
 */
import { extremes } from './extremes.js';
import { checkAboveZero, type ScalingShape } from './scaling.js';

/** The default has no source; it prefers slow examples gently. */
export const exponential = {
  knob: 'scalingTemperature',
  options: { scalingTemperature: 0.5 },
  range: [1e6, 1e-9],
  fit(speeds) {
    const { least, mean } = extremes(speeds);
    return (temperature) => {
      checkAboveZero('scalingTemperature', temperature);
      // From the slowest speed on, which changes no probability: its weight is 1, however low the temperature.
      return { threshold: null, h: (speed) => Math.exp((least - speed) / mean / temperature) };
    };
  },
} satisfies ScalingShape;
