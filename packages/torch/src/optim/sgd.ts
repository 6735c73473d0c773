/**
 * @file Stochastic gradient descent with momentum and weight decay, as PyTorch's `optim.SGD`:
 * `g ← ∇ + wd · p;  v ← momentum · v + g (v = g at first);  p ← p − lr · v`, with Nesterov `p ← p − lr · (g + momentum · v)`.
 *
 * Source: Sutskever 2013, https://proceedings.mlr.press/v28/sutskever13.html, in PyTorch's form, where the rate
 * is outside of the velocity.
 */
import { call } from '../call.js';
import { noGrad } from '../modes.js';
import { keep, scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

export interface SGDOptions {
  /** Learning rate, > 0; may be set anew before each step. */
  lr: number;
  /** 0 ≤ momentum < 1 (0). */
  momentum?: number;
  /** L2 penalty, added to the gradient (0). */
  weightDecay?: number;
  nesterov?: boolean;
}

export class SGD {
  /** Learning rate of the next step. */
  lr: number;
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #velocities = new Map<string, Tensor>();
  readonly #options: Required<Omit<SGDOptions, 'lr'>>;

  /**
   * @param parameters - as `module.namedParameters()` gives them
   * @throws RangeError on a value outside of its range
   */
  constructor(
    parameters: ReadonlyMap<string, Tensor>,
    { lr, momentum = 0, weightDecay = 0, nesterov = false }: SGDOptions,
  ) {
    if (!(lr >= 0)) throw new RangeError(`lr must not be negative, got ${lr}`);
    if (!(momentum >= 0 && momentum < 1)) throw new RangeError(`momentum must be in [0, 1), got ${momentum}`);
    if (!(weightDecay >= 0)) throw new RangeError(`weightDecay must not be negative, got ${weightDecay}`);
    if (nesterov && momentum === 0) throw new RangeError('nesterov needs a momentum above 0');
    this.#parameters = parameters;
    this.lr = lr;
    this.#options = { momentum, weightDecay, nesterov };
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
        const names: string[] = [];
        const parameters: Tensor[] = [];
        let gradients: Tensor[] = [];
        for (const [name, parameter] of this.#parameters) {
          const gradient = parameter.grad;
          if (!gradient) continue;
          names.push(name);
          parameters.push(parameter);
          gradients.push(gradient);
        }
        if (parameters.length === 0) return;
        if (weightDecay > 0) {
          gradients = call('aten::_foreach_add.List', gradients, parameters, weightDecay) as Tensor[];
        }
        if (momentum > 0) {
          const fresh = names.map((name) => !this.#velocities.has(name));
          names.forEach((name, i) => {
            if (fresh[i]) this.#velocities.set(name, keep((gradients[i] as Tensor).clone()));
          });
          const known = names.flatMap((name, i) =>
            fresh[i] ? [] : [{ v: this.#velocities.get(name), g: gradients[i] }],
          );
          if (known.length > 0) {
            call(
              'aten::_foreach_mul_.Scalar',
              known.map(({ v }) => v),
              momentum,
            );
            call(
              'aten::_foreach_add_.List',
              known.map(({ v }) => v),
              known.map(({ g }) => g),
              1,
            );
          }
          const velocities = names.map((name) => this.#velocities.get(name) as Tensor);
          gradients = nesterov
            ? (call('aten::_foreach_add.List', gradients, velocities, momentum) as Tensor[])
            : velocities;
        }
        call('aten::_foreach_add_.List', parameters, gradients, -this.lr);
      }),
    );
  }

  /** The momentum buffers by parameter name, for a checkpoint. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#velocities].map(([name, velocity]) => [`${name}.momentum_buffer`, velocity]));
  }

  /** Goes on from what `stateDict` gave (copied). @throws Error on a name that is no parameter's */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    for (const [key, value] of state) {
      const name = key.replace(/\.momentum_buffer$/, '');
      if (!this.#parameters.has(name)) throw new Error(`The optimizer has no parameter named '${name}'.`);
      this.#velocities.get(name)?.dispose();
      this.#velocities.set(name, keep(value.clone()));
    }
  }
}
