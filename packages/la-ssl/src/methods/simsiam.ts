/**
 * @file SimSiam: a predictor says from one view what the projection of the other is. Nothing pushes examples apart:
 * that no gradient flows through what is predicted keeps all projections from becoming the same.
 *
 * There are no negatives, so an example drawn twice into a batch is never held against itself and needs no mask.
 * Views go through the network one after another, each with batch statistics of its own, as in the authors' code.
 *
 * Source: Chen & He 2021, https://arxiv.org/abs/2011.10566, and github.com/facebookresearch/simsiam.
 */
import { cat, cosineSimilarity, type Generator, nn, noGrad, type Tensor } from '@la-ssl/torch';
import { type Encoder, projector } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPair, checkPositive, checkViews, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { pairSimilarity, unit } from './similarity.js';

export interface SimSiamOptions {
  encoder: Encoder;
  /** τ of the learning speed, > 0. */
  speedTemperature?: number;
  /** Linear layers of the projector: 2 for CIFAR-10, 3 for ImageNet. */
  projectorLayers?: number;
  /** Size of the projector's hidden layers. */
  hidden?: number;
  /** D, the size of the projections and of their predictions. */
  projections?: number;
  /** Size of the predictor's hidden layer: a bottleneck, a quarter of D. */
  predictorHidden?: number;
  /** Run the encoder in bfloat16; the heads and the loss stay in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

const DEFAULTS = {
  speedTemperature: 0.5,
  projectorLayers: 2,
  hidden: 2048,
  projections: 2048,
  predictorHidden: 512,
};

/** What the network says of views: a tensor for each, `[N, F]` and `[N, D]`. */
interface Outputs {
  features: Tensor[];
  projections: Tensor[];
  predictions: Tensor[];
}

export class SimSiam extends nn.Module implements Method {
  readonly encoder: Encoder;
  /** The predictor's: its rate stays high, so that it keeps up with the projections. Source: Section 4.2. */
  readonly constantRate: ReadonlySet<string>;
  readonly #projector: nn.Layer;
  readonly #predictor: nn.Layer;
  readonly #options: { speedTemperature: number; bfloat16: boolean };

  /** @throws RangeError where the temperature is not > 0 */
  constructor(options: SimSiamOptions) {
    super();
    const { encoder, generator, bfloat16 = false, ...given } = options;
    const { speedTemperature, projectorLayers: layers, ...sizes } = { ...DEFAULTS, ...given };
    const { hidden, projections, predictorHidden } = sizes;
    checkPositive({ speedTemperature });
    this.encoder = this.child('encoder', encoder);
    const { features } = encoder;
    const head = projector({ features, hidden, projections, layers, end: 'batch-norm', generator });
    this.#projector = this.child('projector', head);
    const prediction = { features: projections, hidden: predictorHidden, projections };
    this.#predictor = this.child('predictor', projector({ ...prediction, generator }));
    this.constantRate = new Set(this.#predictor.namedParameters('predictor.').keys());
    this.#options = { speedTemperature, bfloat16 };
  }

  forward(views: readonly Tensor[], _context: StepContext): MethodOutput {
    checkViews('SimSiam', views, 2);
    const outputs = this.#outputs(views);
    const { predictions, projections, features } = outputs;
    return {
      loss: simsiamLoss(predictions as [Tensor, Tensor], projections as [Tensor, Tensor]),
      similarity: noGrad(() => this.#agreement(outputs)),
      features: (features[0] as Tensor).detach(),
      terms: { spread: noGrad(() => spread(cat(projections))) },
    };
  }

  /** `exp(½ (cos(p_a, z_b) + cos(p_b, z_a)) / τ)`, mean over all pairs of views; for two, of `−loss` of the example. */
  similarity(views: readonly Tensor[], _random: Random): Tensor {
    return this.#agreement(this.#outputs(views));
  }

  #outputs(views: readonly Tensor[]): Outputs {
    const features = views.map((view) => encode(this.encoder, view, this.#options.bfloat16));
    const projections = features.map((one) => this.#projector.forward(one));
    const predictions = projections.map((one) => this.#predictor.forward(one));
    return { features, projections, predictions };
  }

  #agreement({ projections, predictions }: Outputs): Tensor {
    const [p, z] = [unit(cat(predictions)), unit(cat(projections))];
    return pairSimilarity(p, predictions.length, this.#options.speedTemperature, z);
  }
}

/**
 * `−½ (cos(p₁, sg z₂) + cos(p₂, sg z₁))`, mean over the examples; sg stops the gradient.
 *
 * @param p - predictions of the two views, each `[N, D]`
 * @param z - their projections, each `[N, D]`
 * @returns scalar from −1 to 1
 * @throws RangeError where they are not all `[N, D]`, N ≥ 2
 * Source: Chen & He 2021, Eq. 1 and 4
 */
export function simsiamLoss(p: readonly [Tensor, Tensor], z: readonly [Tensor, Tensor]): Tensor {
  checkPair(p[0], z[1]);
  checkPair(p[1], z[0]);
  const agreement = (of: Tensor, target: Tensor): Tensor => cosineSimilarity(of, target.detach()).mean();
  return agreement(p[0], z[1]).add(agreement(p[1], z[0])).div(-2);
}

/**
 * How far from collapse: `√D · mean_d std(z_d / ‖z‖)`, near 1 where directions are spread evenly, 0 where all are one.
 *
 * @param z - `[N, D]`
 * Source: Chen & He 2021, Figure 2
 */
export function spread(z: Tensor): Tensor {
  return unit(z)
    .std([0])
    .mean()
    .mul(Math.sqrt(z.shape[1] as number));
}

/**
 * Source: the paper's Appendix D for CIFAR-10: SGD without warm-up, weight decay 5e-4, a projector of 2 layers, crops
 * of a fifth and more, no blur; the rate is lightly's for batches of 128 to 512 (0.06; the paper's, 0.03 · N / 256, is
 * the same for its 512), which is the shared default.
 */
export const simsiam = {
  views: 2,
  options: DEFAULTS,
  recipe: { cropScale: 0.2 },
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new SimSiam({ ...options, encoder: newEncoder(), generator, bfloat16 }),
} satisfies MethodSpec<Omit<SimSiamOptions, 'encoder' | 'generator' | 'bfloat16'>>;
