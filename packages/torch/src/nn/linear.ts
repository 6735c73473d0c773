/** @file Linear layer: `y = x Wᵀ + b`, PyTorch's `nn.Linear`. */
import { linear } from '../generated/functions.js';
import type { Tensor } from '../tensor.js';
import { type InitOptions, uniform } from './init.js';
import { Module } from './module.js';

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
    { bias = true, ...init }: { bias?: boolean } & InitOptions = {},
  ) {
    super();
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = this.parameter('weight', uniform([outFeatures, inFeatures], bound, init));
    this.bias = bias ? this.parameter('bias', uniform([outFeatures], bound, init)) : null;
  }

  forward(input: Tensor): Tensor {
    return linear(input, this.weight, { bias: this.bias });
  }
}
