/**
 * @file The decoder of MAE: what lay under the hidden patches, from what the encoder makes of the others. It is needed
 * in pretraining only.
 *
 * The tokens stay in the order in which the mask drew them, and their positions are looked up in that order: attention
 * does not ask where a token stands, so this gives the numbers of the official code, which puts them back into place.
 * Source: He 2022, Section 3, https://arxiv.org/abs/2111.06377, and
 * https://github.com/facebookresearch/mae/blob/main/models_mae.py
 */
import { cat, embedding, type Generator, nn, type Tensor, zeros } from '@la-ssl/torch';
import { sinCosPositions } from './positions.js';
import { Blocks, NORM_EPS } from './transformer-block.js';

export interface MaeDecoderOptions {
  /** F, size of the encoder's tokens. */
  inputs: number;
  /** Rows, and columns, of the grid of L patches. */
  grid: number;
  /** p² · C, the numbers in a patch. */
  patchValues: number;
  /** D, size of a token in here, a multiple of 4. */
  width: number;
  /** Blocks. */
  depth: number;
  /** Heads of the attention; they divide D among them. */
  heads: number;
  generator?: Generator | undefined;
}

export class MaeDecoder extends nn.Module {
  readonly #embed: nn.Linear;
  readonly #maskToken: Tensor;
  readonly #positions: Tensor;
  readonly #blocks: Blocks;
  readonly #norm: nn.LayerNorm;
  readonly #pred: nn.Linear;

  /** @throws RangeError where the width is no multiple of 4, or the heads do not divide it */
  constructor({ inputs, grid, patchValues, width, depth, heads, generator }: MaeDecoderOptions) {
    super();
    const init = { weights: nn.xavierUniform, generator };
    this.#embed = this.child('embed', new nn.Linear(inputs, width, init));
    this.#maskToken = this.parameter('mask_token', nn.normal([1, 1, width], 0.02, init));
    this.#positions = this.buffer('pos_embed', sinCosPositions(width, grid));
    this.#blocks = this.child('blocks', new Blocks(depth, { width, heads, ...init }));
    this.#norm = this.child('norm', new nn.LayerNorm(width, { eps: NORM_EPS }));
    this.#pred = this.child('pred', new nn.Linear(width, patchValues, init));
  }

  /**
   * @param encoded - `[N, 1 + K, F]`: the class token and the K visible patches, from the encoder
   * @param order - `[N, L]` int64, the places of the visible patches, then of the hidden ones
   * @returns `[N, L − K, p² · C]`, the hidden patches in that order
   */
  forward(encoded: Tensor, order: Tensor): Tensor {
    const [count = 0, length = 0] = order.shape;
    const visible = encoded.shape[1]!; // 1 + K
    const places = cat([zeros([count, 1], { dtype: 'int64' }), order.add(1)], { dim: 1 }); // the class token's is 0
    const hidden = this.#maskToken.expand([count, length + 1 - visible, -1]);
    const tokens = cat([this.#embed.forward(encoded), hidden], { dim: 1 }); // [N, 1 + L, D]
    const placed = tokens.add(embedding(this.#positions.squeeze(0), places));
    const decoded = this.#blocks.forward(placed, this.#norm).slice({ dim: 1, start: visible });
    return this.#pred.forward(decoded);
  }
}
