/**
 * @file Resize of the shorter side and centre crop, to the pixel what torchvision's `Resize(S)` and `CenterCrop(S)`
 * make of a PIL image: what encoders of that world are evaluated with.
 *
 * Source: torchvision's documentation for sizes and offsets; Pillow's `Image.resize(…, BILINEAR)` for the filter: a
 * triangle as wide as the step between two output pixels, rows first, in fixed point with 22 bits. libvips' own
 * linear filter shrinks by whole factors first and differs by up to 16 of 255 at 32 pixels.
 */

/** Bits after the point of a weight: 255 times the sum of the weights, and what rounds it, stays below 2³¹. */
const BITS = 22;

const HALF = 1 << (BITS - 1);

/** So many pixels are weighted at once. */
const TAPS = 4;

/** Of an image in memory: 1 is gray, 3 are red, green and blue. */
export type Channels = 1 | 3;

/** An image as it was decoded: pixels `[H, W, C]`. */
export interface Picture {
  pixels: Uint8Array;
  channels: Channels;
  width: number;
  height: number;
}

/**
 * Makes the shorter side `side` pixels long, and cuts out the square in the middle.
 * @param side - S, in pixels
 * @returns pixels `[C, S, S]`
 */
export function resizeAndCrop(picture: Picture, side: number): Uint8Array {
  const { channels, width, height } = picture;
  const shorter = Math.min(width, height);
  const across = weightsOf(width, Math.trunc((side * width) / shorter), side);
  const down = weightsOf(height, Math.trunc((side * height) / shorter), side);
  const top = down.first[0]!;
  const rows = down.first[side - 1]! + down.taps - top;

  const narrow = new Uint8Array(rows * side * channels); // [rows, S, C]
  (channels === 1 ? narrowGray : narrowColour)(narrow, picture, across, top);

  const result = new Uint8Array(channels * side * side);
  const line = new Int32Array(side * channels);
  for (let y = 0; y < side; y++) {
    line.fill(HALF);
    for (let k = 0; k < down.taps; k += TAPS) {
      addRows(line, narrow, (down.first[y]! - top + k) * line.length, down.weights, y * down.taps + k);
    }
    for (let c = 0; c < channels; c++) {
      const row = (c * side + y) * side;
      for (let x = 0, i = c; x < side; x++, i += channels) result[row + x] = line[i]! >> BITS;
    }
  }
  return result;
}

/** Adds rows to a line, the first of which begins at `start`, each by its weight. */
function addRows(line: Int32Array, rows: Uint8Array, start: number, weights: Int32Array, at: number): void {
  const length = line.length;
  const w0 = weights[at]!;
  const w1 = weights[at + 1]!;
  const w2 = weights[at + 2]!;
  const w3 = weights[at + 3]!;
  for (let i = 0, r = start; i < length; i++, r++) {
    const first = Math.imul(rows[r]!, w0) + Math.imul(rows[r + length]!, w1);
    const second = Math.imul(rows[r + 2 * length]!, w2) + Math.imul(rows[r + 3 * length]!, w3);
    line[i] = (line[i]! + first + second) | 0;
  }
}

/**
 * Makes rows as narrow as the result.
 * @param narrow - filled with them, `[rows, S, 3]`
 * @param top - the first row
 */
function narrowColour(narrow: Uint8Array, { pixels, width }: Picture, across: Weights, top: number): void {
  const { first, weights, taps } = across;
  const side = first.length;
  for (let y = top, o = 0; o < narrow.length; y++) {
    for (let x = 0, k = 0; x < side; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let i = (y * width + first[x]!) * 3, end = k + taps; k < end; k += TAPS, i += 3 * TAPS) {
        const w0 = weights[k]!;
        const w1 = weights[k + 1]!;
        const w2 = weights[k + 2]!;
        const w3 = weights[k + 3]!;
        red += Math.imul(pixels[i]!, w0) + Math.imul(pixels[i + 3]!, w1);
        red = (red + Math.imul(pixels[i + 6]!, w2) + Math.imul(pixels[i + 9]!, w3)) | 0;
        green += Math.imul(pixels[i + 1]!, w0) + Math.imul(pixels[i + 4]!, w1);
        green = (green + Math.imul(pixels[i + 7]!, w2) + Math.imul(pixels[i + 10]!, w3)) | 0;
        blue += Math.imul(pixels[i + 2]!, w0) + Math.imul(pixels[i + 5]!, w1);
        blue = (blue + Math.imul(pixels[i + 8]!, w2) + Math.imul(pixels[i + 11]!, w3)) | 0;
      }
      narrow[o++] = red >> BITS;
      narrow[o++] = green >> BITS;
      narrow[o++] = blue >> BITS;
    }
  }
}

/** Likewise, `[rows, S]`. */
function narrowGray(narrow: Uint8Array, { pixels, width }: Picture, across: Weights, top: number): void {
  const { first, weights, taps } = across;
  const side = first.length;
  for (let y = top, o = 0; o < narrow.length; y++) {
    for (let x = 0, k = 0; x < side; x++) {
      let gray = HALF;
      for (let i = y * width + first[x]!, end = k + taps; k < end; k++, i++) {
        gray = (gray + Math.imul(pixels[i]!, weights[k]!)) | 0;
      }
      narrow[o++] = gray >> BITS;
    }
  }
}

/** What each output pixel is the weighted mean of: `taps` pixels from `first[x]` on, some with weight 0. */
interface Weights {
  first: Int32Array;
  /** `[S, taps]`; in units of 2^−BITS, with sum 1. */
  weights: Int32Array;
  /** A multiple of `TAPS`. */
  taps: number;
}

/** The weights by which `from` pixels become `to`, for the `side` of them in the middle. */
function weightsOf(from: number, to: number, side: number): Weights {
  const offset = roundHalfToEven((to - side) / 2);
  const step = from / to;
  const reach = Math.max(step, 1);
  const taps = TAPS * Math.ceil((Math.floor(2 * reach) + 1) / TAPS);
  const first = new Int32Array(side);
  const weights = new Int32Array(side * taps);
  for (let x = 0; x < side; x++) {
    const centre = (offset + x + 0.5) * step;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weightAt = (i: number): number => Math.max(0, 1 - Math.abs((i - centre + 0.5) / reach));
    let sum = 0;
    for (let i = start; i < end; i++) sum += weightAt(i);
    first[x] = Math.max(0, Math.min(start, from - taps)); // so that all taps lie inside
    for (let i = start; i < end; i++) {
      weights[x * taps + i - first[x]!] = Math.floor((weightAt(i) / sum) * 2 ** BITS + 0.5);
    }
  }
  return { first, weights, taps };
}

/** Python's `round`. @param value - not negative */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
