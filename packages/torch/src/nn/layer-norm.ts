/**
 * @file Layer normalisation over the last dimension, PyTorch's `nn.LayerNorm`.
 * Source: Ba 2016, Eq. 3 and 4, https://arxiv.org/abs/1607.06450
 */
import { layerNorm, ones, zeros } from '../generated/functions.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** `(x − mean) / √(variance + eps) · weight + bias`, mean and variance over the last dimension. */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #eps: number;

  /**
   * @param features - size of the last dimension of the input `[..., features]`
   * @param eps - added to the variance
   */
  constructor(features: number, { eps = 1e-5 }: { eps?: number } = {}) {
    super();
    this.weight = this.parameter('weight', ones([features]));
    this.bias = this.parameter('bias', zeros([features]));
    this.#eps = eps;
  }

  forward(input: Tensor): Tensor {
    return layerNorm(input, this.weight.shape, { weight: this.weight, bias: this.bias, eps: this.#eps });
  }
}
