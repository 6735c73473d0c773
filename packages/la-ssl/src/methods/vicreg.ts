/**
 * @file VICReg: projections of two views must be near each other (invariance), vary over the batch (variance), and not
 * vary together (covariance).
 *
 * There are no negatives, so an example drawn twice into a batch is never held against itself and needs no mask; it
 * counts twice, and a batch of few distinct examples meets a variance term that is harder to please.
 * Views go through the network one after another, each with batch statistics of its own, as in the authors' code.
 *
 * Source: Bardes 2022, https://arxiv.org/abs/2105.04906, and github.com/facebookresearch/vicreg. Where they differ in
 * scale the code is followed: the paper does not divide the invariance by D, and does not halve the variance.
 */
import { type Generator, mseLoss, nn, stack, type Tensor } from '@la-ssl/torch';
import { type Encoder, projector } from '../models/index.js';
import type { Random } from '../random.js';
import { checkNotNegative, checkPair, checkPositive, checkViews, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { offDiagonalSquares } from './off-diagonal.js';
import { pairMean } from './similarity.js';

export interface VICRegOptions {
  encoder: Encoder;
  /** Weights of the three terms, ≥ 0. */
  invarianceWeight?: number;
  varianceWeight?: number;
  covarianceWeight?: number;
  /** τ of the learning speed `exp(−‖z₁ − z₂‖² / (D τ))`, > 0. */
  speedTemperature?: number;
  /** Linear layers of the projector, which the paper calls expander. */
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
  invarianceWeight: 25,
  varianceWeight: 25,
  covarianceWeight: 1,
  speedTemperature: 1,
  projectorLayers: 3,
  hidden: 2048,
  projections: 2048,
};

export class VICReg extends nn.Module implements Method {
  readonly encoder: Encoder;
  readonly #projector: nn.Layer;
  readonly #weights: readonly [number, number, number];
  readonly #options: { speedTemperature: number; bfloat16: boolean };

  /** @throws RangeError where a weight is negative or the temperature not > 0 */
  constructor(options: VICRegOptions) {
    super();
    const { encoder, generator, bfloat16 = false, ...given } = options;
    const { invarianceWeight, varianceWeight, covarianceWeight, ...rest } = { ...DEFAULTS, ...given };
    const { speedTemperature, projectorLayers, ...sizes } = rest;
    checkNotNegative({ invarianceWeight, varianceWeight, covarianceWeight });
    checkPositive({ speedTemperature });
    this.encoder = this.child('encoder', encoder);
    const shape = { ...sizes, features: encoder.features, layers: projectorLayers };
    this.#projector = this.child('projector', projector({ ...shape, end: 'nothing', generator }));
    this.#weights = [invarianceWeight, varianceWeight, covarianceWeight];
    this.#options = { speedTemperature, bfloat16 };
  }

  forward(views: readonly Tensor[], _context: StepContext): MethodOutput {
    checkViews('VICReg', views, 2);
    const features = this.#encode(views);
    const [z1, z2] = this.#project(features) as [Tensor, Tensor];
    const { invariance, variance, covariance } = vicregTerms(z1, z2);
    const [a, b, c] = this.#weights;
    return {
      loss: invariance.mul(a).add(variance.mul(b)).add(covariance.mul(c)),
      similarity: this.#nearness([z1.detach(), z2.detach()]),
      features: (features[0] as Tensor).detach(),
      terms: {
        invariance: invariance.detach(),
        variance: variance.detach(),
        covariance: covariance.detach(),
      },
    };
  }

  /**
   * `exp(−‖z_a − z_b‖² / (D τ))`, mean over all pairs of views: the square is an example's share of the invariance term.
   * Where each projection has the variance 1 that the loss asks for, τ = 1 is as sharp as `exp(cos / ½)`.
   */
  similarity(views: readonly Tensor[], _random: Random): Tensor {
    return this.#nearness(this.#project(this.#encode(views)));
  }

  #encode(views: readonly Tensor[]): Tensor[] {
    return views.map((view) => encode(this.encoder, view, this.#options.bfloat16));
  }

  /** Projections `[N, D]` of each view. */
  #project(features: readonly Tensor[]): Tensor[] {
    return features.map((one) => this.#projector.forward(one));
  }

  #nearness(projections: readonly Tensor[]): Tensor {
    const z = stack(projections, { dim: 1 }); // [N, V, D]
    const squares = z.unsqueeze(1).sub(z.unsqueeze(2)).square().mean([3]); // [N, V, V]
    return pairMean(squares.neg(), this.#options.speedTemperature);
  }
}

/**
 * The terms of VICReg, of which the loss is a weighted sum: invariance `Σ_i ‖z_i − z'_i‖² / (N D)`; variance
 * `Σ_d max(0, 1 − √(Var z_d + 10⁻⁴)) / D`, mean of both views; covariance `Σ_{d≠e} Cov(z)_de² / D`, sum of both views.
 *
 * @param z1 - projections `[N, D]`, N ≥ 2
 * @param z2 - those of the other view, in the same order
 * @throws RangeError where they are not both `[N, D]`, N ≥ 2
 * Source: Bardes 2022, Eq. 1 to 6, in the scale of `main_vicreg.py`
 */
export function vicregTerms(
  z1: Tensor,
  z2: Tensor,
): { invariance: Tensor; variance: Tensor; covariance: Tensor } {
  const [n, size] = checkPair(z1, z2);
  const hinge = (z: Tensor): Tensor => z.variance([0]).add(1e-4).sqrt().neg().add(1).relu().mean();
  const covariance = (z: Tensor): Tensor => {
    const centred = z.sub(z.mean([0]));
    return offDiagonalSquares(
      centred
        .t()
        .mm(centred)
        .div(n - 1),
    ).div(size);
  };
  return {
    invariance: mseLoss(z1, z2),
    variance: hinge(z1).add(hinge(z2)).div(2),
    covariance: covariance(z1).add(covariance(z2)),
  };
}

/**
 * Source: solo-learn, `scripts/pretrain/cifar/vicreg.yaml`, for batches of 256: LARS (η 0.02, clipped), rate 0.3, 10
 * epochs of warm-up, no blur. It solarises a tenth of both views; here it is a fifth of every second, as in the
 * authors' code.
 */
export const vicreg = {
  views: 2,
  options: DEFAULTS,
  recipe: {
    optimizer: 'lars',
    lr: 0.3,
    weightDecay: 1e-4,
    lrWarmupEpochs: 10,
    cropScale: 0.2,
    jitterSaturation: 0.2,
    solarizeProbability: 0.2,
  },
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new VICReg({ ...options, encoder: newEncoder(), generator, bfloat16 }),
} satisfies MethodSpec<Omit<VICRegOptions, 'encoder' | 'generator' | 'bfloat16'>>;
