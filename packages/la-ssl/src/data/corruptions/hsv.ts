/**
 * @file Changes a picture in hue, saturation and value.
 *
 * Source: Smith 1978, "Color gamut transform pairs" (hexcone), as in scikit-image 0.19 `rgb2hsv`, `hsv2rgb`.
 */

/**
 * Edits saturation and value of each pixel.
 * @param rgb - shares of 255, `[pixels, 3]`
 * @param edit - the new [saturation, value] from the old ones, all in [0, 1]
 * @returns shares `[pixels, 3]`
 */
export function editSaturationAndValue(
  rgb: Float64Array,
  edit: (saturation: number, value: number) => readonly [saturation: number, value: number],
): Float64Array {
  const result = new Float64Array(rgb.length);
  for (let i = 0; i < rgb.length; i += 3) {
    const r = rgb[i]!;
    const g = rgb[i + 1]!;
    const b = rgb[i + 2]!;
    const highest = Math.max(r, g, b);
    const spread = highest - Math.min(r, g, b);
    const hue = hueOf(r, g, b, highest, spread);
    const [s, v] = edit(spread === 0 ? 0 : spread / highest, highest);

    // Which third of the circle's halves the hue lies in, and how far into it.
    const sextant = Math.floor(hue);
    const f = hue - sextant;
    const p = v * (1 - s);
    const q = v * (1 - f * s);
    const t = v * (1 - (1 - f) * s);
    switch (sextant % 6) {
      case 0:
        result.set([v, t, p], i);
        break;
      case 1:
        result.set([q, v, p], i);
        break;
      case 2:
        result.set([p, v, t], i);
        break;
      case 3:
        result.set([p, q, v], i);
        break;
      case 4:
        result.set([t, p, v], i);
        break;
      default:
        result.set([v, p, q], i);
    }
  }
  return result;
}

/** Hue in sixths of the circle, [0, 6). */
function hueOf(r: number, g: number, b: number, highest: number, spread: number): number {
  if (spread === 0) return 0;
  if (b === highest) return 4 + (r - g) / spread;
  if (g === highest) return 2 + (b - r) / spread;
  const hue = (g - b) / spread;
  return hue < 0 ? hue + 6 : hue;
}
