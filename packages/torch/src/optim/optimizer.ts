/** @file What all optimizers share: parameter groups, rate and weight decay of the next step, state for a checkpoint. */
import { noGrad } from '../modes.js';
import { keep, scope } from '../scope.js';
import type { Tensor } from '../tensor.js';
import {
  checkedParameters,
  checkNotNegative,
  groupsOf,
  type NamedParameters,
  type ParameterGroup,
  type Parameters,
  type WithGradient,
  withGradient,
} from './parameter-groups.js';

/** What every optimizer can be told. */
export interface OptimizerOptions {
  /** Learning rate, ≥ 0; may be set anew before each step. */
  lr: number;
  /** Weight decay, ≥ 0 (0 unless the optimizer says otherwise); may be set anew before each step. */
  weightDecay?: number;
}

/** A group in one step: its parameters that have a gradient, its rate and its decay. */
export interface Batch extends WithGradient {
  lr: number;
  weightDecay: number;
  /** Whether LARS adapts the rate. */
  adapt: boolean;
}

/** Makes a buffer for a parameter, with the value that it has before the first step. */
export type NewBuffer = (parameter: Tensor) => Tensor;

export abstract class Optimizer {
  readonly #groups: readonly ParameterGroup[];
  readonly #parameters: NamedParameters;
  readonly #newBuffer: ReadonlyMap<string, NewBuffer>;
  /** By `<parameter>.<kind>`. */
  #state = new Map<string, Tensor>();
  #lr = 0;
  #weightDecay = 0;

  /**
   * @param buffers - which kinds of buffer a parameter has, by PyTorch's names
   * @throws Error on no parameters, one that comes twice, or a value outside of its range
   */
  protected constructor(
    parameters: Parameters,
    { lr, weightDecay = 0 }: OptimizerOptions,
    buffers: Readonly<Record<string, NewBuffer>>,
  ) {
    this.#groups = groupsOf(parameters);
    this.#parameters = checkedParameters(this.#groups);
    this.#newBuffer = new Map(Object.entries(buffers));
    this.lr = lr;
    this.weightDecay = weightDecay;
  }

  /** Learning rate of the next step, for every group that has no `lr` of its own. */
  get lr(): number {
    return this.#lr;
  }
  set lr(value: number) {
    checkNotNegative('lr', value);
    this.#lr = value;
  }

  /** Weight decay of the next step, for every group that has no `weightDecay` of its own. */
  get weightDecay(): number {
    return this.#weightDecay;
  }
  set weightDecay(value: number) {
    checkNotNegative('weightDecay', value);
    this.#weightDecay = value;
  }

  /** Forgets all gradients. Call before each `backward`, or before the first of those that add up. */
  zeroGrad(): void {
    for (const parameter of this.#parameters.values()) parameter.grad = null;
  }

  /** Updates every parameter that has a gradient. */
  step(): void {
    scope(() =>
      noGrad(() => {
        for (const group of this.#groups) {
          const batch = this.#batch(group);
          if (batch.names.length > 0) this.update(batch);
        }
      }),
    );
  }

  /** One step of a group. Runs without a graph, in a scope. */
  protected abstract update(batch: Batch): void;

  #batch(group: ParameterGroup): Batch {
    return {
      ...withGradient(group.parameters),
      lr: group.lr ?? this.#lr * (group.lrScale ?? 1),
      weightDecay: group.weightDecay ?? this.#weightDecay,
      adapt: group.adapt ?? true,
    };
  }

  /** @returns the buffers of one kind, made where a parameter comes for the first time */
  protected buffers(kind: string, { names, parameters }: Batch): Tensor[] {
    return parameters.map((parameter, i) => {
      const key = `${names[i]}.${kind}`;
      const buffer = this.#state.get(key) ?? keep(this.#new(kind, parameter));
      this.#state.set(key, buffer);
      return buffer;
    });
  }

  #new(kind: string, parameter: Tensor): Tensor {
    const make = this.#newBuffer.get(kind);
    if (!make) throw new Error(`${this.constructor.name} has no buffers of the kind '${kind}'.`);
    return make(parameter);
  }

  /** The buffers by parameter name and kind, such as `fc.weight.momentum_buffer`, for a checkpoint. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#state);
  }

  /**
   * Goes on from what `stateDict` gave (copied); forgets the buffers that it had.
   * @throws Error on a name that is no parameter's, another optimizer's buffers, some that lack, or another shape;
   *   the state stays as it was
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const loaded = scope(() =>
      noGrad(() => new Map([...state].map(([key, value]) => [key, this.#copy(key, value, state)]))),
    );
    for (const buffer of this.#state.values()) buffer.dispose();
    this.#state = keep(loaded);
  }

  /** @returns a buffer with what is saved as `key`, in the layout of its parameter */
  #copy(key: string, value: Tensor, state: ReadonlyMap<string, Tensor>): Tensor {
    const dot = key.lastIndexOf('.');
    const [name, kind] = [key.slice(0, Math.max(0, dot)), key.slice(dot + 1)];
    const parameter = this.#parameters.get(name);
    if (!parameter) throw new Error(`The optimizer has no parameter for the state '${key}'.`);
    const kinds = [...this.#newBuffer.keys()];
    if (!kinds.includes(kind)) {
      throw new Error(
        `'${key}' is the state of another optimizer: ${this.constructor.name} has ${kinds.join(', ')}.`,
      );
    }
    const missing = kinds.find((other) => !state.has(`${name}.${other}`));
    if (missing !== undefined) throw new Error(`The state has '${key}', but lacks '${name}.${missing}'.`);
    const buffer = this.#new(kind, parameter);
    if (buffer.shape.join() !== value.shape.join()) {
      throw new Error(`'${key}' has shape [${value.shape.join(', ')}], needs [${buffer.shape.join(', ')}].`);
    }
    buffer.copy_(value);
    return buffer;
  }
}
