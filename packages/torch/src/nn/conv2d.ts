/** @file Convolution of images, PyTorch's `nn.Conv2d`; its first values are those of torchvision's ResNet. */
import { call } from '../call.js';
import { zeros } from '../generated/functions.js';
import type { Tensor } from '../tensor.js';
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
    const images = this.#plain ? input.contiguous() : input;
    const { stride, padding } = this.#options;
    // With a gradient of the weight of our own: `native/conv2d.cc`.
    return call('la_ssl::conv2d', images, this.weight, this.bias, stride, padding) as Tensor;
  }
}
