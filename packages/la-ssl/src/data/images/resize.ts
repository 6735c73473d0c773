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
  const rows = down.first[side - 1]! + down.count[side - 1]! - top;

  const narrow = new Uint8Array(rows * side * channels); // [rows, S, C]
  (channels === 1 ? narrowGray : narrowColour)(narrow, picture, across, top);

  const result = new Uint8Array(channels * side * side);
  const line = new Int32Array(side * channels);
  for (let y = 0; y < side; y++) {
    line.fill(1 << (BITS - 1));
    for (let k = 0; k < down.count[y]!; k++) {
      const weight = down.weights[y * down.taps + k]!;
      const start = (down.first[y]! - top + k) * side * channels;
      for (let i = 0; i < line.length; i++) {
        line[i] = (line[i]! + Math.imul(narrow[start + i]!, weight)) | 0;
      }
    }
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < channels; c++) {
        result[(c * side + y) * side + x] = line[x * channels + c]! >> BITS;
      }
    }
  }
  return result;
}

/**
 * Makes rows as narrow as the result.
 * @param narrow - filled with them, `[rows, S, 3]`
 * @param top - the first row
 */
function narrowColour(narrow: Uint8Array, { pixels, width }: Picture, across: Weights, top: number): void {
  const { first, count, weights, taps } = across;
  const side = first.length;
  for (let y = top, o = 0; o < narrow.length; y++) {
    for (let x = 0; x < side; x++) {
      const start = (y * width + first[x]!) * 3;
      const from = x * taps;
      const end = from + count[x]!;
      let red = 1 << (BITS - 1);
      let green = red;
      let blue = red;
      for (let k = from, i = start; k < end; k++, i += 3) {
        const weight = weights[k]!;
        red = (red + Math.imul(pixels[i]!, weight)) | 0;
        green = (green + Math.imul(pixels[i + 1]!, weight)) | 0;
        blue = (blue + Math.imul(pixels[i + 2]!, weight)) | 0;
      }
      narrow[o++] = red >> BITS;
      narrow[o++] = green >> BITS;
      narrow[o++] = blue >> BITS;
    }
  }
}

/** Likewise, `[rows, S]`. */
function narrowGray(narrow: Uint8Array, { pixels, width }: Picture, across: Weights, top: number): void {
  const side = across.first.length;
  for (let y = top, o = 0; o < narrow.length; y++) {
    for (let x = 0; x < side; x++) {
      const start = y * width + across.first[x]!;
      let gray = 1 << (BITS - 1);
      for (let k = 0; k < across.count[x]!; k++) {
        gray = (gray + Math.imul(pixels[start + k]!, across.weights[x * across.taps + k]!)) | 0;
      }
      narrow[o++] = gray >> BITS;
    }
  }
}

/** What each output pixel is the weighted mean of: `count[x]` pixels from `first[x]` on. */
interface Weights {
  first: Int32Array;
  count: Int32Array;
  /** `[S, taps]`; in units of 2^−BITS, with sum 1. */
  weights: Int32Array;
  taps: number;
}

/** The weights by which `from` pixels become `to`, for the `side` of them in the middle. */
function weightsOf(from: number, to: number, side: number): Weights {
  const offset = roundHalfToEven((to - side) / 2);
  const step = from / to;
  const reach = Math.max(step, 1);
  const taps = 2 * Math.ceil(reach) + 1;
  const first = new Int32Array(side);
  const count = new Int32Array(side);
  const weights = new Int32Array(side * taps);
  for (let x = 0; x < side; x++) {
    const centre = (offset + x + 0.5) * step;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const own = Array.from({ length: end - start }, (_, k) =>
      Math.max(0, 1 - Math.abs((start + k - centre + 0.5) / reach)),
    );
    const sum = own.reduce((a, b) => a + b, 0);
    own.forEach((weight, k) => {
      weights[x * taps + k] = Math.floor((weight / sum) * 2 ** BITS + 0.5);
    });
    first[x] = start;
    count[x] = end - start;
  }
  return { first, count, weights, taps };
}

/** Python's `round`. @param value - not negative */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}
