/**
 * @file SimCLR: every view must find its partner among the other views of the batch.
 * Source: Chen 2020, https://arxiv.org/abs/2002.05709
 */
import { cat, crossEntropyLoss, eye, fromData, type Generator, nn, type Tensor } from '@la-ssl/torch';
import { type Encoder, projector } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPositive, checkViews, encode } from './encode.js';
import type { Method, MethodOutput, MethodSpec, StepContext } from './method.js';
import { pairSimilarity, unit } from './similarity.js';

export interface SimCLROptions {
  encoder: Encoder;
  /** τ of the loss, > 0. */
  temperature: number;
  /** τ of the learning speed `exp(cos / τ)`, > 0. By default that of the loss, as in LA-SSL. */
  speedTemperature?: number | undefined;
  /** Size of the projector's hidden layer, by default that of the features. */
  hidden?: number | undefined;
  /** D, the size of the projections. */
  projections?: number;
  /** Keep an example that was drawn twice from being its own negative. */
  maskDuplicates?: boolean;
  /** Run the encoder in bfloat16; the projector and the loss stay in float32. */
  bfloat16?: boolean;
  generator?: Generator | undefined;
}

export class SimCLR extends nn.Module implements Method {
  readonly encoder: Encoder;
  readonly #projector: nn.Layer;
  readonly #options: {
    temperature: number;
    speedTemperature: number;
    maskDuplicates: boolean;
    bfloat16: boolean;
  };

  /** @throws RangeError where a temperature is not > 0 */
  constructor(options: SimCLROptions) {
    super();
    const { encoder, temperature, speedTemperature = temperature, generator } = options;
    const { hidden = encoder.features, projections = 128, maskDuplicates = true, bfloat16 = false } = options;
    checkPositive({ temperature, speedTemperature });
    this.encoder = this.child('encoder', encoder);
    const head = projector({ features: encoder.features, hidden, projections, generator });
    this.#projector = this.child('projector', head);
    this.#options = { temperature, speedTemperature, maskDuplicates, bfloat16 };
  }

  forward(views: readonly Tensor[], { indices }: StepContext): MethodOutput {
    const { temperature, maskDuplicates } = this.#options;
    checkViews('SimCLR', views, 2);
    const { features, z } = this.#project(views);
    return {
      loss: ntXent(z, { temperature, ...(maskDuplicates && { indices }) }),
      similarity: pairSimilarity(z.detach(), 2, this.#options.speedTemperature),
      features: features.detach().narrow(0, 0, indices.length),
    };
  }

  similarity(views: readonly Tensor[], _random: Random): Tensor {
    return pairSimilarity(this.#project(views).z, views.length, this.#options.speedTemperature);
  }

  /** Features `[V · N, F]` and unit projections `[V · N, D]` of V views; those of one example are N rows apart. */
  #project(views: readonly Tensor[]): { features: Tensor; z: Tensor } {
    const features = encode(this.encoder, cat(views, { dim: 0 }), this.#options.bfloat16);
    const z = this.#projector.forward(features);
    return { features, z: unit(z) };
  }
}

/**
 * NT-Xent: `−log(exp(s_ij/τ) / Σ_{k≠i} exp(s_ik/τ))` with j the partner of i, mean over all views i.
 *
 * @param z - unit projections `[2N, D]`, row i pairs with row i + N
 * @param temperature - τ > 0
 * @param indices - `[N]`, the example behind each row: other views of the same example, drawn again into this batch,
 *   then leave the sum; without it they count as negatives, as in the plain form
 * @returns scalar, nats
 * @throws RangeError where z is not `[2N, D]`, or `indices` not `[N]`
 * Source: Chen 2020, Eq. 1
 */
export function ntXent(
  z: Tensor,
  { temperature, indices }: { temperature: number; indices?: Int32Array },
): Tensor {
  const rows = z.shape[0] ?? 0;
  const n = rows / 2;
  if (z.shape.length !== 2 || !Number.isInteger(n) || n === 0) {
    throw new RangeError(`z must be [2N, D], got shape [${z.shape.join(', ')}]`);
  }
  if (indices && indices.length !== n) {
    throw new RangeError(`indices must name the ${n} examples behind z, got ${indices.length}`);
  }
  const logits = z.mm(z.t()).div(temperature); // [2N, 2N]
  const itself = eye(rows, { dtype: 'bool' });
  const partner = itself.roll([n], { dims: [0] });
  let leftOut = itself;
  if (indices) {
    const example = fromData(indices).repeat([2]); // [2N]
    leftOut = example.unsqueeze(0).eq(example.unsqueeze(1)).logicalAnd(partner.logicalNot());
  }
  const targets = partner.to('uint8').argmax({ dim: 1 }); // [2N]
  return crossEntropyLoss(logits.maskedFill(leftOut, Number.NEGATIVE_INFINITY), targets);
}

/** Source: SimCLR, Appendix B.9 (CIFAR-10): τ = 0.5, no blur. */
export const simclr = {
  views: 2,
  options: {
    temperature: 0.5,
    speedTemperature: undefined as number | undefined,
    hidden: undefined as number | undefined,
    projections: 128,
    maskDuplicates: true,
  },
  recipe: {},
  create: ({ newEncoder, generator, bfloat16 }, options) =>
    new SimCLR({ ...options, encoder: newEncoder(), generator, bfloat16 }),
} satisfies MethodSpec<Omit<SimCLROptions, 'encoder' | 'generator' | 'bfloat16'>>;
