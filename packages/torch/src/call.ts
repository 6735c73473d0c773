/**
 * @file Calling any ATen operator by its name: `call('aten::add.Tensor', a, b)`.
 *
 * The generated functions end here. Arguments are positional, as in the schema; undefined takes the schema's
 * default, null is None, dtypes are their names, Tensor and Generator objects pass as they are.
 */
import { type Handle, native } from './native.js';
import { register } from './scope.js';
import { Generator, Tensor } from './tensor.js';

const operators = new Map<string, number>();

function operatorIndex(name: string): number {
  let index = operators.get(name);
  if (index === undefined) {
    const [base = '', overload = ''] = String(name).split('.');
    index = native.lookup(base, overload);
    operators.set(name, index);
  }
  return index;
}

function handleOf(value: unknown): unknown {
  return value instanceof Tensor || value instanceof Generator ? value.handle : value;
}

function fromNative(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromNative);
  // Externals are the only objects that come back and are not arrays.
  return typeof value === 'object' && value !== null ? register(new Tensor(value as Handle)) : value;
}

/**
 * Calls the ATen operator `name`, such as `aten::conv2d` or `aten::add.Tensor`.
 * @returns a Tensor, number, boolean, string, null or array of these; undefined from an in-place operator
 * @throws Error that names the operator and its schema, on an unknown name or wrong arguments
 */
export function call(name: string, ...args: readonly unknown[]): unknown {
  const values = args.map((value) => (Array.isArray(value) ? value.map(handleOf) : handleOf(value)));
  return fromNative(native.call(operatorIndex(name), ...values));
}
