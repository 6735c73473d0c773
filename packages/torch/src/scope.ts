/**
 * @file Who frees what, when. Tensors made inside a scope are freed at its end, except those that leave it.
 *
 * `scope(() => ...)` frees all but what it returns; `using s = openScope()` all but what `keep` or `s.release`
 * took out. Outside of any scope the garbage collector frees a tensor, some time: memory then grows several
 * fold during training. Scopes are per thread and must not span an `await`.
 */
import type { Tensor } from './tensor.js';

/** An open scope; `using` or `dispose()` ends it. */
export class Scope {
  readonly #tensors = new Set<Tensor>();
  readonly #parent: Scope | undefined;
  #open = true;

  constructor() {
    this.#parent = current;
    current = this;
  }

  /** @internal */
  add(tensor: Tensor): void {
    this.#tensors.add(tensor);
  }

  /** Takes tensors (also in arrays and plain objects) out of this scope; the enclosing one, if any, gets them. */
  release<T>(value: T): T {
    for (const tensor of tensorsIn(value)) {
      if (this.#tensors.delete(tensor)) this.#parent?.add(tensor);
    }
    return value;
  }

  /** Takes tensors out of this and every enclosing scope. */
  keep<T>(value: T): T {
    for (const tensor of tensorsIn(value)) {
      for (let scope: Scope | undefined = this; scope; scope = scope.#parent) scope.#tensors.delete(tensor);
    }
    return value;
  }

  /** Frees what is left. @throws Error where an inner scope is still open */
  dispose(): void {
    if (!this.#open) return;
    if (current !== this) throw new Error('A scope was ended while another, opened later, is still open.');
    this.#open = false;
    current = this.#parent;
    for (const tensor of this.#tensors) tensor.dispose();
    this.#tensors.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

let current: Scope | undefined;

/** Opens a scope: `using s = openScope();` */
export function openScope(): Scope {
  return new Scope();
}

/**
 * Runs `body` and frees every tensor that it made, but for those that it returns (alone, in an array, or as
 * values of a plain object) or keeps.
 * @throws TypeError where `body` returns a promise: a scope must not span an `await`
 */
export function scope<T>(body: () => T): T {
  using s = new Scope();
  const result = s.release(body());
  if (result instanceof Promise) throw new TypeError('scope() takes a synchronous function.');
  return result;
}

/** Takes tensors out of every open scope; they live until `dispose()` or garbage collection. */
export function keep<T>(value: T): T {
  return current ? current.keep(value) : value;
}

/** @internal Puts a new tensor under the innermost scope. */
export function register(tensor: Tensor): Tensor {
  current?.add(tensor);
  return tensor;
}

function* tensorsIn(value: unknown): Generator<Tensor> {
  if (typeof value !== 'object' || value === null) return;
  if (isTensor(value)) yield value;
  else if (Array.isArray(value)) for (const element of value) yield* tensorsIn(element);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const element of Object.values(value)) yield* tensorsIn(element);
  }
}

// By a symbol and not by `instanceof`, so that this file does not import the class that imports it.
/** @internal */
export const tensorMark: unique symbol = Symbol('la-ssl.tensor');
function isTensor(value: object): value is Tensor {
  return tensorMark in value;
}
