/**
 * @file Stochastic gradient descent with momentum and weight decay, as PyTorch's `optim.SGD`:
 * `g ← ∇ + wd · p;  v ← momentum · v + g (v = g at first);  p ← p − lr · v`, with Nesterov `p ← p − lr · (g + momentum · v)`.
 *
 * Source: Sutskever 2013, https://proceedings.mlr.press/v28/sutskever13.html, in PyTorch's form, where the rate
 * is outside of the velocity.
 */
import { call } from '../call.js';
import { zerosLike } from '../generated/functions.js';
import { noGrad } from '../modes.js';
import { keep, scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

const SUFFIX = '.momentum_buffer';

export interface SGDOptions {
  /** Learning rate, ≥ 0; may be set anew before each step. */
  lr: number;
  /** 0 ≤ momentum < 1 (0). */
  momentum?: number;
  /** L2 penalty, added to the gradient (0). */
  weightDecay?: number;
  nesterov?: boolean;
}

export class SGD {
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #velocities = new Map<string, Tensor>();
  readonly #options: Required<Omit<SGDOptions, 'lr'>>;
  #lr = 0;

  /**
   * @param parameters - as `module.namedParameters()` gives them
   * @throws RangeError on a value outside of its range
   */
  constructor(
    parameters: ReadonlyMap<string, Tensor>,
    { lr, momentum = 0, weightDecay = 0, nesterov = false }: SGDOptions,
  ) {
    if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`momentum must be in [0, 1), got ${momentum}`);
    if (!(weightDecay >= 0)) throw new RangeError(`weightDecay must not be negative, got ${weightDecay}`);
    if (nesterov && momentum === 0) throw new RangeError('nesterov needs a momentum above 0');
    this.#parameters = parameters;
    this.lr = lr;
    this.#options = { momentum, weightDecay, nesterov };
  }

  /** Learning rate of the next step. */
  get lr(): number {
    return this.#lr;
  }
  set lr(value: number) {
    if (!(value >= 0)) throw new RangeError(`lr must not be negative, got ${value}`);
    this.#lr = value;
  }

  /** Forgets all gradients. Call before each `backward`. */
  zeroGrad(): void {
    for (const parameter of this.#parameters.values()) parameter.grad = null;
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    const { momentum, weightDecay, nesterov } = this.#options;
    scope(() =>
      noGrad(() => {
        const active = [...this.#parameters].flatMap(([name, parameter]) => {
          const gradient = parameter.grad;
          return gradient ? [{ name, parameter, gradient }] : [];
        });
        if (active.length === 0) return;
        const parameters = active.map(({ parameter }) => parameter);
        let gradients = active.map(({ gradient }) => gradient);
        if (weightDecay > 0) {
          gradients = call('aten::_foreach_add.List', gradients, parameters, weightDecay) as Tensor[];
        }
        if (momentum > 0) {
          const velocities = active.map(({ name, parameter }) => this.#velocity(name, parameter));
          call('aten::_foreach_mul_.Scalar', velocities, momentum);
          call('aten::_foreach_add_.List', velocities, gradients, 1);
          gradients = nesterov
            ? (call('aten::_foreach_add.List', gradients, velocities, momentum) as Tensor[])
            : velocities;
        }
        call('aten::_foreach_add_.List', parameters, gradients, -this.lr);
      }),
    );
  }

  /** A velocity starts at zero, so that the first one is the gradient. */
  #velocity(name: string, parameter: Tensor): Tensor {
    let velocity = this.#velocities.get(name);
    if (!velocity) {
      velocity = keep(zerosLike(parameter));
      this.#velocities.set(name, velocity);
    }
    return velocity;
  }

  /** The momentum buffers by parameter name, for a checkpoint. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#velocities].map(([name, velocity]) => [name + SUFFIX, velocity]));
  }

  /**
   * Goes on from what `stateDict` gave (copied); forgets the buffers that it had.
   * @throws Error on a name that is no parameter's, or a buffer of another shape than the parameter
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const buffers = [...state].map(([key, value]): [string, Tensor] => {
      const name = key.slice(0, -SUFFIX.length);
      const parameter = this.#parameters.get(name);
      if (!parameter || name + SUFFIX !== key) {
        throw new Error(`The optimizer has no parameter for the state '${key}'.`);
      }
      if (parameter.shape.join() !== value.shape.join()) {
        throw new Error(
          `'${key}' has shape [${value.shape.join(', ')}], needs [${parameter.shape.join(', ')}].`,
        );
      }
      return [name, value];
    });
    for (const velocity of this.#velocities.values()) velocity.dispose();
    this.#velocities.clear();
    for (const [name, value] of buffers) this.#velocities.set(name, keep(value.clone()));
  }
}
