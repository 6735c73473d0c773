import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { quantile } from './quantile.js';

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
