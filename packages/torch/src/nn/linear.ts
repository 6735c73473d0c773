/** @file Linear layer: `y = x Wᵀ + b`, PyTorch's `nn.Linear`. */
import { call } from '../call.js';
import { zeros } from '../generated/functions.js';
import type { Tensor } from '../tensor.js';
import { type InitOptions, uniform } from './init.js';
import { Module } from './module.js';

export interface LinearOptions extends InitOptions {
  bias?: boolean;
  /** Draws the first weights, and the bias starts at zero (by default both as in PyTorch, uniform in ±1/√in). */
  weights?: ((shape: readonly [number, number], init: InitOptions) => Tensor) | undefined;
}

export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;

  /**
   * @param inFeatures - size of the last dimension of the input `[..., inFeatures]`
   * @param outFeatures - size of the last dimension of the output
   */
  constructor(
    inFeatures: number,
    outFeatures: number,
    { bias = true, weights, generator }: LinearOptions = {},
  ) {
    super();
    const bound = 1 / Math.sqrt(inFeatures);
    const draw = weights ?? ((shape, init) => uniform(shape, bound, init));
    this.weight = this.parameter('weight', draw([outFeatures, inFeatures], { generator }));
    const first = () => (weights ? zeros([outFeatures]) : uniform([outFeatures], bound, { generator }));
    this.bias = bias ? this.parameter('bias', first()) : null;
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  /** `x Wᵀ`, for an operator that adds the bias itself. */
  product(input: Tensor): Tensor {
    return linear(input, this.weight, null);
  }
}

/** `x Wᵀ + b`, with products of our own in bfloat16: `native/linear.cc`. */
function linear(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  return call('la_ssl::linear', input, weight, bias) as Tensor;
}
