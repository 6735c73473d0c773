/** @file Modules one after another, PyTorch's `nn.Sequential`; and activations to put between. */
import { call } from '../call.js';
import type { Tensor } from '../tensor.js';
import { type Layer, Module } from './module.js';

export class Sequential extends Module {
  readonly #modules: readonly Layer[];

  /** The parts are named by their position: `0`, `1`, ... */
  constructor(...modules: Layer[]) {
    super();
    this.#modules = modules.map((module, i) => this.child(String(i), module));
  }

  forward(input: Tensor): Tensor {
    return this.#modules.reduce((x, module) => module.forward(x), input);
  }
}

/** `max(0, x)` as a module. */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return input.relu();
  }
}

/** `x · Φ(x)`, exact (by the error function), as a module. Source: Hendrycks 2016, https://arxiv.org/abs/1606.08415 */
export class GELU extends Module {
  forward(input: Tensor): Tensor {
    return biasGelu(input, null);
  }
}

/** `GELU(x + bias)` in one operator (`native/gelu.cc`). @param bias - `[C]` for an input `[..., C]` */
export function biasGelu(input: Tensor, bias: Tensor | null): Tensor {
  return call('la_ssl::bias_gelu', input, bias) as Tensor;
}
