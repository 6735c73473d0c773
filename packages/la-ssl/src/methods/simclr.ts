/**
 * @file SimCLR: every view must find its partner among the other views of the batch.
 * Source: Chen 2020, https://arxiv.org/abs/2002.05709
 */
import {
  autocast,
  cat,
  crossEntropyLoss,
  einsum,
  eye,
  fromData,
  type Generator,
  nn,
  type Tensor,
} from '@la-ssl/torch';
import { type Encoder, projector } from '../models/index.js';
import type { Method, MethodOutput } from './method.js';

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
    for (const [name, value] of Object.entries({ temperature, speedTemperature })) {
      if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be > 0, got ${value}`);
    }
    this.encoder = this.child('encoder', encoder);
    const head = projector({ features: encoder.features, hidden, projections, generator });
    this.#projector = this.child('projector', head);
    this.#options = { temperature, speedTemperature, maskDuplicates, bfloat16 };
  }

  forward(views: readonly Tensor[], indices: Int32Array): MethodOutput {
    const { temperature, maskDuplicates } = this.#options;
    if (views.length !== 2) throw new Error(`SimCLR takes 2 views, got ${views.length}`);
    const z = this.#projections(views);
    return {
      loss: ntXent(z, { temperature, ...(maskDuplicates && { indices }) }),
      similarity: this.#similarity(z.detach(), 2),
    };
  }

  similarity(views: readonly Tensor[]): Tensor {
    return this.#similarity(this.#projections(views), views.length);
  }

  /** Unit projections `[V · N, D]` of V views; those of one example are N rows apart. */
  #projections(views: readonly Tensor[]): Tensor {
    const { bfloat16 } = this.#options;
    const images = cat(views, { dim: 0 });
    const features = bfloat16
      ? autocast(() => this.encoder.forward(images)).to('float32')
      : this.encoder.forward(images);
    const z = this.#projector.forward(features);
    return z.div(z.norm({ dim: [1], keepdim: true }).clamp({ min: 1e-12 }));
  }

  /** `exp(cos(z_a, z_b) / τ)`, mean over the pairs a < b of V views; `z` is `[V · N, D]`. Source: LA-SSL, Section 4.1 */
  #similarity(z: Tensor, views: number): Tensor {
    const byView = z.reshape([views, -1, z.shape[1] as number]); // [V, N, D]
    const cosines = einsum('and,bnd->nab', [byView, byView]); // [N, V, V]
    // In float64: exp(1 / τ) leaves float32 where τ < 0.0113.
    const pairs = cosines.to('float64').div(this.#options.speedTemperature).exp().triu({ diagonal: 1 });
    return pairs.sum([1, 2]).div((views * (views - 1)) / 2);
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
