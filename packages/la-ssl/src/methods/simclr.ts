/**
 * @file SimCLR: every view must find its partner among the other views of the batch.
 * Source: Chen 2020, https://arxiv.org/abs/2002.05709
 */
import { cat, crossEntropyLoss, eye, fromData, type Generator, nn, type Tensor } from '@la-ssl/torch';
import { type Encoder, projector } from '../models/index.js';
import type { Random } from '../random.js';
import { checkPositive, checkViews, encode, toldAttributes } from './encode.js';
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
  /** Take as negatives only views of examples with the same attribute code (`conditional.ts`). */
  sameAttribute?: boolean;
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
    sameAttribute: boolean;
    bfloat16: boolean;
  };

  /** @throws RangeError where a temperature is not > 0 */
  constructor(options: SimCLROptions) {
    super();
    const { encoder, temperature, speedTemperature = temperature, generator } = options;
    const { hidden = encoder.features, projections = 128 } = options;
    const { maskDuplicates = true, sameAttribute = false, bfloat16 = false } = options;
    checkPositive({ temperature, speedTemperature });
    this.encoder = this.child('encoder', encoder);
    const head = projector({ features: encoder.features, hidden, projections, generator });
    this.#projector = this.child('projector', head);
    this.#options = { temperature, speedTemperature, maskDuplicates, sameAttribute, bfloat16 };
  }

  /** @throws Error where the negatives go by attributes and `context` has none */
  forward(views: readonly Tensor[], context: StepContext): MethodOutput {
    checkViews(this.constructor.name, views, 2);
    return this.compare(this.project(views), context);
  }

  similarity(views: readonly Tensor[], _random: Random): Tensor {
    return pairSimilarity(this.project(views).z, views.length, this.speedTemperature);
  }

  protected get speedTemperature(): number {
    return this.#options.speedTemperature;
  }

  /** Of V views; the rows of one example are N apart. */
  protected project(views: readonly Tensor[]): Projected {
    return this.projectFeatures(this.encode(this.encoder, cat(views, { dim: 0 })));
  }

  protected encode(encoder: Encoder, images: Tensor): Tensor {
    return encode(encoder, images, this.#options.bfloat16);
  }

  protected projectFeatures(features: Tensor): Projected {
    return { features, z: unit(this.#projector.forward(features)) };
  }

  /** Loss and speed of two views that were projected. */
  protected compare({ features, z }: Projected, { indices, attributes }: StepContext): MethodOutput {
    const { temperature, maskDuplicates, sameAttribute, speedTemperature } = this.#options;
    const byAttribute = sameAttribute && { attributes: toldAttributes(this.constructor.name, attributes) };
    const options = { temperature, ...(maskDuplicates && { indices }), ...byAttribute };
    return {
      loss: ntXent(z, options),
      lossByExample: () => ntXentByView(z.detach(), options).reshape([2, indices.length]).mean([0]),
      similarity: pairSimilarity(z.detach(), 2, speedTemperature),
      features: features.detach().narrow(0, 0, indices.length),
    };
  }
}

/** Features `[V · N, F]` and unit projections `[V · N, D]`. */
export interface Projected {
  features: Tensor;
  z: Tensor;
}

/**
 * NT-Xent: `−log(exp(s_ij/τ) / Σ_{k≠i} exp(s_ik/τ))` with j the partner of i, mean over all views i.
 *
 * @param z - unit projections `[2N, D]`, row i pairs with row i + N
 * @param temperature - τ > 0
 * @param indices - `[N]`, the example behind each row: other views of the same example, drawn again into this batch,
 *   then leave the sum; without it they count as negatives, as in the plain form
 * @param attributes - `[N]`, a code an example: views of examples with another code then leave the sum; a view with
 *   none left but its partner has loss 0
 * @returns scalar, nats
 * @throws RangeError where z is not `[2N, D]`, or `indices` or `attributes` not `[N]`
 * Source: Chen 2020, Eq. 1; by attribute: Ma 2021, https://arxiv.org/abs/2106.02866
 */
export function ntXent(z: Tensor, options: NtXentOptions): Tensor {
  const { logits, targets } = pairLogits(z, options);
  return crossEntropyLoss(logits, targets);
}

/** The same of each view, `[2N]`. */
function ntXentByView(z: Tensor, options: NtXentOptions): Tensor {
  const { logits, targets } = pairLogits(z, options);
  return crossEntropyLoss(logits, targets, { reduction: 'none' });
}

interface NtXentOptions {
  temperature: number;
  indices?: Int32Array;
  attributes?: Int32Array;
}

/** What each view is compared with, `[2N, 2N]`, and which column is its partner's, `[2N]`. */
function pairLogits(
  z: Tensor,
  { temperature, indices, attributes }: NtXentOptions,
): { logits: Tensor; targets: Tensor } {
  const rows = z.shape[0] ?? 0;
  const n = rows / 2;
  if (z.shape.length !== 2 || !Number.isInteger(n) || n === 0) {
    throw new RangeError(`z must be [2N, D], got shape [${z.shape.join(', ')}]`);
  }
  if (indices && indices.length !== n) {
    throw new RangeError(`indices must name the ${n} examples behind z, got ${indices.length}`);
  }
  if (attributes && attributes.length !== n) {
    throw new RangeError(`attributes must be of the ${n} examples behind z, got ${attributes.length}`);
  }
  const logits = z.mm(z.t()).div(temperature); // [2N, 2N]
  const itself = eye(rows, { dtype: 'bool' });
  const partner = itself.roll([n], { dims: [0] });
  let leftOut = indices ? equalCodes(indices).logicalAnd(partner.logicalNot()) : itself;
  if (attributes) leftOut = leftOut.logicalOr(equalCodes(attributes).logicalNot());
  const targets = partner.to('uint8').argmax({ dim: 1 }); // [2N]
  return { logits: logits.maskedFill(leftOut, Number.NEGATIVE_INFINITY), targets };
}

/** Which views are of examples with the same code, `[2N, 2N]`. @param codes - of the examples, `[N]` */
function equalCodes(codes: Int32Array): Tensor {
  const both = fromData(codes).repeat([2]);
  return both.unsqueeze(0).eq(both.unsqueeze(1));
}

/** Source: SimCLR, Appendix B.9 (CIFAR-10): τ = 0.5, no blur. */
export const simclr = {
  views: 2,
  tellsLossByExample: true,
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
} satisfies MethodSpec<Omit<SimCLROptions, 'encoder' | 'sameAttribute' | 'generator' | 'bfloat16'>>;
