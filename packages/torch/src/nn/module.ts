/**
 * @file Module: parameters, buffers and child modules under the names that PyTorch's `state_dict` gives them,
 * so that weights go to PyTorch and back without a table of names.
 */
import { noGrad } from '../modes.js';
import { keep } from '../scope.js';
import type { Tensor } from '../tensor.js';

export abstract class Module {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #children = new Map<string, Module>();
  #training = true;

  /** Registers a tensor that is trained, under its PyTorch name. It lives as long as the module. */
  protected parameter(name: string, value: Tensor): Tensor {
    this.#parameters.set(name, keep(value.detach()).requiresGrad_());
    return this.#parameters.get(name) as Tensor;
  }

  /** Registers a tensor that is saved but not trained, such as a running mean. */
  protected buffer(name: string, value: Tensor): Tensor {
    this.#buffers.set(name, keep(value.detach()));
    return this.#buffers.get(name) as Tensor;
  }

  /** Registers a part, under its PyTorch name. */
  protected child<M extends Module>(name: string, module: M): M {
    this.#children.set(name, module);
    return module;
  }

  /** Whether it is in training mode: batch statistics, dropout. */
  get training(): boolean {
    return this.#training;
  }

  /** Sets training mode, here and in every part. */
  train(training = true): this {
    this.#training = training;
    for (const module of this.#children.values()) module.train(training);
    return this;
  }

  /** Sets evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Asks autograd to collect gradients for its parameters, or, with `false`, freezes it: what an optimizer is given by
   * `requiresGrad` then leaves it out.
   */
  requiresGrad_(requires = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(requires);
    return this;
  }

  /** Parameters by name, such as `layer1.0.conv1.weight`. */
  namedParameters(prefix = ''): Map<string, Tensor> {
    return this.#named(prefix, (module) => module.#parameters);
  }

  /** Parameters. */
  parameters(): Tensor[] {
    return [...this.namedParameters().values()];
  }

  /** Every saved tensor by PyTorch's name: parameters and buffers, the live ones, not copies. */
  stateDict(prefix = ''): Map<string, Tensor> {
    return this.#named(prefix, (module) => new Map([...module.#parameters, ...module.#buffers]));
  }

  /**
   * Copies `state` into the parameters and buffers, all or nothing.
   * @throws Error that lists missing and unexpected names and shapes that differ
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const own = this.stateDict();
    const problems: string[] = [];
    for (const [name, target] of own) {
      const source = state.get(name);
      if (!source) problems.push(`missing: ${name}`);
      else if (source.shape.join() !== target.shape.join()) {
        problems.push(`${name} has shape [${source.shape.join(', ')}], needs [${target.shape.join(', ')}]`);
      }
    }
    for (const name of state.keys()) if (!own.has(name)) problems.push(`unexpected: ${name}`);
    if (problems.length > 0) {
      const more = problems.length > 20 ? `\n  and ${problems.length - 20} more` : '';
      throw new Error(`These weights do not fit:\n  ${problems.slice(0, 20).join('\n  ')}${more}`);
    }
    noGrad(() => {
      for (const [name, target] of own) target.copy_(state.get(name) as Tensor);
    });
  }

  /** Frees its parameters and buffers. */
  dispose(): void {
    for (const tensor of this.stateDict().values()) tensor.dispose();
  }

  #named(prefix: string, of: (module: Module) => Map<string, Tensor>): Map<string, Tensor> {
    const result = new Map<string, Tensor>();
    for (const [name, tensor] of of(this)) result.set(prefix + name, tensor);
    for (const [name, module] of this.#children) {
      for (const [path, tensor] of module.#named(`${prefix}${name}.`, of)) result.set(path, tensor);
    }
    return result;
  }
}

/** A module that turns one tensor into one. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}
