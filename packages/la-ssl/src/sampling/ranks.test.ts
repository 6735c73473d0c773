import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { auroc, lowestPrecision, rankCorrelation } from './ranks.js';

interface Reference {
  auroc: { scores: number[]; positive: number[]; auroc: number }[];
  precision: { scores: number[]; positive: number[]; precision: number }[];
  rankCorrelation: { a: number[]; b: number[]; rho: number }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/sampling/reference.json', import.meta.url), 'utf8'),
);

function assertClose(actual: number | null, expected: number, tolerance = 1e-14): void {
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

describe('auroc', () => {
  it('equals scikit-learn, ties included', () => {
    for (const { scores, positive, auroc: expected } of reference.auroc) {
      assertClose(auroc(scores, positive), expected);
    }
  });

  it('is the share of pairs in the right order, a tie counting half', () => {
    const random = new Random(1);
    const scores = Array.from({ length: 70 }, () => random.below(9));
    const positive = scores.map(() => random.below(2));
    let right = 0;
    let pairs = 0;
    for (const [i, a] of scores.entries()) {
      for (const [j, b] of scores.entries()) {
        if (!positive[i] || positive[j]) continue;
        right += a > b ? 1 : a === b ? 0.5 : 0;
        pairs++;
      }
    }
    assertClose(auroc(scores, positive), right / pairs);
  });

  it('is null where a class is empty, never 0.5', () => {
    assert.equal(auroc([1, 2], [1, 1]), null);
    assert.equal(auroc([1, 2], [false, false]), null);
    assert.equal(auroc([], []), null);
  });

  it('refuses NaN and lengths that differ', () => {
    assert.throws(() => auroc([1, Number.NaN], [0, 1]), /example 1 is NaN/);
    assert.throws(() => auroc([1], [0, 1]), /1 and 2 entries/);
  });
});

describe('lowestPrecision', () => {
  it('equals scikit-learn where precision and recall meet', () => {
    for (const { scores, positive, precision } of reference.precision) {
      assertClose(lowestPrecision(scores, positive), precision);
    }
  });

  it('is the mean over all orders of equal scores', () => {
    const scores = [1, 2, 2, 2, 3];
    const positive = [0, 1, 1, 0, 1]; // three are taken: the first, and two of the three equal ones
    assertClose(lowestPrecision(scores, positive), (2 * (2 / 3)) / 3);
    assertClose(lowestPrecision([5, 5, 5, 5], [1, 0, 0, 0]), 0.25);
  });

  it('is null without positives', () => {
    assert.equal(lowestPrecision([1, 2], [0, 0]), null);
  });
});

describe('rankCorrelation', () => {
  it('equals scipy, ties included', () => {
    for (const { a, b, rho } of reference.rankCorrelation) assertClose(rankCorrelation(a, b), rho);
  });

  it('is 1 for any rising and −1 for any falling relation, null where there is no order', () => {
    const a = [3, 1, 2, 8];
    assertClose(rankCorrelation(a, a.map(Math.exp)), 1);
    assertClose(
      rankCorrelation(
        a,
        a.map((x) => -(x ** 3)),
      ),
      -1,
    );
    assert.equal(rankCorrelation(a, [1, 1, 1, 1]), null);
    assert.equal(rankCorrelation([1], [1]), null);
  });
});
