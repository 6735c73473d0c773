/** What works share: where their sides are, and what both sides must agree on. */
import { fileURLToPath } from 'node:url';

/** @returns the file of a side */
export const script = (name) => fileURLToPath(new URL(`../sides/${name}`, import.meta.url));

/** glibc's names of the settings that our addon makes. */
export const MALLOC = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 30),
  MALLOC_TRIM_THRESHOLD_: String(2047 * 2 ** 20),
  MALLOC_TOP_PAD_: String(64 * 2 ** 20),
};

/** Of a process that is to use one thread. */
export const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };

/**
 * In float32 the first two losses must be those of ours, the second after a step; by the third, rounding has grown to thousandths.
 * In bfloat16, whose rounding differs, the first must, and the others about.
 * @throws Error where a side computes something else
 */
export function checkLosses(sides) {
  for (const { name, precision, ready } of sides) {
    const ours = sides.find((side) => side.role !== 'peer' && side.precision === precision).ready.losses;
    const far = precision === 'float32' ? [1e-3, 1e-3, 0.02] : [0.03, 0.3, 0.3];
    const agree = ready.losses.every((loss, i) => Math.abs(loss - ours[i]) < far[Math.min(i, 2)]);
    if (!agree) throw new Error(`${name} computes another loss: ${ready.losses}, ours: ${ours}`);
  }
}
