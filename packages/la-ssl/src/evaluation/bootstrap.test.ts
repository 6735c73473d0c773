import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bootstrapAccuracy, bootstrapDifference, type Headline } from './bootstrap.js';
import type { Estimate } from './intervals.js';

interface Summary {
  low: number;
  high: number;
  sd: number;
}
interface Reference {
  bootstrap: {
    groups: { aligned: boolean; neither: number; onlyBaseline: number; onlyOther: number; both: number }[];
    baseline: Record<keyof Headline<Estimate>, Summary>;
    difference: Record<keyof Headline<Estimate>, Summary>;
  };
}
const { bootstrap: reference }: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/evaluation/reference.json', import.meta.url), 'utf8'),
);
const parts = ['overall', 'aligned', 'conflicting', 'worstGroup'] as const;

/** The test set that the reference's counts describe: label 1 throughout, 0 for a wrong answer. */
function testSet() {
  const baseline: number[] = [];
  const other: number[] = [];
  const groupOf: number[] = [];
  const aligned: number[] = [];
  for (const [g, group] of reference.groups.entries()) {
    for (const [count, a, b] of [
      [group.neither, 0, 0],
      [group.onlyBaseline, 1, 0],
      [group.onlyOther, 0, 1],
      [group.both, 1, 1],
    ] as const) {
      for (let k = 0; k < count; k++) {
        baseline.push(a);
        other.push(b);
        groupOf.push(g);
        aligned.push(group.aligned ? 1 : 0);
      }
    }
  }
  const names = reference.groups.map((_, g) => ({ name: `group ${g}` }));
  return { baseline, other, labels: baseline.map(() => 1), groups: { groups: names, groupOf, aligned } };
}
const { baseline, other, labels, groups } = testSet();
const resamples = 4000;

function checkAgainst(found: Headline<Estimate>, expected: Record<keyof Headline<Estimate>, Summary>): void {
  for (const part of parts) {
    const { low, high } = found[part]!;
    // A quantile at 2.5 % of 4,000 resamples strays by 0.042 standard deviations; five times that.
    // The worst group's accuracy moves in steps, of 1/60 where that is the smallest group.
    const tolerance = 0.21 * expected[part].sd + (part === 'worstGroup' ? 1 / 60 : 0);
    assert.ok(Math.abs(low - expected[part].low) < tolerance, `${part}: ${low}, not ${expected[part].low}`);
    assert.ok(
      Math.abs(high - expected[part].high) < tolerance,
      `${part}: ${high}, not ${expected[part].high}`,
    );
  }
}

describe('bootstrapAccuracy', () => {
  it('agrees with resampling the indices of each group', () => {
    const found = bootstrapAccuracy(baseline, labels, groups, { seed: 1, resamples });
    checkAgainst(found, reference.baseline);
    assert.equal(found.overall!.value, baseline.filter((answer) => answer === 1).length / labels.length);
    assert.deepEqual([found.worstGroup!.value, found.worstGroup!.count], [60 / 200, 200]);
  });

  it('gives the same interval for the same seed, and another for another', () => {
    const run = (seed: number) => bootstrapAccuracy(baseline, labels, groups, { seed, resamples: 200 });
    assert.deepEqual(run(2), run(2));
    assert.notDeepEqual(run(2), run(3));
  });

  it('is a point where nothing varies, and null where the test set has no such part', () => {
    const found = bootstrapAccuracy([1, 0], [1, 0], undefined, { seed: 0, resamples: 50 });
    assert.deepEqual(found, {
      overall: { value: 1, low: 1, high: 1, count: 2 },
      aligned: null,
      conflicting: null,
      worstGroup: null,
    });
  });

  it('narrows with the confidence', () => {
    const width = (confidence: number) => {
      const { low, high } = bootstrapAccuracy(baseline, labels, groups, { seed: 4, confidence }).overall!;
      return high - low;
    };
    assert.ok(width(0.5) < 0.5 * width(0.95)); // 1.35 against 3.92 standard deviations
  });

  it('names the option that is out of range', () => {
    assert.throws(() => bootstrapAccuracy([1], [1], undefined, { seed: -1 }), /got -1/);
    assert.throws(
      () => bootstrapAccuracy([1], [1], undefined, { seed: 0, resamples: 0 }),
      /resamples.*got 0/,
    );
    assert.throws(
      () => bootstrapAccuracy([1], [1], undefined, { seed: 0, confidence: 1 }),
      /confidence.*got 1/,
    );
  });
});

describe('bootstrapDifference', () => {
  it('agrees with resampling the indices of each group for both predictions', () => {
    const found = bootstrapDifference(baseline, other, labels, groups, { seed: 5, resamples });
    checkAgainst(found, reference.difference);
    const gained = reference.groups.reduce((sum, group) => sum + group.onlyOther - group.onlyBaseline, 0);
    assert.ok(Math.abs(found.overall!.value - gained / labels.length) < 1e-12);
    assert.deepEqual([found.worstGroup!.count, found.overall!.count], [200, 1110]);
  });

  it('is antisymmetric, and exactly 0 for one prediction against itself', () => {
    const forward = bootstrapDifference(baseline, other, labels, groups, { seed: 6 });
    const backward = bootstrapDifference(other, baseline, labels, groups, { seed: 6 });
    for (const part of parts) assert.equal(forward[part]!.value, -backward[part]!.value);
    const none = bootstrapDifference(other, other, labels, groups, { seed: 7, resamples: 100 });
    for (const part of parts) {
      const { value, low, high } = none[part]!;
      assert.deepEqual([value, low, high], [0, 0, 0]);
    }
  });
});
