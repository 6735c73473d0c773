/**
 * @file LARS: SGD whose rate adapts to each parameter's norms, as in BarlowTwins:
 * `g ← ∇ + wd · p;  q = η ‖p‖ / ‖g‖ (1 where either is 0);  v ← momentum · v + q · g;  p ← p − lr · v`.
 *
 * Sources: You, Gitman & Ginsburg 2017, https://arxiv.org/abs/1708.03888, and the class `LARS` of
 * https://github.com/facebookresearch/barlowtwins/blob/main/main.py. The paper, and solo-learn after it, divide by
 * `‖∇‖ + wd · ‖p‖` in place of `‖∇ + wd · p‖`: the same without weight decay, close to it with a small one.
 */
import { call } from '../call.js';
import type { Tensor } from '../tensor.js';
import { norms } from './norms.js';
import type { Batch } from './optimizer.js';
import type { Parameters } from './parameter-groups.js';
import { decayed, SGD, type SGDOptions } from './sgd.js';

/** The momentum is 0.9 unless given. */
export interface LARSOptions extends SGDOptions {
  /** Trust coefficient η > 0 (0.001). */
  eta?: number;
  /**
   * Takes `min(q / lr, 1)` for q (false), so that no parameter moves at more than the rate of SGD: solo-learn's
   * `clip_lr`, which it combines with η = 0.02.
   */
  clip?: boolean;
}

export class LARS extends SGD {
  readonly #eta: number;
  readonly #clip: boolean;

  /**
   * @param parameters - best `exemptBiasAndNorm(module.namedParameters())`: biases and norms have small norms
   * @throws Error on a value outside of its range, no parameters, or one that comes twice
   */
  constructor(parameters: Parameters, { eta = 0.001, clip = false, ...options }: LARSOptions) {
    super(parameters, { momentum: 0.9, ...options });
    if (!(eta > 0)) throw new RangeError(`eta must be above 0, got ${eta}`);
    this.#eta = eta;
    this.#clip = clip;
  }

  protected override adapted(batch: Batch): Pick<Batch, 'gradients' | 'weightDecay'> {
    if (!batch.adapt) return super.adapted(batch);
    const directions = decayed(batch.parameters, batch.gradients, batch.weightDecay);
    const sizes = norms(batch.parameters);
    const ratios = norms(directions).map((norm, i) => {
      const size = sizes[i] as number;
      if (size === 0 || norm === 0) return 1;
      const ratio = (this.#eta * size) / norm;
      return this.#clip ? Math.min(ratio / batch.lr, 1) : ratio;
    });
    return {
      gradients: call('aten::_foreach_mul.ScalarList', directions, ratios) as Tensor[],
      weightDecay: 0,
    };
  }
}
