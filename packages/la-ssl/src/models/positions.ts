/**
 * @file Positional embeddings of a grid of patches: fixed sines and cosines, and another grid by bicubic resampling.
 * Source: Vaswani 2017, Section 3.5, https://arxiv.org/abs/1706.03762; for images as in the official code of MAE.
 */
import { fromData, type Tensor } from '@la-ssl/torch';

/**
 * Fixed embeddings: the first half of an embedding tells the column, the second the row. Each half of position x is
 * `sin(ω_i x)` for all i, then `cos(ω_i x)`, with `ω_i = 10000^(−i / (D/4))`.
 * @param width - D, a multiple of 4
 * @param grid - rows, and columns, of the grid
 * @returns `[1, 1 + grid², D]`, zero for the class token, then row by row
 * @throws RangeError where D is no multiple of 4
 * Source: `get_2d_sincos_pos_embed`, https://github.com/facebookresearch/mae/blob/main/util/pos_embed.py
 */
export function sinCosPositions(width: number, grid: number): Tensor {
  if (width % 4 !== 0) {
    throw new RangeError(`sin-cos positions need a width that is a multiple of 4, got ${width}`);
  }
  const frequencies = width / 4;
  const values = new Float32Array((1 + grid * grid) * width);
  for (let row = 0; row < grid; row++) {
    for (let column = 0; column < grid; column++) {
      const start = (1 + row * grid + column) * width;
      for (let i = 0; i < frequencies; i++) {
        const frequency = 10_000 ** (-i / frequencies);
        values[start + i] = Math.sin(column * frequency);
        values[start + frequencies + i] = Math.cos(column * frequency);
        values[start + 2 * frequencies + i] = Math.sin(row * frequency);
        values[start + 3 * frequencies + i] = Math.cos(row * frequency);
      }
    }
  }
  return fromData(values, [1, 1 + grid * grid, width]);
}

/**
 * The embeddings of a square grid, read at the places of another grid by bicubic interpolation (a = −0.75, half-pixel
 * centres, no antialiasing), as the official code of DINO does for images of another size.
 *
 * As there, the scale is `(to + 0.1) / from`, not `to / from`: DINO adds the tenth against rounding, its weights were
 * trained so, and it moves the places by up to a tenth of a patch.
 * @param positions - `[L, D]`, a square grid row by row
 * @param rows, columns - of the other grid
 * @returns `[rows · columns, D]`
 * Source: `interpolate_pos_encoding`, https://github.com/facebookresearch/dino/blob/main/vision_transformer.py
 */
export function resamplePositions(positions: Tensor, rows: number, columns: number): Tensor {
  const [length = 0, width = 0] = positions.shape;
  const grid = Math.sqrt(length);
  const inRows = bicubicWeights(grid, rows).matmul(positions.reshape([grid, grid * width]));
  // [columns, grid] @ [rows, grid, D]
  const resampled = bicubicWeights(grid, columns).matmul(inRows.view([rows, grid, width]));
  return resampled.flatten({ endDim: 1 });
}

/** `[to, from]`: what each old place counts at a new one. Each row sums to 1; beyond the border, the border counts. */
function bicubicWeights(from: number, to: number): Tensor {
  const weights = new Float32Array(to * from);
  for (let place = 0; place < to; place++) {
    const centre = ((place + 0.5) * from) / (to + 0.1) - 0.5;
    for (let offset = -1; offset <= 2; offset++) {
      const source = Math.floor(centre) + offset;
      const nearest = Math.min(Math.max(source, 0), from - 1);
      weights[place * from + nearest]! += keys(Math.abs(centre - source));
    }
  }
  return fromData(weights, [to, from]);
}

/** The cubic convolution kernel. Source: Keys 1981, Eq. 4 with a = −0.75, https://doi.org/10.1109/TASSP.1981.1163711 */
function keys(distance: number, a = -0.75): number {
  return distance <= 1
    ? ((a + 2) * distance - (a + 3)) * distance ** 2 + 1
    : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
}
