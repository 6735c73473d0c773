/**
 * @file Histogram equalisation of bytes, as OpenCV 4.6 `equalizeHist`.
 */

import { roundHalfEven } from './zoom.js';

/** Spreads the byte values so that their distribution function becomes straight; one single value stays. */
export function equalizeHistogram(bytes: Uint8Array): Uint8Array {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  const lowest = counts.findIndex((count) => count > 0);
  const above = bytes.length - counts[lowest]!;
  if (above === 0) return bytes.slice();
  const level = new Uint8Array(256);
  for (let value = lowest + 1, passed = 0; value < 256; value++) {
    passed += counts[value]!;
    level[value] = roundHalfEven((passed * 255) / above);
  }
  return bytes.map((byte) => level[byte]!);
}
