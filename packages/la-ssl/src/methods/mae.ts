/**
 * @file MAE: an encoder that sees a quarter of the patches, and a decoder that must draw the others.
 *
 * Source: He 2022, https://arxiv.org/abs/2111.06377; where that leaves something open, the official code,
 * https://github.com/facebookresearch/mae
 */
import { autocast, cat, fromData, type Generator, nn, noGrad, type Tensor } from '@la-ssl/torch';
import { type Encoder, MaeDecoder, patchify, VisionTransformer } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPositive, checkViews } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { pairSimilarity, unit } from './similarity.js';

export interface MAEOptions {
  /** A vision transformer; as in the paper, one with `positions: 'sincos'` and `weights: 'mae'`. */
  encoder: Encoder;
  /** Share of the patches that is hidden, `0 < r < 1`; `⌊L (1 − r)⌋` of L stay visible. */
  maskRatio?: number;
  /** The target is each patch with mean 0 and variance 1, not its pixels. */
  normalizeTarget?: boolean;
  /** Size of the decoder's tokens, by default two thirds of the encoder's: 512 for ViT-Base, as in the paper. */
  decoderWidth?: number | undefined;
  decoderDepth?: number;
  /** By default one for each 32 of the decoder's width, as in the paper. */
  decoderHeads?: number | undefined;
  /**
   * The learning speed: `reconstruction`, `exp(−E/τ)` with E the mean error of the hidden patches under one mask a
   * view, which the training step has anyway; or `features`, `exp(cos/τ)` of what the encoder makes of the visible
   * patches under two masks, for which a training step encodes once more.
   */
  speed?: 'reconstruction' | 'features';
  /** τ of the learning speed, > 0. */
  speedTemperature?: number;
  /** Run encoder and decoder in bfloat16; the loss stays in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

export class MAE extends nn.Module implements Method {
  readonly encoder: VisionTransformer;
  readonly #decoder: MaeDecoder;
  readonly #options: Required<
    Pick<MAEOptions, 'maskRatio' | 'normalizeTarget' | 'speed' | 'speedTemperature' | 'bfloat16'>
  >;

  /**
   * @throws Error where the encoder is no vision transformer
   * @throws RangeError where the mask leaves no patch visible, or none hidden, or a size does not fit
   */
  constructor(options: MAEOptions) {
    super();
    const { encoder, maskRatio = 0.75, normalizeTarget = true, speed = 'reconstruction' } = options;
    const { speedTemperature = 1, bfloat16 = false, generator } = options;
    if (!(encoder instanceof VisionTransformer)) {
      throw new Error('mae hides patches, and only a vision transformer has them: take --encoder vit-tiny.');
    }
    const { decoderWidth: width = 4 * Math.round(encoder.features / 6), decoderDepth: depth = 4 } = options;
    const { decoderHeads: heads = Math.max(1, Math.floor(width / 32)) } = options;
    const grid = encoder.imageSize / encoder.patchSize;
    checkPositive({ speedTemperature, decoderWidth: width, decoderDepth: depth, decoderHeads: heads });
    checkMaskRatio(maskRatio, grid ** 2);
    if (width % 4 !== 0 || width % heads !== 0) {
      throw new RangeError(
        `decoderWidth must be a multiple of 4 and of decoderHeads, got width ${width} for ${heads} heads`,
      );
    }
    this.encoder = this.child('encoder', encoder);
    const [inputs, patchValues] = [encoder.features, encoder.channels * encoder.patchSize ** 2];
    const decoder = new MaeDecoder({ inputs, grid, patchValues, width, depth, heads, generator });
    this.#decoder = this.child('decoder', decoder);
    this.#options = { maskRatio, normalizeTarget, speed, speedTemperature, bfloat16 };
  }

