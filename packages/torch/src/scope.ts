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

  /** Takes tensors (also in arrays, maps, sets and plain objects) out of this scope; the enclosing one, if any, gets them. */
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

  /** Frees what is left. @throws Error where a scope opened inside was left open; that one has ended too */
  dispose(): void {
    if (this.end() > 0) throw new Error('A scope ended while another, opened inside of it, was still open.');
  }

  /** @internal Ends this scope and those left open inside. @returns how many those were */
  end(): number {
    for (let inner = 0; this.#open; inner++) {
      const scope = current as Scope; // the innermost; this one, being open, is found on the way out
      scope.#open = false;
      current = scope.#parent;
      for (const tensor of scope.#tensors) tensor.dispose();
      scope.#tensors.clear();
      if (scope === this) return inner;
    }
    return 0;
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
 * Runs `body` and frees every tensor that it made, but for those that it returns (alone, or in arrays, maps, sets
 * and plain objects) or keeps.
 * @throws TypeError where `body` returns a promise: a scope must not span an `await`
 */
export function scope<T>(body: () => T): T {
  const s = new Scope();
  let result: T;
  try {
    result = s.release(synchronous('scope()', body()));
  } catch (error) {
    s.end();
    throw error;
  }
  s.dispose();
  return result;
}

/** @internal @returns `result`. @throws TypeError where it is a promise, whose own failure then counts as handled */
export function synchronous<T>(what: string, result: T): T {
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined);
  throw new TypeError(
    `${what} takes a synchronous function: it ends before what the function awaits is there.`,
  );
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
  else if (Array.isArray(value) || value instanceof Map || value instanceof Set) {
    for (const element of value.values()) yield* tensorsIn(element);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const element of Object.values(value)) yield* tensorsIn(element);
  }
}

// By a symbol and not by `instanceof`, so that this file does not import the class that imports it.
/** @internal */
export const tensorMark: unique symbol = Symbol('la-ssl.tensor');
function isTensor(value: object): value is Tensor {
  return tensorMark in value;
}
