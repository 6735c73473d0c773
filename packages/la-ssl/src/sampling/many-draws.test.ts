import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { manyDraws } from './many-draws.js';

/** Weights of three kinds: none, next to none, and some of very different sizes; the last cell is not full. */
function weightsOf(count: number): Float64Array {
  const random = new Random(count);
  return new Float64Array(count).map((_, i) => {
    if (i % 3 === 0) return 0;
    return i % 7 === 0 ? 1e-12 * random.uniform() : Math.exp(2 * random.normal());
  });
}

function countsOf(draws: Int32Array, count: number): Float64Array {
  const counts = new Float64Array(count);
  for (const i of draws) counts[i]! += 1;
  return counts;
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

describe('manyDraws', () => {
  it('draws each example as often as its weight says: chi-square against the exact probabilities', () => {
    const count = 5_000;
    const weights = weightsOf(count);
    const total = sumOf(weights);
    const draws = manyDraws(weights, 2_000_000, 1, 2, 3);
    const counts = countsOf(draws, count);
    let [chiSquare, categories, restExpected, restCount] = [0, 0, 0, 0];
    for (const [i, weight] of weights.entries()) {
      if (weight === 0) assert.equal(counts[i], 0);
      const expected = (draws.length * weight) / total;
      if (expected < 10) {
        restExpected += expected;
        restCount += counts[i]!;
      } else {
        chiSquare += (counts[i]! - expected) ** 2 / expected;
        categories++;
      }
    }
    chiSquare += (restCount - restExpected) ** 2 / restExpected;
    assert.ok(categories > 1_000);
    const deviations = (chiSquare - categories) / Math.sqrt(2 * categories);
    assert.ok(Math.abs(deviations) < 4, `chi-square ${deviations} deviations from its mean`);
  });

  it('gives counts with the variance and covariance of draws with replacement, also across cells', () => {
    const weights = new Float64Array(3_000).fill(1).map((_, i) => (i < 2 || i === 2_500 ? 300 : 1));
    const total = sumOf(weights);
    const [draws, epochs] = [1_000, 4_000];
    const [p, q] = [300 / total, (3_000 - 3 - 2_000) / total];
    let [sum, squares, products] = [0, 0, 0];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const drawn = manyDraws(weights, draws, 5, epoch, 6);
      let [own, other] = [0, 0];
      for (const i of drawn) {
        if (i === 0) own++;
        else if (i > 2_001 && i !== 2_500) other++;
      }
      sum += own;
      squares += (own - draws * p) ** 2;
      products += (own - draws * p) * (other - draws * q);
    }
    const variance = draws * p * (1 - p);
    assert.ok(Math.abs(sum / epochs - draws * p) < 5 * Math.sqrt(variance / epochs));
    assert.ok(Math.abs(squares / epochs / variance - 1) < 5 * Math.sqrt(2 / epochs));
    const covariance = -draws * p * q;
    const spread = Math.sqrt((variance * draws * q * (1 - q) + covariance ** 2) / epochs);
    assert.ok(Math.abs(products / epochs - covariance) < 5 * spread);
  });

  it('puts the draws in random order: each place, and each pair of neighbours, is as likely as the next', () => {
    const count = 200_000; // several buckets
    const weights = new Float64Array(4_096).fill(1);
    const draws = manyDraws(weights, count, 7, 8, 9);
    const quarters = new Float64Array(16);
    const pairs = new Float64Array(16);
    for (let k = 0; k + 1 < count; k++) {
      const quarter = draws[k]! >>> 10;
      quarters[Math.floor((4 * k) / count) * 4 + quarter]! += 1;
      pairs[quarter * 4 + (draws[k + 1]! >>> 10)]! += 1;
    }
    for (const table of [quarters, pairs]) {
      const expected = (count - 1) / 16;
      const chiSquare = table.reduce((sum, cell) => sum + (cell - expected) ** 2 / expected, 0);
      assert.ok(chiSquare < 44.3, `chi-square ${chiSquare}`); // upper 0.01 % point at 15 degrees of freedom
    }
  });

  it('repeats for the same key, and differs for another epoch or seed', () => {
    const weights = weightsOf(2_000);
    const draws = manyDraws(weights, 5_000, 1, 2, 3);
    assert.deepEqual(manyDraws(weights, 5_000, 1, 2, 3), draws);
    assert.notDeepEqual(manyDraws(weights, 5_000, 1, 3, 3), draws);
    assert.notDeepEqual(manyDraws(weights, 5_000, 2, 2, 3), draws);
  });

  it('makes the draws that it has always made, so that runs are resumed and repeated by later versions', () => {
    const count = 300_000;
    const weights = new Float64Array(count).map((_, i) => ((i * 7919) % 1000) ** 4 / (1 + (i % 3)));
    const digest = createHash('sha256')
      .update(manyDraws(weights, count, 1, 2, 3))
      .digest('hex');
    assert.equal(digest, '15611dac4c57bcecaa9ac2b28840ac0c9d4147383a9635fe0ca42a8800234f6a');
  });

  it('draws the only example with a weight, wherever it is and however small that weight', () => {
    for (const [count, only] of [
      [1, 0],
      [1_024, 1_023],
      [3_000, 0],
      [3_000, 1_024],
      [3_000, 2_999],
    ] as const) {
      const weights = new Float64Array(count);
      weights[only] = 5e-300;
      assert.deepEqual(new Set(manyDraws(weights, 5_000, 1, 2, 3)), new Set([only]));
    }
  });
});
