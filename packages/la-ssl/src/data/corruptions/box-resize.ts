/**
 * @file Resizes by area means, as Pillow's BOX filter: each new pixel is the mean of the old ones whose
 * centres its window covers, all with the same weight.
 *
 * Source: Pillow 9.4 `Image.resize(…, Image.BOX)`: first along rows, then along columns, rounded to bytes
 * after each.
 */

import type { Picture } from './picture.js';

/** Resizes a picture of three channels. */
export function boxResize(picture: Picture, height: number, width: number): Picture {
  const { pixels } = picture;
  const across = windows(picture.width, width);
  const wide = new Uint8Array(picture.height * width * 3);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) {
      average(
        pixels,
        (y * picture.width + across.first[x]!) * 3,
        3,
        across.count[x]!,
        wide,
        (y * width + x) * 3,
      );
    }
  }
  const down = windows(picture.height, height);
  const resized = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      average(
        wide,
        (down.first[y]! * width + x) * 3,
        width * 3,
        down.count[y]!,
        resized,
        (y * width + x) * 3,
      );
    }
  }
  return { pixels: resized, height, width };
}

/** The run of old positions under the window of each new one. */
function windows(from: number, to: number): { first: Int32Array; count: Int32Array } {
  const scale = from / to;
  const reach = Math.max(scale, 1) / 2; // when enlarging, the window stays one old pixel wide
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  for (let i = 0; i < to; i++) {
    // Old pixel k lies under the window when −reach < k + ½ − centre ≤ reach.
    const centre = (i + 0.5) * scale;
    first[i] = Math.max(0, Math.floor(centre - reach - 0.5) + 1);
    count[i] = Math.min(from - 1, Math.floor(centre + reach - 0.5)) - first[i]! + 1;
  }
  return { first, count };
}

/** Writes the rounded mean of `count` pixels, `stride` apart. */
function average(
  source: Uint8Array | Uint8ClampedArray,
  start: number,
  stride: number,
  count: number,
  target: Uint8Array,
  position: number,
): void {
  for (let c = 0; c < 3; c++) {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += source[start + k * stride + c]!;
    target[position + c] = sum / count + 0.5;
  }
}
