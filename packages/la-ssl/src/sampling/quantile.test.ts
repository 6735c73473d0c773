import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { quantile, quantileOfSorted } from './quantile.js';

interface Reference {
  quantile: { values: number[]; r: number[]; quantiles: number[] }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/sampling/reference.json', import.meta.url), 'utf8'),
);

describe('quantile', () => {
  it('equals numpy to the last bit', () => {
    for (const { values, r, quantiles } of reference.quantile) {
      assert.deepEqual(
        r.map((share) => quantile(values, share)),
        quantiles,
      );
    }
  });

  it('is that of the sorted values to the last bit, of many values, with ties and without', () => {
    const kinds: ((random: Random, i: number) => number)[] = [
      (random) => Math.exp(random.normal()),
      (random) => random.below(7),
      (random) => (random.below(10) === 0 ? random.normal() : 1),
      (_random, i) => -i,
      (random) => [Number.NEGATIVE_INFINITY, 0, 1e300, Number.POSITIVE_INFINITY][random.below(4)]!,
      () => 3,
    ];
    for (const [seed, kind] of kinds.entries()) {
      const random = new Random(seed);
      for (const count of [4_096, 4_097, 30_000]) {
        const values = new Float64Array(count).map((_, i) => kind(random, i));
        const sorted = values.toSorted();
        for (const r of [0, 1e-5, 0.1, 0.5, random.uniform(), 1 - 1 / count, 1]) {
          assert.equal(
            quantile(values, r),
            quantileOfSorted(sorted, r),
            `kind ${seed}, ${count} values, r ${r}`,
          );
        }
      }
    }
  });

  it('leaves its input as it was', () => {
    const values = new Float64Array([3, 1, 2]);
    quantile(values, 0.5);
    assert.deepEqual([...values], [3, 1, 2]);
  });

  it('refuses no values, and an r outside [0, 1], by name', () => {
    assert.throws(() => quantile([], 0.5), /at least one value/);
    for (const r of [-0.1, 1.1, Number.NaN]) assert.throws(() => quantile([1], r), new RegExp(`r.*${r}`));
  });
});
