/**
 * @file Vision transformers, with the `state_dict` names of timm (and of DINO and MAE), without the classifier:
 * an image is cut into patches, a class token goes in front, and blocks of attention follow.
 *
 * Images of another size than the transformer was made for are taken too: the positional embeddings are resampled
 * (`resamplePositions`), as in DINO, whose local views need it.
 * Source: Dosovitskiy 2021, https://arxiv.org/abs/2010.11929; the sizes Tiny and Small are those of DeiT, Table 1,
 * https://arxiv.org/abs/2012.12877
 */
import { autocast, cat, type Generator, linear, nn, type Tensor } from '@la-ssl/torch';
import type { Encoder } from './encoder.js';
import { resamplePositions, sinCosPositions } from './positions.js';
import { Blocks, NORM_EPS, normal02 } from './transformer-block.js';

/** D and heads of the usual sizes. */
export const VIT_SIZES = {
  tiny: { width: 192, heads: 3 },
  small: { width: 384, heads: 6 },
  base: { width: 768, heads: 12 },
} as const;

export interface VisionTransformerOptions {
  /** D, size of a token and of the features. */
  width: number;
  /** Heads of the attention; they divide D among them. */
  heads: number;
  /** Blocks (12). */
  depth?: number | undefined;
  /** Side of a patch in pixels (16). */
  patchSize?: number | undefined;
  /** Side of the images in pixels that it is made for (224), a multiple of `patchSize`. */
  imageSize?: number | undefined;
  /** C of the images (3). */
  channels?: number | undefined;
  /**
   * What the features are, after the last norm: the class token (`token`, the default), or the mean of the patches'
   * tokens (`avg`; timm's with `fc_norm=False`). The weights are the same.
   */
  pooling?: 'token' | 'avg' | undefined;
  /** Positional embeddings: `learned` (the default), or `sincos`, fixed sines and cosines, as in MAE. */
  positions?: 'learned' | 'sincos' | undefined;
  /** First weights: `timm` (the default; linear layers normal with std 0.02), or `mae` (Xavier uniform). */
  weights?: 'timm' | 'mae' | undefined;
  /** Source of the first weights (the default generator). */
  generator?: Generator | undefined;
}

/** A vision transformer from the images to the features; F is `width`. */
export class VisionTransformer extends nn.Module implements Encoder {
  readonly features: number;
  readonly patchSize: number;
  /** Side of the images that it is made for, in pixels. */
  readonly imageSize: number;
  readonly channels: number;
  readonly #pooling: 'token' | 'avg';
  readonly #classToken: Tensor;
  readonly #positions: Tensor;
  readonly #projection: PatchProjection;
  readonly #blocks: Blocks;
  readonly #norm: nn.LayerNorm;

