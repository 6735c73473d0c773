/**
 * @file Batch normalisation, PyTorch's `nn.BatchNorm1d` and `nn.BatchNorm2d` (one class: the shape tells).
 * Source: Ioffe & Szegedy 2015, Algorithm 1, https://arxiv.org/abs/1502.03167
 */
import { call } from '../call.js';
import { ones, zeros } from '../generated/functions.js';
import { noGrad } from '../modes.js';
import type { Tensor } from '../tensor.js';
import { Module } from './module.js';

/** What follows a batch norm in the same operator. */
export interface NormOptions {
  /** Of the shape of the input, added before the ReLU. */
  residual?: Tensor | null;
  relu?: boolean;
}

export class BatchNorm extends Module {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
  readonly #batches: Tensor;
  readonly #momentum: number;
  /** Added to the variance. */
  readonly eps: number;

  /**
   * @param features - size of the second dimension of the input `[N, features]` or `[N, features, H, W]`
   * @param momentum - weight of a new batch in the running statistics
   * @param affine - whether a scale and a shift are learned
   */
  constructor(
    features: number,
    { momentum = 0.1, eps = 1e-5, affine = true }: { momentum?: number; eps?: number; affine?: boolean } = {},
  ) {
    super();
    this.weight = affine ? this.parameter('weight', ones([features])) : null;
    this.bias = affine ? this.parameter('bias', zeros([features])) : null;
    this.runningMean = this.buffer('running_mean', zeros([features]));
    this.runningVar = this.buffer('running_var', ones([features]));
    this.#batches = this.buffer('num_batches_tracked', zeros([], { dtype: 'int64' }));
    this.#momentum = momentum;
    this.eps = eps;
  }

  /**
   * Normalises, adds `residual` and applies a ReLU, as far as asked, in one operator (`native/batch_norm.cc`).
   * @throws Error where in training there is one value a feature only: it has no variance
   */
  forward(input: Tensor, { residual = null, relu = false }: NormOptions = {}): Tensor {
    if (this.training && input.numel === this.runningMean.numel) {
      throw new Error(
        `BatchNorm needs more than one value a feature, got shape [${input.shape.join(', ')}].`,
      );
    }
    if (this.training) noGrad(() => this.#batches.add_(1));
    const learned = [this.weight, this.bias, this.runningMean, this.runningVar];
    const settings = [this.training, this.#momentum, this.eps, relu];
    return call('la_ssl::batch_norm', input, ...learned, residual, ...settings) as Tensor;
  }
}
