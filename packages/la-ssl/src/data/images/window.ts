/**
 * @file Windows: which of the 65,536 values of a gray image of 16 bits become the 256 of one of 8 bits, as X-rays need it.
 *
 * `full` keeps the upper 8 bits. `auto` takes the 0.5 % and 99.5 % quantiles of each image's own values (linear
 * interpolation, as NumPy's default) for black and white. `low:high` takes these values: `0:4095` for 12 bits.
 */

/** `full`, `auto` or `<low>:<high>`. */
export type Window = 'full' | 'auto' | `${number}:${number}`;

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

/** Of `low:high`. */
export function boundsIn(window: `${number}:${number}`): [low: number, high: number] {
  const [low, high] = window.split(':').map(Number);
  return [low!, high!];
}

/** Whether these can be the bounds of a window. */
export function areBounds([low, high]: [number, number]): boolean {
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
