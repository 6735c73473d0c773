/** @file Colour to gray. */

/**
 * `(19595 R + 38470 G + 7471 B + 2^15) / 2^16`, rounded down: the weights 0.299, 0.587 and 0.114 of ITU-R BT.601 in fixed
 * point. Gray pixels stay as they are.
 *
 * Source: Pillow's `convert('L')`, `L24` in src/libImaging/Convert.c.
 * @param pixels - red, green and blue of each, `[H, W, 3]`
 * @returns `[H, W]`
 */
export function luminance(pixels: Uint8Array): Uint8Array {
  const gray = new Uint8Array(pixels.length / 3);
  for (let i = 0, o = 0; o < gray.length; i += 3, o++) {
    gray[o] = (19595 * pixels[i]! + 38470 * pixels[i + 1]! + 7471 * pixels[i + 2]! + 0x8000) >> 16;
  }
  return gray;
}
