/**
 * @file MoCo v3: the prediction from one view must find, among the keys of the batch, that of the other view; keys come
 * from a momentum encoder. Without the queue of its forerunners.
 *
 * The encoder that is kept is the one that is trained, as in the official code. The learning speed of an example is
 * `exp(½ (cos(q_a, k_b) + cos(q_b, k_a)) / τ)`, the numerator of its loss. Of a transformer the patch projection stays
 * random, and positions are fixed sines and cosines (Section 4).
 * Source: Chen 2021, https://arxiv.org/abs/2104.02057; `moco/builder.py`, https://github.com/facebookresearch/moco-v3
 */
import {
  arange,
  cat,
  crossEntropyLoss,
  eye,
  fromData,
  type Generator,
  nn,
  noGrad,
  type Tensor,
} from '@la-ssl/torch';
import { cosine } from '../cosine.js';
import { type Encoder, projector, VisionTransformer } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPositive, checkViews, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { checkMomentum, follow, startFollowing } from './momentum.js';
import { pairSimilarity, unit } from './similarity.js';

export interface MoCoV3Options {
  encoder: Encoder;
  /** Another of the same kind, which becomes a copy of `encoder`. */
  momentumEncoder: Encoder;
  /** Heads for a transformer: a third layer in the projector, batch norm at the end of the predictor. */
  transformerHeads?: boolean;
  /** Size of the projector's hidden layers. */
  hidden: number;
  /** D, the size of the projections. */
  projections: number;
  /** Size of the predictor's hidden layer. */
  predictorHidden: number;
  /** τ of the loss, > 0. */
  temperature: number;
  /** τ of the learning speed, > 0; by default that of the loss. */
  speedTemperature?: number | undefined;
  /** Momentum of the momentum encoder in the first step, 0 to 1; it goes to 1 by a cosine. */
  encoderMomentum: number;
  /** Keep an example that was drawn twice from being its own negative. */
  maskDuplicates?: boolean;
  /** The patch projection of a transformer keeps its first weights. */
  freezePatches: boolean;
  /** Run the encoders in bfloat16; heads and loss stay in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

export class MoCoV3 extends nn.Module implements Method {
  readonly encoder: Encoder;
  readonly #projector: nn.Layer;
  readonly #predictor: nn.Layer;
  readonly #momentumEncoder: Encoder;
  readonly #momentumProjector: nn.Layer;
  readonly #options: MoCoV3Options;
  /** Progress at the last step in which the momentum encoder followed: once in a step, also of a batch in parts. */
  #followedAt = -1;

