/**
 * @file Layer normalisation over the last dimension, PyTorch's `nn.LayerNorm`.
 * Source: Ba 2016, Eq. 3 and 4, https://arxiv.org/abs/1607.06450
 */
import { call } from '../call.js';
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

  /**
   * Adds a branch and its bias to a residual stream, and normalises the sum, in one operator (`native/layer_norm.cc`).
   * @param input - `[..., features]`
   * @param branch - of the shape of the input, under autocast also in bfloat16; null for none
   * @param bias - `[features]`, of the branch
   * @param forProduct - under autocast, gives the normalised sum in the type of the product that it goes to
   * @returns the sum, in the input's type, and the normalised sum
   */
  afterSum(
    input: Tensor,
    branch: Tensor | null,
    bias: Tensor | null,
    { forProduct = false }: { forProduct?: boolean } = {},
  ): [sum: Tensor, normalised: Tensor] {
    const own = [this.weight, this.bias, this.#eps];
    return call('la_ssl::add_layer_norm', input, branch, bias, ...own, forProduct) as [Tensor, Tensor];
  }
}
