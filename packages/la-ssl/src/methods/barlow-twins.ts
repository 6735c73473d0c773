/**
 * @file Barlow Twins: each projection must correlate with itself under the other view, and with no other projection.
 *
 * There are no negatives, so an example drawn twice into a batch is never held against itself: it counts twice in the
 * correlations, as the sampler wants, and needs no mask.
 * Views go through the network one after another, each with batch statistics of its own, as in the authors' code.
 *
 * Source: Zbontar 2021, https://arxiv.org/abs/2103.03230, and github.com/facebookresearch/barlowtwins.
 */
import { cat, type Generator, nn, type Tensor } from '@la-ssl/torch';
import { type Encoder, projector } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPair, checkPositive, checkViews, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { offDiagonalSquares } from './off-diagonal.js';
import { pairSimilarity, unit } from './similarity.js';

export interface BarlowTwinsOptions {
  encoder: Encoder;
  /** λ, weight of the redundancy, > 0. */
  lambda?: number;
  /** What the whole loss is multiplied with, > 0: about 200 / D suits. */
  lossScale?: number;
  /** τ of the learning speed `exp(cos / τ)`, > 0. */
  speedTemperature?: number;
  /** Linear layers of the projector. */
  projectorLayers?: number;
  /** Size of the projector's hidden layers. */
  hidden?: number;
  /** D, the size of the projections. */
  projections?: number;
  /** Run the encoder in bfloat16; the projector and the loss stay in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

const DEFAULTS = {
  lambda: 0.0051,
  lossScale: 0.1,
  speedTemperature: 0.5,
  projectorLayers: 3,
  hidden: 2048,
  projections: 2048,
};

export class BarlowTwins extends nn.Module implements Method {
  readonly encoder: Encoder;
  readonly #projector: nn.Layer;
  readonly #options: { lambda: number; lossScale: number; speedTemperature: number; bfloat16: boolean };

  /** @throws RangeError where λ, the scale or the temperature is not > 0 */
  constructor(options: BarlowTwinsOptions) {
    super();
    const { encoder, generator, bfloat16 = false, ...given } = options;
    const { lambda, lossScale, speedTemperature, projectorLayers, ...sizes } = { ...DEFAULTS, ...given };
    checkPositive({ lambda, lossScale, speedTemperature });
    this.encoder = this.child('encoder', encoder);
    const shape = { ...sizes, features: encoder.features, layers: projectorLayers };
    this.#projector = this.child('projector', projector({ ...shape, end: 'batch-norm', generator }));
    this.#options = { lambda, lossScale, speedTemperature, bfloat16 };
  }

  forward(views: readonly Tensor[], _context: StepContext): MethodOutput {
    checkViews('Barlow Twins', views, 2);
    const { lambda, lossScale, speedTemperature } = this.#options;
    const features = this.#encode(views);
    const [z1, z2] = this.#project(features) as [Tensor, Tensor];
    const { invariance, redundancy } = barlowTwinsTerms(z1, z2);
    return {
      loss: invariance.add(redundancy.mul(lambda)).mul(lossScale),
      similarity: pairSimilarity(unit(cat([z1, z2]).detach()), 2, speedTemperature),
      features: (features[0] as Tensor).detach(),
      terms: { invariance: invariance.detach(), redundancy: redundancy.detach() },
    };
  }

  /**
   * `exp(cos(ẑ_a, ẑ_b) / τ)` of standardised projections, mean over all pairs of views. In evaluation it is the running
   * statistics that standardise, so that no example's speed depends on those scored beside it. For two views
   * `⟨ẑ_1, ẑ_2⟩ / D`, meaned over the batch, is `tr(C) / D`: the cosine is an example's share of the invariance.
   */
  similarity(views: readonly Tensor[], _random: Random): Tensor {
    const z = cat(this.#project(this.#encode(views)));
    return pairSimilarity(unit(z), views.length, this.#options.speedTemperature);
  }

  #encode(views: readonly Tensor[]): Tensor[] {
    return views.map((view) => encode(this.encoder, view, this.#options.bfloat16));
  }

  /** Standardised projections `[N, D]` of each view. */
  #project(features: readonly Tensor[]): Tensor[] {
    return features.map((one) => this.#projector.forward(one));
  }
}

/**
 * The terms of Barlow Twins, with `C = ẑ₁ᵀ ẑ₂ / N`: invariance `Σ_d (1 − C_dd)²` and redundancy `Σ_{d≠e} C_de²`; the
 * loss is `invariance + λ · redundancy`.
 *
 * @param z1 - projections `[N, D]`, each of the D of mean 0 and variance 1 over the batch
 * @param z2 - those of the other view, in the same order
 * @throws RangeError where they are not both `[N, D]`, N ≥ 2
 * Source: Zbontar 2021, Eq. 1 and 2
 */
export function barlowTwinsTerms(z1: Tensor, z2: Tensor): { invariance: Tensor; redundancy: Tensor } {
  const [n] = checkPair(z1, z2);
  const correlations = z1.t().mm(z2).div(n); // [D, D]
  return {
    invariance: correlations.diagonal().sub(1).square().sum(),
    redundancy: offDiagonalSquares(correlations),
  };
}

/**
 * Source: solo-learn, `scripts/pretrain/cifar/barlow.yaml`, for batches of 256: LARS (η 0.02, clipped), rate 0.3, 10
 * epochs of warm-up, λ 0.0051, the loss times 0.1; views that differ in solarisation, no blur.
 */
export const barlowTwins = {
  views: 2,
  options: DEFAULTS,
  recipe: {
    optimizer: 'lars',
    lr: 0.3,
    weightDecay: 1e-4,
    lrWarmupEpochs: 10,
    jitterSaturation: 0.2,
    solarizeProbability: 0.2,
  },
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new BarlowTwins({ ...options, encoder: newEncoder(), generator, bfloat16 }),
} satisfies MethodSpec<Omit<BarlowTwinsOptions, 'encoder' | 'generator' | 'bfloat16'>>;
