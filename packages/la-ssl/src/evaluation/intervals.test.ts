import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { pairedTInterval, tInterval, wilsonInterval, worstGroupInterval } from './intervals.js';

interface Reference {
  wilson: { right: number; count: number; confidence: number; low: number; high: number }[];
  tInterval: { values: number[]; confidence: number; mean: number; low: number; high: number }[];
  paired: { baseline: number[]; other: number[]; mean: number; low: number; high: number; p: number }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/evaluation/reference.json', import.meta.url), 'utf8'),
);

function assertClose(actual: number, expected: number, tolerance = 1e-10): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

describe('wilsonInterval', () => {
  it('equals scipy, at 0 and 1 too', () => {
    for (const { right, count, confidence, low, high } of reference.wilson) {
      const found = wilsonInterval({ right, count }, confidence);
      assert.equal(found.value, right / count);
      assert.equal(found.count, count);
      assertClose(found.low, low);
      assertClose(found.high, high);
      assert.ok(found.low >= 0 && found.high <= 1);
    }
  });

  it('refuses what is no proportion or no confidence', () => {
    assert.throws(() => wilsonInterval({ right: 0, count: 0 }), /0 right out of 0/);
    assert.throws(() => wilsonInterval({ right: 3, count: 2 }), /3 right out of 2/);
    assert.throws(() => wilsonInterval({ right: 1, count: 2 }, 95), /confidence.*got 95/);
  });
});

describe('worstGroupInterval', () => {
  it("is Wilson's where there is one group", () => {
    const group = { right: 81, count: 180 };
    assert.deepEqual(worstGroupInterval([group, { right: 0, count: 0 }]), wilsonInterval(group));
  });

  it('takes the lowest of the lower bounds, and of the upper ones with the error shared out', () => {
    const groups = [
      { right: 900, count: 1000 },
      { right: 3, count: 10 },
      { right: 400, count: 1000 },
    ];
    const found = worstGroupInterval(groups);
    assert.deepEqual([found.value, found.count], [0.3, 10]);
    assert.equal(found.low, wilsonInterval(groups[1]!).low);
    assertClose(found.high, wilsonInterval(groups[2]!, 1 - 0.05 / 3).high);
  });

  it('holds the lowest true accuracy as often as it says, also among many groups that are equally bad', () => {
    const random = new Random(1);
    for (const [groupCount, size, spread] of [
      [4, 180, 0],
      [60, 100, 0],
      [60, 100, 0.3],
    ] as const) {
      const sets = 400;
      let held = 0;
      for (let k = 0; k < sets; k++) {
        const groups = Array.from({ length: groupCount }, (_, g) => ({
          right: random.binomial(size, 0.3 + (spread * g) / groupCount),
          count: size,
        }));
        const { value, low, high } = worstGroupInterval(groups);
        assert.ok(low <= value && value <= high);
        if (low <= 0.3 && 0.3 <= high) held++;
      }
      // 95 %, less three standard deviations of what 400 sets show.
      assert.ok(held / sets >= 0.95 - 3 * Math.sqrt((0.95 * 0.05) / sets), `${held} of ${sets}`);
    }
  });

  it('refuses groups without members', () => {
    assert.throws(() => worstGroupInterval([{ right: 0, count: 0 }]), /No group has members/);
  });
});

describe('tInterval', () => {
  it('equals scipy', () => {
    for (const { values, confidence, mean, low, high } of reference.tInterval) {
      const found = tInterval(values, confidence);
      assertClose(found.value, mean);
      assertClose(found.low, low);
      assertClose(found.high, high);
      assert.equal(found.count, values.length);
    }
  });

  it('is a point where all values agree, and refuses a single one', () => {
    assert.deepEqual(tInterval([0.5, 0.5, 0.5]), { value: 0.5, low: 0.5, high: 0.5, count: 3 });
    assert.throws(() => tInterval([0.5]), /at least two.*got 1/);
  });
});

describe('pairedTInterval', () => {
  it('equals scipy', () => {
    for (const { baseline, other, mean, low, high, p } of reference.paired) {
      const found = pairedTInterval(baseline, other);
      assertClose(found.value, mean);
      assertClose(found.low, low);
      assertClose(found.high, high);
      assertClose(found.pValue, p);
    }
  });

  it('is sure of a difference that never varies, and of none', () => {
    assert.equal(pairedTInterval([1, 2, 3], [2, 3, 4]).pValue, 0);
    assert.equal(pairedTInterval([1, 2, 3], [1, 2, 3]).pValue, 1);
  });

  it('refuses seeds that do not pair up', () => {
    assert.throws(() => pairedTInterval([1, 2], [1]), /2 and 1 results/);
  });
});
