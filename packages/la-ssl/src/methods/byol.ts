/**
 * @file BYOL: a network must predict, from one view, what its own moving average makes of the other; no negatives.
 *
 * The encoder that is kept is the one that is trained, as in the official code. The learning speed of an example is
 * `exp(½ (cos(p_a, z'_b) + cos(p_b, z'_a)) / τ)`: the loss of its two views is `4 − 4 τ log speed`.
 * Source: Grill 2020, https://arxiv.org/abs/2006.07733; `byol_experiment.py`,
 * https://github.com/google-deepmind/deepmind-research/tree/master/byol
 */
import { cat, type Generator, nn, noGrad, type Tensor } from '@la-ssl/torch';
import { cosine } from '../cosine.js';
import { type Encoder, projector } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPositive, checkViews, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { checkMomentum, follow, startFollowing } from './momentum.js';
import { pairSimilarity, unit } from './similarity.js';

export interface BYOLOptions {
  encoder: Encoder;
  /** Another of the same kind, which becomes a copy of `encoder`. */
  momentumEncoder: Encoder;
  /** Size of the projector's hidden layer. */
  hidden: number;
  /** D, the size of the projections. */
  projections: number;
  /** Size of the predictor's hidden layer. */
  predictorHidden: number;
  /** Momentum of the momentum encoder in the first step, 0 to 1; it goes to 1 by a cosine. */
  encoderMomentum: number;
  /** τ of the learning speed, > 0. */
  speedTemperature: number;
  /** Run the encoders in bfloat16; heads and loss stay in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

export class BYOL extends nn.Module implements Method {
  readonly encoder: Encoder;
  readonly #projector: nn.Layer;
  readonly #predictor: nn.Layer;
  readonly #momentumEncoder: Encoder;
  readonly #momentumProjector: nn.Layer;
  readonly #options: BYOLOptions;

  /** @throws RangeError where an option is out of its range */
  constructor(options: BYOLOptions) {
    super();
    const { encoder, momentumEncoder, hidden, projections, predictorHidden } = options;
    const { encoderMomentum, speedTemperature, generator } = options;
    checkPositive({ speedTemperature });
    checkMomentum('encoderMomentum', encoderMomentum);
    const head = (features: number, size: number): nn.Layer =>
      projector({ features, hidden: size, projections, end: 'nothing', generator });
    this.encoder = this.child('encoder', encoder);
    this.#projector = this.child('projector', head(encoder.features, hidden));
    this.#predictor = this.child('predictor', head(projections, predictorHidden));
    this.#momentumEncoder = this.child('momentum_encoder', startFollowing(momentumEncoder, encoder));
    const follower = startFollowing(head(encoder.features, hidden), this.#projector);
    this.#momentumProjector = this.child('momentum_projector', follower);
    this.#options = options;
  }

  forward(views: readonly Tensor[], _context: StepContext): MethodOutput {
    checkViews('BYOL', views, 2);
    const { features, p, z } = this.#compare(views);
    const [p1, p2, z1, z2] = [...p, ...z] as [Tensor, Tensor, Tensor, Tensor];
    return {
      loss: byolLoss(p1, z2).add(byolLoss(p2, z1)),
      similarity: this.#speed(p, z),
      features: features[0]!.detach(),
    };
  }

  similarity(views: readonly Tensor[], _random: Random): Tensor {
    const { p, z } = this.#compare(views);
    return this.#speed(p, z);
  }

  /** The momentum encoder follows what the optimizer's step has made. */
  afterStep({ progress }: StepContext): void {
    const momentum = cosine(progress, { from: this.#options.encoderMomentum, to: 1 });
    follow(this.#momentumEncoder, this.encoder, momentum);
    follow(this.#momentumProjector, this.#projector, momentum);
  }

  /**
   * Of each view: features `[N, F]`, unit predictions p and, without a graph, unit momentum projections z `[N, D]`.
   * A view at a time, so that batch norm sees one view only.
   */
  #compare(views: readonly Tensor[]): { features: Tensor[]; p: Tensor[]; z: Tensor[] } {
    const { bfloat16 = false } = this.#options;
    const features = views.map((view) => encode(this.encoder, view, bfloat16));
    const p = features.map((h) => unit(this.#predictor.forward(this.#projector.forward(h))));
    const z = noGrad(() =>
      views.map((view) => {
        const h = encode(this.#momentumEncoder, view, bfloat16);
        return unit(this.#momentumProjector.forward(h));
      }),
    );
    return { features, p, z };
  }

  #speed(p: readonly Tensor[], z: readonly Tensor[]): Tensor {
    return pairSimilarity(cat(p).detach(), p.length, this.#options.speedTemperature, cat(z));
  }
}

/**
 * Squared distance of unit vectors, `‖p − z‖² = 2 − 2 p·z`, mean over the examples.
 * @param p - unit predictions `[N, D]`
 * @param z - unit momentum projections of the other view, `[N, D]`
 * @returns scalar, 0 to 4
 * Source: Grill 2020, Eq. 2
 */
export function byolLoss(p: Tensor, z: Tensor): Tensor {
  return p.mul(z).sum([1]).mean().mul(-2).add(2);
}

/** Source: solo-learn's BYOL on CIFAR-10, `scripts/pretrain/cifar/byol.yaml`. */
export const byol = {
  views: 2,
  options: {
    hidden: 4096,
    projections: 256,
    predictorHidden: 4096,
    encoderMomentum: 0.99,
    speedTemperature: 0.5,
  },
  recipe: {
    optimizer: 'lars',
    lr: 1,
    weightDecay: 1e-5,
    lrWarmupEpochs: 10,
    jitterSaturation: 0.2,
    solarizeProbability: 0.2,
  },
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new BYOL({ ...options, encoder: newEncoder(), momentumEncoder: newEncoder(), generator, bfloat16 }),
} satisfies MethodSpec<Omit<BYOLOptions, 'encoder' | 'momentumEncoder' | 'generator' | 'bfloat16'>>;
