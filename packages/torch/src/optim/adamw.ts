/**
 * @file Adam with decoupled weight decay, as PyTorch's `optim.AdamW`:
 * `p ← (1 − lr · wd) p;  m ← β₁ m + (1 − β₁) ∇;  s ← β₂ s + (1 − β₂) ∇²;  p ← p − lr · m̂ / (√ŝ + ε)`, where
 * `m̂ = m / (1 − β₁ᵗ)`, `ŝ = s / (1 − β₂ᵗ)` and t counts the steps in which the parameter had a gradient.
 *
 * Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101
 */
import { call } from '../call.js';
import { stack, zeros, zerosLike } from '../generated/functions.js';
import { type Batch, Optimizer, type OptimizerOptions } from './optimizer.js';
import type { Parameters } from './parameter-groups.js';

/** The weight decay is 0.01 unless given; it takes `lr · weightDecay` of a parameter in each step. */
export interface AdamWOptions extends OptimizerOptions {
  /** Decay of the means of gradient and squared gradient, each in [0, 1) ([0.9, 0.999]). */
  betas?: readonly [number, number];
  /** Added to the root, ≥ 0 (1e-8). */
  eps?: number;
}

export class AdamW extends Optimizer {
  readonly #betas: readonly [number, number];
  readonly #eps: number;

  /**
   * @param parameters - as `module.namedParameters()` gives them, or in groups
   * @throws Error on a value outside of its range, no parameters, or one that comes twice
   */
  constructor(parameters: Parameters, { betas = [0.9, 0.999], eps = 1e-8, ...options }: AdamWOptions) {
    const step = () => zeros([]);
    super(parameters, { weightDecay: 0.01, ...options }, { step, exp_avg: zerosLike, exp_avg_sq: zerosLike });
    for (const beta of betas) {
      if (!(beta >= 0 && beta < 1)) throw new RangeError(`betas must be in [0, 1), got ${betas.join(', ')}`);
    }
    if (!(eps >= 0)) throw new RangeError(`eps must not be negative, got ${eps}`);
    this.#betas = betas;
    this.#eps = eps;
  }

  protected override update(batch: Batch): void {
    const { parameters, gradients, lr, weightDecay } = batch;
    const [beta1, beta2] = this.#betas;
    const steps = this.buffers('step', batch);
    const means = this.buffers('exp_avg', batch);
    const squares = this.buffers('exp_avg_sq', batch);
    call('aten::_foreach_add_.Scalar', steps, 1);
    const counts = [...stack(steps).toFloat64Array()];

    const corrections = counts.map((t) => Math.sqrt(1 - beta2 ** t));
    const factors = counts.map((t) => -lr / (1 - beta1 ** t));
    const settings = [1 - lr * weightDecay, beta1, beta2, this.#eps];
    // In one pass (`native/optimizer_steps.cc`).
    call('la_ssl::adamw_', parameters, gradients, means, squares, corrections, factors, ...settings);
  }
}
