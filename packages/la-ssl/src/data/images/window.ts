/**
 * @file Windows: which of the 65,536 values of a gray image of 16 bits become the 256 of one of 8 bits, as X-rays need it.
 *
 * `full` keeps the upper 8 bits. `auto` takes the 0.5 % and 99.5 % quantiles of each image's own values (linear
 * interpolation, as NumPy's default) for black and white. `low:high` takes these values: `0:4095` for 12 bits.
 */
import { z } from 'zod';

/** `full`, `auto` or `<low>:<high>`. */
export type Window = 'full' | 'auto' | `${number}:${number}`;

export const windowOption = z
  .templateLiteral([z.int(), ':', z.int()])
  .or(z.enum(['full', 'auto']))
  .refine((window) => window === 'full' || window === 'auto' || areBounds(boundsIn(window)), {
    error:
      'give auto, full, or black and white as <low>:<high>, whole numbers from 0 to 65535 such as 0:4095',
  });

const VALUES = 2 ** 16;
const AUTO = [0.005, 0.995] as const;

/**
 * @param values - of 16 bits, `[H · W]`
 * @returns values of 8 bits, `[H · W]`: 0 up to the lower bound, 255 from the upper one on, linear and rounded in between
 */
export function windowed(values: Uint16Array, window: Exclude<Window, 'full'>): Uint8Array {
  const [low, high] = window === 'auto' ? quantiles(values, AUTO) : boundsIn(window);
  const result = new Uint8ClampedArray(values.length); // it clamps, and rounds halves to even
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < values.length; i++) result[i] = (values[i]! - low) * scale;
  return new Uint8Array(result.buffer);
}

function boundsIn(window: `${number}:${number}`): [low: number, high: number] {
  const [low, high] = window.split(':').map(Number);
  return [low!, high!];
}

function areBounds([low, high]: [number, number]): boolean {
  return low >= 0 && low < high && high < VALUES;
}

function quantiles(values: Uint16Array, [lower, upper]: typeof AUTO): [number, number] {
  const counts = new Int32Array(VALUES);
  for (const value of values) counts[value]!++;
  const at = (rank: number): number => {
    let below = 0;
    for (let value = 0; value < VALUES; value++) {
      below += counts[value]!;
      if (below > rank) return value;
    }
    return VALUES - 1;
  };
  const quantile = (q: number): number => {
    const place = q * (values.length - 1);
    const [before, after] = [at(Math.floor(place)), at(Math.ceil(place))];
    return before + (after - before) * (place - Math.floor(place));
  };
  return [quantile(lower), quantile(upper)];
}
