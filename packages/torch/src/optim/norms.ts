/** @file The Euclidean norms of many tensors at once. */
import { call } from '../call.js';
import { stack } from '../generated/functions.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** @param tensors - at least one */
export function norms(tensors: readonly Tensor[]): number[] {
  return scope(() => [...stack(call('aten::_foreach_norm.Scalar', tensors, 2) as Tensor[]).toFloat64Array()]);
}