  /**
   * @throws RangeError where a size is not a positive whole number, the image size is not a multiple of the patch size
   *   or the heads do not divide the width
   */
  constructor(options: VisionTransformerOptions) {
    super();
    const { width, heads, depth = 12, patchSize = 16, imageSize = 224, channels = 3 } = options;
    const { pooling = 'token', positions = 'learned', weights = 'timm', generator } = options;
    for (const [name, value] of Object.entries({ width, heads, depth, patchSize, imageSize, channels })) {
      if (!(Number.isInteger(value) && value > 0)) {
        throw new RangeError(`${name} must be a positive whole number, got ${value}`);
      }
    }
    if (imageSize % patchSize !== 0) {
      throw new RangeError(
        `patchSize must divide imageSize, got patches of ${patchSize} for images of ${imageSize} pixels`,
      );
    }
    this.features = width;
    this.patchSize = patchSize;
    this.imageSize = imageSize;
    this.channels = channels;
    this.#pooling = pooling;
    const grid = imageSize / patchSize;
    const init = { generator };
    this.#classToken = this.parameter('cls_token', nn.normal([1, 1, width], CLASS_STD[weights], init));
    this.#positions =
      positions === 'learned'
        ? this.parameter('pos_embed', normal02([1, 1 + grid * grid, width], init))
        : this.buffer('pos_embed', sinCosPositions(width, grid));
    this.#projection = this.child(
      'patch_embed.proj',
      new PatchProjection(channels, patchSize, width, weights, init),
    );
    const block = { width, heads, weights: weights === 'mae' ? nn.xavierUniform : normal02, generator };
    this.#blocks = this.child('blocks', new Blocks(depth, block));
    this.#norm = this.child('norm', new nn.LayerNorm(width, { eps: NORM_EPS }));
  }

  /**
   * The patches as tokens that know their place, without class token and blocks.
   * @param images - `[N, C, H, W]`, H and W multiples of the patch size
   * @returns `[N, L, D]`, row by row
   * @throws RangeError where the images are not of C channels, or not of whole patches
   */
  embedPatches(images: Tensor): Tensor {
    const [, channels, height = 0, width = 0] = images.shape;
    if (channels !== this.channels) {
      throw new RangeError(
        `this encoder takes images of ${this.channels} channels, got shape [${images.shape.join(', ')}]`,
      );
    }
    const patches = this.#projection.forward(patchify(images, this.patchSize));
    return patches.add(this.#positionsFor(height / this.patchSize, width / this.patchSize));
  }

  /**
   * Runs class token and patches through the blocks and the last norm.
   * @param tokens - `[N, L', D]` from `embedPatches`, all of them or some, in any order
   * @returns `[N, 1 + L', D]`, the class token first
   */
  encodeTokens(tokens: Tensor): Tensor {
    const classToken = this.#classToken.add(this.#positions.narrow(1, 0, 1));
    const all = cat([classToken.expand([tokens.shape[0]!, -1, -1]), tokens], { dim: 1 });
    return this.#blocks.forward(all, this.#norm);
  }

  /**
   * @param images - `[N, C, H, W]`, H and W multiples of the patch size
   * @returns features `[N, F]`
   */
  forward(images: Tensor): Tensor {
    return this.pool(this.encodeTokens(this.embedPatches(images)));
  }

  /**
   * Features from tokens, as `pooling` says.
   * @param tokens - `[N, 1 + L', D]` from `encodeTokens`
   * @returns `[N, F]`
   */
  pool(tokens: Tensor): Tensor {
    return this.#pooling === 'token' ? tokens.select(1, 0) : tokens.slice({ dim: 1, start: 1 }).mean(1);
  }

  /** `[1, rows · columns, D]` */
  #positionsFor(rows: number, columns: number): Tensor {
    const grid = this.imageSize / this.patchSize;
    const own = this.#positions.narrow(1, 1, grid * grid);
    if (rows === grid && columns === grid) return own;
    return autocast(() => resamplePositions(own.squeeze(0), rows, columns).unsqueeze(0), { enabled: false });
  }
}

/** Standard deviation of the first class token: timm's is next to zero, MAE's is that of the other tokens. */
const CLASS_STD = { timm: 1e-6, mae: 0.02 } as const;

/**
 * Cuts images into patches.
 * @param images - `[N, C, H, W]`
 * @param patchSize - p, in pixels
 * @returns `[N, L, p² · C]`: patches row by row; in each, pixels row by row, and the C channels of a pixel together
 * @throws RangeError where H or W is not a multiple of p
 * Source: `patchify` of MAE has this order, https://github.com/facebookresearch/mae/blob/main/models_mae.py
 */
export function patchify(images: Tensor, patchSize: number): Tensor {
  const [count = 0, channels = 0, height = 0, width = 0] = images.shape;
  if (height % patchSize !== 0 || width % patchSize !== 0) {
    throw new RangeError(
      `images of ${height}×${width} pixels are not whole patches of ${patchSize}: change the image or the patch size`,
    );
  }
  const [rows, columns] = [height / patchSize, width / patchSize];
  return images
    .reshape([count, channels, rows, patchSize, columns, patchSize])
    .permute([0, 2, 4, 3, 5, 1])
    .reshape([count, rows * columns, patchSize * patchSize * channels]);
}

/** A linear map of each patch; its weight has the shape `[D, C, p, p]` of the convolution that it is in timm. */
class PatchProjection extends nn.Module {
  readonly #weight: Tensor;
  readonly #bias: Tensor;

  /** The first values are those of PyTorch's convolution in timm; MAE draws the weight as that of a linear layer. */
  constructor(
    channels: number,
    patchSize: number,
    width: number,
    weights: 'timm' | 'mae',
    init: nn.InitOptions,
  ) {
    super();
    const inputs = channels * patchSize ** 2;
    const bound = 1 / Math.sqrt(inputs);
    const weight =
      weights === 'mae' ? nn.xavierUniform([width, inputs], init) : nn.uniform([width, inputs], bound, init);
    this.#weight = this.parameter('weight', weight.view([width, channels, patchSize, patchSize]));
    this.#bias = this.parameter('bias', nn.uniform([width], bound, init));
  }

  /** @param patches - `[N, L, p² · C]` from `patchify` */
  forward(patches: Tensor): Tensor {
    const weight = this.#weight.permute([0, 2, 3, 1]).flatten({ startDim: 1 }); // [D, p² · C]
    return linear(patches, weight, { bias: this.#bias });
  }
}
