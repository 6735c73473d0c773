/**
 * @file What a picture loses in a JPEG file: colour conversion, 4:2:0 subsampling, DCT, quantisation and all
 * of it back, with the tables and rules of libjpeg. The entropy coding between is lossless and left out.
 *
 * The DCT is exact where libjpeg's is an integer approximation, so a byte may differ by a few steps where a
 * coefficient lies on the edge between two quantisation levels.
 *
 * Sources: ITU-T T.81 (1992), Annex A and tables K.1, K.2; JFIF 1.02 (colour); libjpeg 6b (quality scale,
 * chroma rounding, "fancy" triangle upsampling).
 */

import { clampToByte, type Picture } from './picture.js';

const LUMA_TABLE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMA_TABLE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/** A plane of numbers in rows, its sides multiples of a block's. */
interface Plane {
  values: Float64Array;
  height: number;
  width: number;
}

/**
 * A picture as it comes back from a baseline JPEG file with 4:2:0 chroma.
 * @param quality - libjpeg's, 1 to 100
 * @returns bytes `[height, width, 3]`
 */
export function jpegRoundTrip(picture: Picture, quality: number): Uint8Array {
  const { height, width } = picture;
  const [luma, blue, red] = toYcc(picture);
  const chromaTable = scaleTable(CHROMA_TABLE, quality);
  quantise(luma, scaleTable(LUMA_TABLE, quality));
  const cb = upsample(quantise(subsample(blue), chromaTable), Math.ceil(height / 2), Math.ceil(width / 2));
  const cr = upsample(quantise(subsample(red), chromaTable), Math.ceil(height / 2), Math.ceil(width / 2));

  const bytes = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = luma.values[y * luma.width + x]!;
      const b = cb.values[y * cb.width + x]! - 128;
      const r = cr.values[y * cr.width + x]! - 128;
      const i = (y * width + x) * 3;
      bytes[i] = clampToByte(light + Math.round(1.402 * r));
      bytes[i + 1] = clampToByte(light + Math.round(-0.344136 * b - 0.714136 * r));
      bytes[i + 2] = clampToByte(light + Math.round(1.772 * b));
    }
  }
  return bytes;
}

/** Full-range YCbCr bytes; the last row and column are repeated up to whole blocks of 16. */
function toYcc({ pixels, height, width }: Picture): [Plane, Plane, Plane] {
  const padded = { height: Math.ceil(height / 16) * 16, width: Math.ceil(width / 16) * 16 };
  const plane = (): Plane => ({ ...padded, values: new Float64Array(padded.height * padded.width) });
  const [luma, blue, red] = [plane(), plane(), plane()];
  for (let y = 0, to = 0; y < padded.height; y++) {
    for (let x = 0; x < padded.width; x++, to++) {
      const from = (Math.min(y, height - 1) * width + Math.min(x, width - 1)) * 3;
      const r = pixels[from]!;
      const g = pixels[from + 1]!;
      const b = pixels[from + 2]!;
      luma.values[to] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      blue.values[to] = clampToByte(Math.round(128 - 0.168736 * r - 0.331264 * g + 0.5 * b));
      red.values[to] = clampToByte(Math.round(128 + 0.5 * r - 0.418688 * g - 0.081312 * b));
    }
  }
  return [luma, blue, red];
}

/** Means of 2 × 2, a half rounded down in even columns and up in odd ones, so that no drift arises. */
function subsample(plane: Plane): Plane {
  const width = plane.width / 2;
  const height = plane.height / 2;
  const values = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = 2 * y * plane.width + 2 * x;
      const sum =
        plane.values[i]! +
        plane.values[i + 1]! +
        plane.values[i + plane.width]! +
        plane.values[i + plane.width + 1]!;
      values[y * width + x] = Math.floor((sum + 1 + (x % 2)) / 4);
    }
  }
  return { values, height, width };
}

/**
 * Doubles both sides; a new sample is 3/4 of the nearest old one and 1/4 of the next, in each direction.
 * @param height - rows that belong to the picture; what pads the last block does not take part
 * @param width - likewise
 */
function upsample(plane: Plane, height: number, width: number): Plane {
  const at = (y: number, x: number): number =>
    plane.values[Math.min(Math.max(y, 0), height - 1) * plane.width + Math.min(Math.max(x, 0), width - 1)]!;
  const values = new Float64Array(4 * height * width);
  for (let y = 0; y < 2 * height; y++) {
    const near = y >> 1;
    const next = y % 2 === 0 ? near - 1 : near + 1;
    for (let x = 0; x < 2 * width; x++) {
      const side = x % 2 === 0 ? (x >> 1) - 1 : (x >> 1) + 1;
      const sum = 9 * at(near, x >> 1) + 3 * at(next, x >> 1) + 3 * at(near, side) + at(next, side);
      values[y * 2 * width + x] = Math.floor((sum + 8 - (x % 2)) / 16);
    }
  }
  return { values, height: 2 * height, width: 2 * width };
}

/** libjpeg's tables for a quality: the standard's at 50, finer above, coarser below. */
function scaleTable(table: readonly number[], quality: number): Float64Array {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return Float64Array.from(table, (step) =>
    Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))),
  );
}

/** The orthonormal DCT-II of eight points, `DCT[k, n] = c_k cos((2n + 1) k π / 16)`. */
const DCT = Float64Array.from({ length: 64 }, (_, i) => {
  const k = i >> 3;
  return (k === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * (i & 7) + 1) * k * Math.PI) / 16);
});
const INVERSE_DCT = DCT.map((_, i) => DCT[(i & 7) * 8 + (i >> 3)]!);

/** Rounds the DCT coefficients of each 8 × 8 block to multiples of the table's steps, in place. */
function quantise(plane: Plane, table: Float64Array): Plane {
  const block = new Float64Array(64);
  for (let top = 0; top < plane.height; top += 8) {
    for (let left = 0; left < plane.width; left += 8) {
      for (let i = 0; i < 64; i++) {
        block[i] = plane.values[(top + (i >> 3)) * plane.width + left + (i & 7)]! - 128;
      }
      transform(block, DCT);
      for (let i = 0; i < 64; i++) block[i] = nearestMultiple(block[i]!, table[i]!);
      transform(block, INVERSE_DCT);
      for (let i = 0; i < 64; i++) {
        plane.values[(top + (i >> 3)) * plane.width + left + (i & 7)] = clampToByte(
          Math.round(block[i]! + 128),
        );
      }
    }
  }
  return plane;
}

/** libjpeg first rounds a coefficient to eighths, then to a multiple of the step, ties away from 0. */
function nearestMultiple(coefficient: number, step: number): number {
  const eighths = Math.round(8 * Math.abs(coefficient));
  return Math.sign(coefficient) * Math.floor((eighths + 4 * step) / (8 * step)) * step;
}

const product = new Float64Array(64);

/** `M B Mᵀ`, in place, for 8 × 8 matrices. */
function transform(block: Float64Array, matrix: Float64Array): void {
  for (let pass = 0; pass < 2; pass++) {
    // Both passes write the product transposed, so that the second works on the other side.
    for (let i = 0; i < 8; i++) {
      for (let j = 0; j < 8; j++) {
        let sum = 0;
        for (let k = 0; k < 8; k++) sum += matrix[i * 8 + k]! * block[k * 8 + j]!;
        product[j * 8 + i] = sum;
      }
    }
    block.set(product);
  }
}
