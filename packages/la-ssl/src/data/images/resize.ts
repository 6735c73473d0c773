/**
 * @file Resize of the shorter side and centre crop, to the pixel what torchvision's `Resize(S)` and `CenterCrop(S)`
 * make of a PIL image: what encoders of that world are evaluated with. The addon does it (`native/resize.cc`).
 *
 * libvips' own linear filter shrinks by whole factors first and differs by up to 16 of 255 at 32 pixels.
 */
import { call, scope, type Tensor } from '@la-ssl/torch';

/** Of an image in memory: 1 is gray, 3 are red, green and blue. */
export type Channels = 1 | 3;

/**
 * Makes the shorter side `side` pixels long, and cuts out the square in the middle.
 * @param image - uint8 `[H, W, C]`
 * @param side - S, in pixels
 * @returns pixels `[C, S, S]`
 */
export function resizeAndCrop(image: Tensor, side: number): Uint8Array {
  return scope(() => (call('la_ssl::resize_and_crop', image, side) as Tensor).data() as Uint8Array);
}
