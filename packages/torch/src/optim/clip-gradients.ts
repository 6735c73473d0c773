/** @file Gradient clipping, between `backward` and `step`: of all parameters together, or of each for itself. */
import { call } from '../call.js';
import { noGrad } from '../modes.js';
import { scope } from '../scope.js';
import { norms } from './norms.js';
import { type NamedParameters, withGradient } from './parameter-groups.js';

/**
 * Scales all gradients by `min(1, max / (‖∇‖ + 1e-6))`, where ‖∇‖ is the norm of all of them together, as PyTorch's
 * `clip_grad_norm_`.
 * @param parameters - those without a gradient do not count
 * @param max - largest norm, > 0
 * @returns the norm before, for the log; where it is NaN all gradients become NaN, as in PyTorch
 * @throws RangeError unless `max` is above 0
 */
export function clipGradNorm(parameters: NamedParameters, max: number): number {
  let total = 0;
  clip(parameters, max, (each) => {
    total = Math.sqrt(each.reduce((sum, norm) => sum + norm ** 2, 0));
    return each.map(() => total);
  });
  return total;
}

/**
 * Scales each gradient by `min(1, max / (‖∇‖ + 1e-6))` of its own norm, as DINO does.
 * @param parameters - those without a gradient do not count
 * @param max - largest norm of one parameter's gradient, > 0
 * @returns the norms before, by name
 * @throws RangeError unless `max` is above 0
 * Source: `clip_gradients`, https://github.com/facebookresearch/dino/blob/main/utils.py
 */
export function clipEachGradNorm(parameters: NamedParameters, max: number): Map<string, number> {
  return clip(parameters, max, (each) => each);
}

/**
 * @param judge - from the norm of each gradient to the norm by which each is judged
 * @returns the norms before, by name
 */
function clip(
  parameters: NamedParameters,
  max: number,
  judge: (each: readonly number[]) => readonly number[],
): Map<string, number> {
  if (!(max > 0)) throw new RangeError(`The largest norm of gradients must be above 0, got ${max}`);
  return scope(() =>
    noGrad(() => {
      const { names, gradients } = withGradient(parameters);
      if (names.length === 0) return new Map();
      const before = norms(gradients);
      const factors = judge(before).map((norm) => Math.min(1, max / (norm + 1e-6)));
      call('aten::_foreach_mul_.ScalarList', gradients, factors);
      return new Map(names.map((name, i) => [name, before[i] as number]));
    }),
  );
}
