import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from './index.js';
import { assertAllclose } from './testing.js';

test('assertAllclose takes what is close and names what is not', () => {
  assertAllclose(tensor([1, 2]), [1, 2.00001]);
  assertAllclose(tensor([Number.NaN, Number.POSITIVE_INFINITY]), [Number.NaN, Number.POSITIVE_INFINITY]);
  assertAllclose(tensor([]), []);
  assert.throws(
    () => assertAllclose(tensor([1, 2, 3]), [1, 2.1, 3]),
    /element 1 of shape \[3\] is 2, must be 2.1/,
  );
  assert.throws(() => assertAllclose(tensor([Number.NaN]), [0]), /is NaN, must be 0/);
  assert.throws(() => assertAllclose(tensor([0]), [Number.NaN]), /is 0, must be NaN/);
  assert.throws(() => assertAllclose(tensor([1]), [[1]]), /shapes differ/);
  assertAllclose(tensor([1.05]), [1], { atol: 0.1 });
});