  /** @throws RangeError where an option is out of its range */
  constructor(options: MoCoV3Options) {
    super();
    const { encoder, momentumEncoder, hidden, projections, predictorHidden, transformerHeads } = options;
    const { temperature, speedTemperature = temperature, encoderMomentum, generator } = options;
    checkPositive({ temperature, speedTemperature });
    checkMomentum('encoderMomentum', encoderMomentum);
    const sizes = { features: encoder.features, hidden, layers: transformerHeads ? 3 : 2 };
    const newProjector = (): nn.Layer => projector({ ...sizes, projections, end: 'batch-norm', generator });
    this.encoder = this.child('encoder', encoder);
    this.#projector = this.child('projector', newProjector());
    const end = transformerHeads ? 'batch-norm' : 'nothing';
    const predictor = {
      features: projections,
      hidden: predictorHidden,
      projections,
      end,
      generator,
    } as const;
    this.#predictor = this.child('predictor', projector(predictor));
    this.#momentumEncoder = this.child('momentum_encoder', startFollowing(momentumEncoder, encoder));
    const follower = startFollowing(newProjector(), this.#projector);
    this.#momentumProjector = this.child('momentum_projector', follower);
    if (options.freezePatches) {
      for (const [name, parameter] of encoder.namedParameters()) {
        if (name.startsWith('patch_embed.')) parameter.requiresGrad_(false);
      }
    }
    this.#options = { ...options, speedTemperature };
  }

  /** The momentum encoder follows before it makes the keys, as in the official code: not after the optimizer's step. */
  forward(views: readonly Tensor[], { progress, indices }: StepContext): MethodOutput {
    checkViews('MoCo v3', views, 2);
    if (progress !== this.#followedAt) this.#follow(progress);
    const { temperature, maskDuplicates = true } = this.#options;
    const settings = { temperature, ...(maskDuplicates && { indices }) };
    const { features, q, k } = this.#compare(views);
    const [q1, q2, k1, k2] = [...q, ...k] as [Tensor, Tensor, Tensor, Tensor];
    return {
      loss: contrastiveLoss(q1, k2, settings).add(contrastiveLoss(q2, k1, settings)),
      similarity: this.#speed(q, k),
      features: features[0]!.detach(),
    };
  }

  similarity(views: readonly Tensor[], _random: Random): Tensor {
    const { q, k } = this.#compare(views);
    return this.#speed(q, k);
  }

  #follow(progress: number): void {
    const momentum = cosine(progress, { from: this.#options.encoderMomentum, to: 1 });
    follow(this.#momentumEncoder, this.encoder, momentum);
    follow(this.#momentumProjector, this.#projector, momentum);
    this.#followedAt = progress;
  }

  /**
   * Of each view: features `[N, F]`, unit queries q and, without a graph, unit keys k `[N, D]`.
   * A view at a time, so that batch norm sees one view only.
   */
  #compare(views: readonly Tensor[]): { features: Tensor[]; q: Tensor[]; k: Tensor[] } {
    const { bfloat16 = false } = this.#options;
    const features = views.map((view) => encode(this.encoder, view, bfloat16));
    const q = features.map((h) => unit(this.#predictor.forward(this.#projector.forward(h))));
    const k = noGrad(() =>
      views.map((view) => {
        const h = encode(this.#momentumEncoder, view, bfloat16);
        return unit(this.#momentumProjector.forward(h));
      }),
    );
    return { features, q, k };
  }

  #speed(q: readonly Tensor[], k: readonly Tensor[]): Tensor {
    return pairSimilarity(cat(q).detach(), q.length, this.#options.speedTemperature as number, cat(k));
  }
}

/**
 * InfoNCE with the other examples' keys as negatives: `−2 τ log(exp(q_i·k_i / τ) / Σ_j exp(q_i·k_j / τ))`, mean over i.
 * @param q - unit queries `[N, D]`
 * @param k - unit keys of the other view, `[N, D]`
 * @param temperature - τ > 0
 * @param indices - `[N]`, the example behind each row: keys of the same example, drawn again into this batch, then leave
 *   the sum; without it they count as negatives, as in the official code
 * @returns scalar
 * Source: Chen 2021, Eq. 1 and Algorithm 1
 */
export function contrastiveLoss(
  q: Tensor,
  k: Tensor,
  { temperature, indices }: { temperature: number; indices?: Int32Array },
): Tensor {
  const n = q.shape[0] as number;
  let logits = q.mm(k.t()).div(temperature); // [N, N]
  if (indices) {
    const example = fromData(indices);
    const again = example
      .unsqueeze(0)
      .eq(example.unsqueeze(1))
      .logicalAnd(eye(n, { dtype: 'bool' }).logicalNot());
    logits = logits.maskedFill(again, Number.NEGATIVE_INFINITY);
  }
  return crossEntropyLoss(logits, arange(0, n, { dtype: 'int64' })).mul(2 * temperature);
}

/** Source: solo-learn's MoCo v3 on CIFAR-10, `scripts/pretrain/cifar/mocov3.yaml`. */
export const mocoV3 = {
  views: 2,
  options: {
    hidden: 4096,
    projections: 256,
    predictorHidden: 4096,
    temperature: 0.2,
    speedTemperature: undefined as number | undefined,
    encoderMomentum: 0.99,
    maskDuplicates: true,
    freezePatches: true,
  },
  recipe: {
    optimizer: 'lars',
    lr: 0.3,
    weightDecay: 1e-6,
    lrWarmupEpochs: 10,
    jitterSaturation: 0.2,
    solarizeProbability: 0.2,
  },
  create: ({ newEncoder, generator, bfloat16 }, options) => {
    const [encoder, momentumEncoder] = [0, 1].map(() => newEncoder({ positions: 'sincos' })) as [
      Encoder,
      Encoder,
    ];
    const transformerHeads = encoder instanceof VisionTransformer;
    return new MoCoV3({ ...options, encoder, momentumEncoder, transformerHeads, generator, bfloat16 });
  },
} satisfies MethodSpec<
  Omit<MoCoV3Options, 'encoder' | 'momentumEncoder' | 'transformerHeads' | 'generator' | 'bfloat16'>
>;
