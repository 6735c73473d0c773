/** @file First values of weights, as PyTorch draws them. */
import { empty } from '../generated/functions.js';
import { noGrad } from '../modes.js';
import type { Generator, Tensor } from '../tensor.js';

/** Where a layer's first values come from. */
export interface InitOptions {
  /** Source of the random numbers (the default generator). */
  generator?: Generator | undefined;
}

/** Uniform in ±bound. @param shape - sizes */
export function uniform(shape: readonly number[], bound: number, { generator }: InitOptions = {}): Tensor {
  return noGrad(() => empty(shape).uniform_({ from: -bound, to: bound, generator }));
}

/**
 * Normal with `std = √(2 / fan_out)`, for convolutions before a ReLU.
 * @param shape - `[O, I, kH, kW]`; fan_out = O · kH · kW
 * Source: He 2015, Eq. 14, https://arxiv.org/abs/1502.01852; the choice of torchvision's ResNet.
 */
export function kaimingNormalFanOut(shape: readonly number[], { generator }: InitOptions = {}): Tensor {
  const [out = 1, , ...kernel] = shape;
  const fanOut = kernel.reduce((product, size) => product * size, out);
  return noGrad(() => empty(shape).normal_({ mean: 0, std: Math.sqrt(2 / fanOut), generator }));
}

/** Normal with mean 0. @param shape - sizes @param std - the standard deviation */
export function normal(shape: readonly number[], std: number, { generator }: InitOptions = {}): Tensor {
  return noGrad(() => empty(shape).normal_({ mean: 0, std, generator }));
}

/**
 * Uniform in `±√(6 / (in + out))`.
 * @param shape - `[out, in]`
 * Source: Glorot 2010, Eq. 16, https://proceedings.mlr.press/v9/glorot10a.html
 */
export function xavierUniform(shape: readonly [number, number], init: InitOptions = {}): Tensor {
  return uniform(shape, Math.sqrt(6 / (shape[0] + shape[1])), init);
}
