/**
 * @file The passes over the training examples that a logistic regression consists of.
 *
 * They go by blocks of examples, which stay in a core's cache from the product forward to the one back, and have the
 * classes as rows: so both products read the features as they lie in memory. Together this halves the time of a pass.
 */
import { call, fromData, scope, type Tensor, zeros } from '@la-ssl/torch';
import type { LabelledFeatures } from './labelled-features.js';
import { type FeatureScale, standardised } from './standardise.js';

/** Feature values of a block: 2 MB. */
const BLOCK = 2 ** 18;
/** Rows of the covariance that are made at once: of what is above its diagonal, little is. */
const STRIPE = 128;

interface Block {
  /** `X̃` and a column of ones, `[B, F + 1]`. */
  x: Tensor;
  /** `w / Σ w`, `[B]`. */
  shares: Tensor;
  /** The shares, each in the row of its label, `[K, B]`. */
  target: Tensor;
}

/** Standardised examples in float64. It holds tensors: `dispose` it. */
export class SoftmaxBlocks {
  readonly #blocks: readonly Block[];
  /** K, of the labels that count. */
  readonly #classes: number;
  /** F + 1 */
  readonly #width: number;

  /**
   * @param shares - what each example counts, `[N]`, which add up to 1
   * @param present - the labels of those that count, in the order of the rows of `theta`
   */
  constructor(
    { features, labels }: Pick<LabelledFeatures, 'features' | 'labels'>,
    shares: Float64Array,
    present: readonly number[],
    scale: FeatureScale,
  ) {
    const width = scale.mean.length;
    this.#width = width + 1;
    this.#classes = present.length;
    const rowOf = new Map(present.map((label, row) => [label, row]));
    const size = Math.max(1, Math.floor(BLOCK / this.#width));
    this.#blocks = Array.from({ length: Math.ceil(labels.length / size) }, (_, block) => {
      const start = block * size;
      const count = Math.min(size, labels.length - start);
      const target = new Float64Array(this.#classes * count);
      for (let i = 0; i < count; i++) {
        const share = shares[start + i]!;
        if (share > 0) target[rowOf.get(labels[start + i]!)! * count + i] = share;
      }
      const own = features.subarray(start * width, (start + count) * width);
      return {
        x: fromData(standardised(own, scale), [count, this.#width]),
        shares: fromData(shares.subarray(start, start + count)),
        target: fromData(target, [this.#classes, count]),
      };
    });
  }

  /** @returns the lower triangle of `Σ w x̃ x̃ᵀ / Σ w`, `[F + 1, F + 1]`; what is above it is not to be read */
  lowerCovariance(): Tensor {
    const sum = zeros([this.#width, this.#width], { dtype: 'float64' });
    for (const { x, shares } of this.#blocks) {
      scope(() => {
        const weighted = x.mul(shares.unsqueeze(1));
        for (let start = 0; start < this.#width; start += STRIPE) {
          const count = Math.min(STRIPE, this.#width - start);
          const stripe = sum.narrow(0, start, count).narrow(1, 0, start + count);
          addProduct(stripe, weighted.narrow(1, start, count).t(), x.narrow(1, 0, start + count));
        }
      });
    }
    return sum;
  }

  /**
   * The mean cross-entropy in nats, and its gradient, `[K, F + 1]`.
   * @param theta - `Wᵀ` beside `b`, `[K, F + 1]`
   */
  crossEntropy(theta: Float64Array): { loss: number; gradient: Float64Array } {
    const shape = [this.#classes, this.#width];
    return scope(() => {
      const weights = fromData(theta, shape);
      const sum = zeros(shape, { dtype: 'float64' });
      let loss = 0;
      for (const { x, shares, target } of this.#blocks) {
        scope(() => {
          const logP = weights.mm(x.t()).logSoftmax(0); // [K, B]
          loss -= logP.mul(target).sum().item();
          addProduct(sum, logP.exp().mul_(shares).sub_(target), x);
        });
      }
      return { loss, gradient: sum.toFloat64Array() };
    });
  }

  dispose(): void {
    for (const { x, shares, target } of this.#blocks) {
      for (const tensor of [x, shares, target]) tensor.dispose();
    }
  }
}

/** `sum += a b`, in place. */
function addProduct(sum: Tensor, a: Tensor, b: Tensor): void {
  call('aten::addmm_', sum, a, b);
}
