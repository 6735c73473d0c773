import assert from 'node:assert/strict';
import { test } from 'node:test';
import { principalComponents } from './principal-components.js';

test('points on a line and across it: closed form of components and variances', () => {
  // (±3, ±3, 0) along the diagonal, (0, 0, ±1) across: variances 2·18 and 2·1
  const features = Float32Array.of(3, 3, 5, -3, -3, 5, 0, 0, 6, 0, 0, 4);
  const { points, explained } = principalComponents(features, 4);
  const half = Math.sqrt(18);
  const expected = [half, 0, -half, 0, 0, 1, 0, -1];
  expected.forEach((value, i) => {
    assert.ok(Math.abs(points[i]! - value) < 1e-9, `${i}: ${points[i]}, not ${value}`);
  });
  assert.ok(Math.abs(explained[0] - 36 / 38) < 1e-12);
  assert.ok(Math.abs(explained[1] - 2 / 38) < 1e-12);
});

test('constant features have no variance, too few are refused', () => {
  const { points, explained } = principalComponents(new Float32Array(6).fill(2), 3);
  assert.deepEqual([...points], [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(explained, [0, 0]);
  assert.throws(() => principalComponents(new Float32Array(3), 1), /N and F from 2/);
});
