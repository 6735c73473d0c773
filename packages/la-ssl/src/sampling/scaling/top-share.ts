/**
 * @file The slowest share k of the examples, all equally often, and no others.
 *
 * Examples as fast as the last of them share what is left of it, so that equal speeds get equal weights. Only the order
 * of the speeds counts, and the effective sample size is k where no speeds are equal.
 */
import type { ScalingShape } from './scaling.js';

/** The default is the share that the paper's r puts below its threshold. */
export const topShare = {
  knob: 'slowestShare',
  options: { slowestShare: 0.1 },
  range: [1, 1e-9],
  fit(speeds) {
    const sorted = new Float64Array(speeds).sort();
    return (share) => {
      if (!(share > 0 && share <= 1)) {
        throw new RangeError(`slowestShare must lie in (0, 1], got ${share}.`);
      }
      const wanted = Math.max(1, share * sorted.length);
      const threshold = sorted[Math.ceil(wanted) - 1]!;
      const below = sorted.indexOf(threshold);
      const equal = sorted.lastIndexOf(threshold) + 1 - below;
      const weight = (wanted - below) / equal;
      return { threshold, h: (speed) => (speed < threshold ? 1 : speed === threshold ? weight : 0) };
    };
  },
} satisfies ScalingShape;