  /** The features are those of the visible patches, pooled as the encoder does. */
  forward(views: readonly Tensor[], { random }: StepContext): MethodOutput {
    checkViews('MAE', views, 1);
    const { speed } = this.#options;
    const images = views[0]!;
    const { encoded, order } = this.#encode(images, random);
    const errors = this.#errors(images, encoded, order);
    const features = this.encoder.pool(encoded).detach();
    const similarity =
      speed === 'reconstruction'
        ? this.#ofErrors(errors.detach())
        : noGrad(() => this.#ofFeatures([features, this.#features(images, random)]));
    return { loss: errors.mean(), similarity, features };
  }

  similarity(views: readonly Tensor[], random: Random): Tensor {
    if (this.#options.speed === 'features') {
      return this.#ofFeatures(views.map((images) => this.#features(images, random)));
    }
    const errors = views.map((images) => {
      const { encoded, order } = this.#encode(images, random);
      return this.#errors(images, encoded, order).unsqueeze(0);
    });
    return this.#ofErrors(cat(errors).mean(0));
  }

  /** The class token and the visible patches, `[N, 1 + K, F]`, and the order that a new mask drew, `[N, L]`. */
  #encode(images: Tensor, random: Random): { encoded: Tensor; order: Tensor } {
    const { maskRatio } = this.#options;
    const [count = 0, , height = 0, width = 0] = images.shape;
    const { imageSize, patchSize } = this.encoder;
    if (height !== imageSize || width !== imageSize) {
      throw new Error(`MAE was made for images of ${imageSize} pixels, got ${height} × ${width}`);
    }
    const patches = (imageSize / patchSize) ** 2;
    const order = drawOrder(count, patches, random);
    const kept = order.narrow(1, 0, visiblePatches(patches, maskRatio));
    const encoded = this.#run(() => {
      return this.encoder.encodeTokens(takeTokens(this.encoder.embedPatches(images), kept));
    });
    return { encoded, order };
  }

  #features(images: Tensor, random: Random): Tensor {
    return this.encoder.pool(this.#encode(images, random).encoded);
  }

  /** `[N]`, the mean squared error over the hidden patches of each example. */
  #errors(images: Tensor, encoded: Tensor, order: Tensor): Tensor {
    const predicted = this.#run(() => this.#decoder.forward(encoded, order)); // [N, L − K, p² · C]
    const hidden = predicted.shape[1]!;
    const places = order.narrow(1, order.shape[1]! - hidden, hidden);
    const pixels = takeTokens(patchify(images, this.encoder.patchSize), places);
    const target = this.#options.normalizeTarget ? normalizePatches(pixels) : pixels;
    // As many patches are hidden of each example: the mean of these is the official mean over all hidden patches.
    return predicted.sub(target).square().mean([1, 2]);
  }

  #ofErrors(errors: Tensor): Tensor {
    return errors.to('float64').div(-this.#options.speedTemperature).exp();
  }

  #ofFeatures(features: readonly Tensor[]): Tensor {
    return pairSimilarity(unit(cat(features)), features.length, this.#options.speedTemperature);
  }

  #run(body: () => Tensor): Tensor {
    return this.#options.bfloat16 ? autocast(body).to('float32') : body();
  }
}

/**
 * A random order of L patches for each of N examples: the first K of it are visible.
 * @returns `[N, L]` int64, by sorting uniform noise
 */
export function drawOrder(examples: number, patches: number, random: Random): Tensor {
  const noise = Float64Array.from({ length: examples * patches }, () => random.uniform());
  return fromData(noise, [examples, patches]).argsort({ dim: 1 });
}

/**
 * Each patch by itself: `(x − mean) / √(variance + 10⁻⁶)`, with the unbiased variance.
 * @param patches - `[N, L, p² · C]`
 * Source: `forward_loss` of the official code, https://github.com/facebookresearch/mae/blob/main/models_mae.py
 */
export function normalizePatches(patches: Tensor): Tensor {
  const variance = patches.variance([2], { keepdim: true }); // unbiased, as PyTorch's default
  return patches.sub(patches.mean([2], { keepdim: true })).div(variance.add(1e-6).sqrt());
}

/** Tokens `[N, K, D]` of `[N, L, D]`. @param places - `[N, K]` int64 */
function takeTokens(tokens: Tensor, places: Tensor): Tensor {
  return tokens.gather(1, places.unsqueeze(2).expand([-1, -1, tokens.shape[2]!]));
}

/** K, how many of L patches stay visible: `⌊L (1 − r)⌋`, the first in the order that a mask drew. */
export function visiblePatches(patches: number, maskRatio: number): number {
  return Math.trunc(patches * (1 - maskRatio));
}

function checkMaskRatio(maskRatio: number, patches: number): void {
  const visible = visiblePatches(patches, maskRatio);
  if (visible > 0 && visible < patches) return;
  const left = visible >= patches ? 'hidden' : 'visible';
  throw new RangeError(
    `maskRatio ${maskRatio} leaves none of the ${patches} patches ${left}: take one above 0, up to ${patches - 1}/${patches}.`,
  );
}

/**
 * Source: the recipe of the official code (`PRETRAIN.md`), with solo-learn's learning rate for CIFAR. The decoder has 4
 * blocks, where the paper has 8: half the cost, and by Table 1a the same after fine-tuning.
 */
export const mae = {
  views: 1,
  encoders: ['vit-tiny', 'vit-small', 'vit-base'],
  options: {
    maskRatio: 0.75,
    normalizeTarget: true,
    decoderWidth: undefined as number | undefined,
    decoderDepth: 4,
    decoderHeads: undefined as number | undefined,
    speed: 'reconstruction' as 'reconstruction' | 'features',
    speedTemperature: 1,
  },
  recipe: {
    optimizer: 'adamw',
    lr: 2e-4,
    weightDecay: 0.05,
    lrWarmupEpochs: 5,
    beta2: 0.95,
    cropScale: 0.2,
    jitterProbability: 0,
    grayscaleProbability: 0,
  },
  create: ({ newEncoder, generator, bfloat16 }, options) => {
    const encoder = newEncoder({ positions: 'sincos', weights: 'mae' });
    return new MAE({ ...options, encoder, generator, bfloat16 });
  },
} satisfies MethodSpec<Omit<MAEOptions, 'encoder' | 'generator' | 'bfloat16'>>;
