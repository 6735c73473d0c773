/** @file Closeness of tensors, for tests: `import { assertAllclose } from '@la-ssl/torch/testing'`. */
import assert from 'node:assert/strict';
import { scope } from './scope.js';
import { type Nested, Tensor, tensor } from './tensor.js';

/** How far an element may be off: `|actual − expected| ≤ atol + rtol · |expected|`. */
export interface Tolerance {
  /** Share of the expected element (1e-5). */
  rtol?: number;
  /** Absolute (1e-8). */
  atol?: number;
}

/**
 * Asserts that two tensors have the same shape and close elements; NaN equals NaN.
 * @throws AssertionError that names the element that is furthest off
 */
export function assertAllclose(
  actual: Tensor,
  expected: Tensor | Nested,
  { rtol = 1e-5, atol = 1e-8 }: Tolerance = {},
): void {
  scope(() => {
    const wanted = expected instanceof Tensor ? expected : tensor(expected, { dtype: 'float64' });
    assert.deepEqual(actual.shape, wanted.shape, 'the shapes differ');
    const [a, b] = [actual.toFloat64Array(), wanted.toFloat64Array()];
    // Above 1 is too far; what is no number (NaN against a number) is infinitely far.
    const distance = (i: number): number => {
      const [x, y] = [a[i] as number, b[i] as number];
      if (Object.is(x, y) || x === y) return 0;
      const ratio = Math.abs(x - y) / (atol + rtol * Math.abs(y));
      return Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio;
    };
    let worst = 0;
    for (let i = 1; i < a.length; i++) if (distance(i) > distance(worst)) worst = i;
    if (a.length === 0 || distance(worst) <= 1) return;
    assert.fail(
      `element ${worst} of shape [${actual.shape.join(', ')}] is ${a[worst]}, must be ${b[worst]} (rtol ${rtol}, atol ${atol})`,
    );
  });
}
