/**
 * @file Clouds by the diamond-square algorithm on a torus.
 *
 * Source: Fournier, Fussell & Carpenter 1982, "Computer rendering of stochastic models", in the form and
 * with the constants of `make_cifar_c.py`.
 */

import type { Random } from '../../random.js';

/** Half the range of the first displacements: its `wibble · uniform(−wibble, wibble)` with wibble = 100. */
const FIRST_WIBBLE = 100;

/**
 * A height map with values from 0 to 1, both reached.
 * @param size - side, pixels, a power of two
 * @param decay - by how much the displacements shrink from one scale to the next; smaller is rougher
 * @returns heights `[size, size]`
 */
export function plasmaFractal(size: number, decay: number, random: Random): Float64Array {
  const heights = new Float64Array(size * size);
  const mask = size - 1;
  const get = (y: number, x: number): number => heights[(y & mask) * size + (x & mask)]!;
  let wibble = FIRST_WIBBLE;
  const displaced = (sum: number): number => sum / 4 + wibble * random.uniform(-wibble, wibble);

  for (let step = size; step >= 2; step /= 2, wibble /= decay) {
    const half = step / 2;
    const fill = (top: number, left: number, mean: (y: number, x: number) => number): void => {
      for (let y = top; y < size; y += step) {
        for (let x = left; x < size; x += step) heights[y * size + x] = displaced(mean(y, x));
      }
    };
    // A square's centre from its four corners, then a diamond's centre from its four tips.
    fill(
      half,
      half,
      (y, x) =>
        get(y - half, x - half) + get(y + half, x - half) + get(y - half, x + half) + get(y + half, x + half),
    );
    const tips = (y: number, x: number): number =>
      get(y - half, x) + get(y + half, x) + get(y, x - half) + get(y, x + half);
    fill(0, half, tips);
    fill(half, 0, tips);
  }

  let lowest = Infinity;
  let highest = -Infinity;
  for (const height of heights) {
    if (height < lowest) lowest = height;
    if (height > highest) highest = height;
  }
  return heights.map((height) => (height - lowest) / (highest - lowest));
}
