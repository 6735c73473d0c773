/**
 * @file Stochastic gradient descent with momentum and weight decay, as PyTorch's `optim.SGD`:
 * `g ← ∇ + wd · p;  v ← momentum · v + g (v = g at first);  p ← p − lr · v`, with Nesterov `p ← p − lr · (g + momentum · v)`.
 *
 * Source: Sutskever 2013, https://proceedings.mlr.press/v28/sutskever13.html, in PyTorch's form, where the rate
 * is outside of the velocity.
 */
import { call } from '../call.js';
import { zerosLike } from '../generated/functions.js';
import type { Tensor } from '../tensor.js';
import { type Batch, Optimizer, type OptimizerOptions } from './optimizer.js';
import type { Parameters } from './parameter-groups.js';

/** The weight decay is an L2 penalty, added to the gradient. */
export interface SGDOptions extends OptimizerOptions {
  /** 0 ≤ momentum < 1 (0). */
  momentum?: number;
  nesterov?: boolean;
}

export class SGD extends Optimizer {
  readonly #momentum: number;
  readonly #nesterov: boolean;

  /**
   * @param parameters - as `module.namedParameters()` gives them, or in groups
   * @throws Error on a value outside of its range, no parameters, or one that comes twice
   */
  constructor(parameters: Parameters, { momentum = 0, nesterov = false, ...options }: SGDOptions) {
    super(parameters, options, { momentum_buffer: zerosLike }); // from zero, the first velocity is the gradient
    if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`momentum must be in [0, 1), got ${momentum}`);
    if (nesterov && momentum === 0) throw new RangeError('nesterov needs a momentum above 0');
    this.#momentum = momentum;
    this.#nesterov = nesterov;
  }

  protected override update(batch: Batch): void {
    const { parameters, lr } = batch;
    const { gradients, weightDecay } = this.adapted(batch);
    if (this.#momentum > 0) {
      const velocities = this.buffers('momentum_buffer', batch);
      const settings = [weightDecay, this.#momentum, lr, this.#nesterov];
      // In one pass (`native/optimizer_steps.cc`).
      call('la_ssl::sgd_', parameters, gradients, velocities, ...settings);
    } else {
      call('aten::_foreach_add_.List', parameters, decayed(parameters, gradients, weightDecay), -lr);
    }
  }

  /** The gradients of a step, and the weight decay that is not yet in them. */
  protected adapted({ gradients, weightDecay }: Batch): Pick<Batch, 'gradients' | 'weightDecay'> {
    return { gradients, weightDecay };
  }
}

/** Gradients with weight decay. */
export function decayed(
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
  weightDecay: number,
): readonly Tensor[] {
  if (weightDecay === 0) return gradients;
  return call('aten::_foreach_add.List', gradients, parameters, weightDecay) as Tensor[];
}
