import assert from 'node:assert/strict';
import { it } from 'node:test';
import { featureScale, standardised } from './standardise.js';

const even = (n: number) => new Float64Array(n).fill(1 / n);

it('brings features to mean 0 and deviation 1, and puts a one beside them', () => {
  const features = Float32Array.of(1, 10, 3, 30, 5, 50, 7, 70); // [4, 2]
  const scale = featureScale(features, even(4));
  assert.deepEqual([...scale.mean], [4, 40]);
  assert.deepEqual([...scale.deviation], [Math.sqrt(5), Math.sqrt(500)]);
  const rows = standardised(features, scale);
  assert.equal(rows.length, 12);
  for (const column of [0, 1]) {
    const values = [0, 1, 2, 3].map((i) => rows[i * 3 + column]!);
    assert.ok(Math.abs(values.reduce((a, b) => a + b)) < 1e-15);
    assert.ok(Math.abs(values.reduce((sum, x) => sum + x * x, 0) - 4) < 1e-14);
  }
  assert.deepEqual(
    [2, 5, 8, 11].map((i) => rows[i]),
    [1, 1, 1, 1],
  );
});

it('leaves a constant feature at 0, also where only rounding tells its values apart', () => {
  const next = 1000 + 2 ** -14; // the float32 beside 1000
  const features = Float32Array.of(0, 1000, 0.1, 0, next, 0.1, 0, 1000, 0.1); // [3, 3]
  const scale = featureScale(features, even(3));
  assert.deepEqual([...scale.deviation], [1, 1, 1]);
  assert.ok(standardised(features, scale).every((x, i) => (i % 4 === 3 ? x === 1 : Math.abs(x) < 1e-4)));
});

it('keeps a small spread that is real', () => {
  const { deviation } = featureScale(Float32Array.of(1e-8, 3e-8), even(2));
  assert.ok(Math.abs(deviation[0]! - 1e-8) < 1e-14);
});

it('weighs: a share of 0 is an example that is not there', () => {
  const scale = featureScale(Float32Array.of(1, 3, 99), Float64Array.of(0.5, 0.5, 0));
  assert.deepEqual([scale.mean[0], scale.deviation[0]], [2, 1]);
});
