import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bootstrapDifference } from './bootstrap.js';
import { compareProbes } from './compare-probes.js';

const labels = [0, 0, 0, 0, 1, 1, 1, 1];
const groups = {
  groups: [{ name: 'easy' }, { name: 'hard' }],
  groupOf: [0, 0, 1, 1, 0, 0, 1, 1],
  aligned: [1, 1, 0, 0, 1, 1, 0, 0],
};
const baseline = [0, 0, 1, 1, 1, 1, 0, 0]; // right on the aligned only
const better = [0, 0, 0, 1, 1, 1, 1, 0]; // and on half of the conflicting
const best = [...labels];

describe('compareProbes', () => {
  it('gives the paired difference of each pair on the test examples', () => {
    const { pairs, overSeeds } = compareProbes([{ baseline, other: better }], labels, groups, { seed: 1 });
    assert.equal(overSeeds, null, 'one pair says nothing about other seeds');
    assert.deepEqual(pairs, [bootstrapDifference(baseline, better, labels, groups, { seed: 1 })]);
    assert.equal(pairs[0]!.conflicting!.value, 0.5);
    assert.equal(pairs[0]!.aligned!.value, 0);
  });

  it("gives the mean over seeds with Student's interval", () => {
    const pairs = [better, best].map((other) => ({ baseline, other }));
    const { overSeeds } = compareProbes(pairs, labels, groups, { seed: 1 });
    const conflicting = overSeeds!.conflicting!; // of 0.5 and 1: mean 0.75, standard error 0.25, t₁ = 12.7062
    assert.equal(conflicting.value, 0.75);
    assert.equal(conflicting.count, 2);
    assert.ok(Math.abs(conflicting.high - (0.75 + 12.7062 * 0.25)) < 1e-4);
    assert.ok(Math.abs(conflicting.low - (0.75 - 12.7062 * 0.25)) < 1e-4);
    assert.ok(Math.abs(conflicting.pValue - (2 / Math.PI) * Math.atan(1 / 3)) < 1e-12); // of t = 3
    assert.equal(overSeeds!.overall!.value, 0.375);
    assert.equal(overSeeds!.aligned!.pValue, 1);
  });

  it('turns round with its sides', () => {
    const there = compareProbes(
      [
        { baseline, other: better },
        { baseline, other: best },
      ],
      labels,
      groups,
      {
        seed: 1,
      },
    );
    const back = compareProbes(
      [
        { baseline: better, other: baseline },
        { baseline: best, other: baseline },
      ],
      labels,
      groups,
      { seed: 1 },
    );
    for (const part of ['overall', 'conflicting', 'worstGroup'] as const) {
      const [a, b] = [there.overSeeds![part]!, back.overSeeds![part]!];
      assert.deepEqual([a.value, a.low, a.pValue], [-b.value, -b.high, b.pValue]);
    }
  });

  it('tells only what the test set has', () => {
    const pairs = [
      { baseline, other: better },
      { baseline, other: best },
    ];
    const { overSeeds } = compareProbes(pairs, labels, undefined, { seed: 1 });
    assert.deepEqual([overSeeds!.aligned, overSeeds!.worstGroup], [null, null]);
    assert.equal(overSeeds!.overall!.value, 0.375);
    assert.throws(() => compareProbes([], labels, groups, { seed: 1 }), /at least one pair/);
  });
});
