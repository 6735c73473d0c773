/** @file Convolution of images, PyTorch's `nn.Conv2d`; its first values are those of torchvision's ResNet. */
import { call } from '../call.js';
import { zeros } from '../generated/functions.js';
import type { Tensor } from '../tensor.js';
import type { BatchNorm, NormOptions } from './batch-norm.js';
import { type InitOptions, kaimingNormalFanOut } from './init.js';
import { Module } from './module.js';

/** Options of Conv2d, with PyTorch's meaning and defaults but for `bias`. */
export interface Conv2dOptions extends InitOptions {
  stride?: number;
  padding?: number;
  /** Default false: a norm layer follows nearly always. */
  bias?: boolean;
}

export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly #options: { stride: number; padding: number };
  /**
   * Not in channels-last: there, the gradient of a 1×1 convolution with a stride writes past its memory where the input
   * has less than 8 channels (oneDNN of libtorch 1.13; PyTorch itself aborts too).
   */
  readonly #plain: boolean;

  /** @param kernelSize - of a square kernel, in pixels */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    { stride = 1, padding = 0, bias = false, ...init }: Conv2dOptions = {},
  ) {
    super();
    const weight = kaimingNormalFanOut([outChannels, inChannels, kernelSize, kernelSize], init);
    this.#plain = kernelSize === 1 && stride > 1 && inChannels < 8;
    this.weight = this.parameter(
      'weight',
      this.#plain ? weight : weight.contiguous({ memoryFormat: 'channelsLast' }),
    );
    this.bias = bias ? this.parameter('bias', zeros([outChannels])) : null;
    this.#options = { stride, padding };
  }

  /** @param input - `[N, inChannels, H, W]` */
  forward(input: Tensor): Tensor {
    const { stride, padding } = this.#options;
    // With loops of our own in bfloat16: `native/conv2d.cc`.
    return call('la_ssl::conv2d', this.#laidOut(input), this.weight, this.bias, stride, padding) as Tensor;
  }

  /**
   * `norm.forward(this.forward(input), options)`. Where the norm is in evaluation and nothing is to be differentiated, one
   * operator may do it all (`native/conv2d.cc`), which rounds once in place of twice.
   * @param input - `[N, inChannels, H, W]`
   * @returns `[N, outChannels, H', W']`, the shape of `residual`
   * @throws Error where the norm is of other than `outChannels` features, or `residual` of another shape
   */
  forwardNormalised(
    input: Tensor,
    norm: BatchNorm,
    { residual = null, relu = false }: NormOptions = {},
  ): Tensor {
    if (norm.training || this.bias) return norm.forward(this.forward(input), { residual, relu });
    const { stride, padding } = this.#options;
    const settings = [norm.weight, norm.bias, norm.runningMean, norm.runningVar, residual, norm.eps, relu];
    const images = this.#laidOut(input);
    return call('la_ssl::conv2d_batch_norm', images, this.weight, stride, padding, ...settings) as Tensor;
  }

  #laidOut(input: Tensor): Tensor {
    return this.#plain ? input.contiguous() : input;
  }
}
