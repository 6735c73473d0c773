import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { bootstrapAccuracy, bootstrapDifference } from './bootstrap.js';
import { bootstrapMetricDifferences, bootstrapMetrics } from './bootstrap-metrics.js';
import { bootstrapPValue } from './bootstrap-p-value.js';
import { METRIC_NAMES } from './metric-evaluator.js';
import type { ScoredSet } from './scored-set.js';

/** Two classes, two grounds; the score is the label's, `skill` deviations from that of the other. */
function drawn(skill: number, seed: number, count = 240): ScoredSet {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const codes = labels.map((_, i) => Math.floor(i / 2) % 2);
  const probabilities = new Float64Array(2 * count);
  labels.forEach((label, i) => {
    const logit = skill * (label - 0.5) + random.normal();
    probabilities[2 * i + 1] = 1 / (1 + Math.exp(-logit));
    probabilities[2 * i] = 1 - probabilities[2 * i + 1]!;
  });
  return {
    labels,
    probabilities,
    predictions: labels.map((_, i) => (probabilities[2 * i + 1]! > 0.5 ? 1 : 0)),
    classNames: ['0', '1'],
    groups: {
      groups: [0, 1, 2, 3].map((g) => ({ name: `group ${g}` })),
      groupOf: labels.map((label, i) => 2 * label + codes[i]!),
      aligned: labels.map((label, i) => (label === codes[i] ? 1 : 0)),
    },
    attributes: [{ name: 'ground', values: ['a', 'b'], codes }],
    trainGroupCounts: [50, 5, 5, 50],
  };
}
const weak = drawn(1, 1);
const strong = { ...drawn(3, 2), labels: weak.labels };

describe('bootstrapMetrics', () => {
  it('gives every figure, inside of its interval, the same by the same seed', () => {
    const found = bootstrapMetrics(weak, METRIC_NAMES, { seed: 0, resamples: 300 });
    assert.deepEqual(Object.keys(found).sort(), [...METRIC_NAMES].sort());
    for (const [name, { value, low, high }] of Object.entries(found)) {
      assert.ok(low < high, name);
      // Gaps, the ECE and the lowest of several are pushed to one side by the noise of a resample.
      if (!/gap|worst|ece/.test(name)) assert.ok(low < value && value < high, name);
    }
    assert.deepEqual(bootstrapMetrics(weak, METRIC_NAMES, { seed: 0, resamples: 300 }), found);
  });

  it('says how many examples each figure comes from', () => {
    // Of 240 examples, the first 8 have no known group; 12 of the rest are of label 1 on ground a, all wrong.
    const set = drawn(1, 1);
    const { labels, groups, attributes } = set;
    const codes = labels.map((label, i) => (label === 1 && i >= 32 ? 1 : attributes![0]!.codes[i]!));
    const groupOf = labels.map((label, i) => (i < 8 ? -1 : 2 * label + codes[i]!));
    const aligned = labels.map((label, i) => (i < 8 ? -1 : label === codes[i] ? 1 : 0));
    const predictions = labels.map((label, i) => (groupOf[i] === 2 ? 0 : label));
    const parts = { attributes: [{ ...attributes![0]!, codes }], predictions };
    const found = bootstrapMetrics(
      { ...set, ...parts, groups: { groups: groups!.groups, groupOf, aligned } },
      METRIC_NAMES,
      { seed: 0, resamples: 2 },
    );
    const small = groupOf.filter((group) => group === 2).length;
    const conflicting = small + groupOf.filter((group) => group === 1).length;
    assert.deepEqual([found['worst-group']!.value, found['worst-group']!.count], [0, small]);
    assert.deepEqual([found.conflicting!.count, found.aligned!.count], [conflicting, 232 - conflicting]);
    assert.deepEqual([found.unbiased!.count, found['accuracy-gap']!.count], [232, 232]);
    assert.deepEqual([found.accuracy!.count, found.auroc!.count], [240, 240]);
    const within = [0, 1].map((code) => codes.filter((own) => own === code).length);
    assert.ok(within.includes(found['worst-attribute-auroc']!.count));
  });

  it("agrees with the accuracies' own bootstrap", () => {
    const found = bootstrapMetrics(weak, ['accuracy', 'conflicting'], { seed: 1, resamples: 2000 });
    const other = bootstrapAccuracy(weak.predictions, weak.labels, weak.groups, { seed: 2 });
    for (const [a, b] of [
      [found.accuracy!, other.overall!],
      [found.conflicting!, other.conflicting!],
    ] as const) {
      assert.equal(a.value, b.value);
      // 0.21 deviations as in the test of that bootstrap, twice for two of them; an interval is 3.92 wide.
      const tolerance = (0.42 / 3.92) * (b.high - b.low);
      assert.ok(Math.abs(a.low - b.low) < tolerance && Math.abs(a.high - b.high) < tolerance);
    }
  });

  it("has the width that Hanley and McNeil's formula gives the AUROC", () => {
    const { auroc } = bootstrapMetrics(weak, ['auroc'], { seed: 3, resamples: 2000 });
    const a = auroc!.value;
    const n = 120; // of each class
    const [q1, q2] = [a / (2 - a), (2 * a * a) / (1 + a)];
    const error = Math.sqrt((a * (1 - a) + (n - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (n * n));
    const width = (auroc!.high - auroc!.low) / (2 * 1.96 * error);
    assert.ok(Math.abs(width - 1) < 0.12, `${width}`);
  });

  it('leaves out what the test set cannot give', () => {
    const { groups: _, attributes: __, trainGroupCounts: ___, ...bare } = weak;
    const found = bootstrapMetrics(bare, METRIC_NAMES, { seed: 0, resamples: 20 });
    for (const name of ['worst-group', 'adjusted', 'auroc-gap', 'aligned'] as const) {
      assert.equal(found[name], undefined);
    }
    assert.ok(found.auroc && found.f1);
    assert.throws(() => bootstrapMetrics(bare, ['f1'], { seed: 0, resamples: 0 }), /resamples.*got 0/);
  });
});

describe('bootstrapMetricDifferences', () => {
  it('is paired: exactly 0 of one against itself, antisymmetric, and smaller p for more skill', () => {
    const options = { seed: 4, resamples: 400 };
    const none = bootstrapMetricDifferences(weak, weak, ['auroc', 'ece'], options);
    assert.deepEqual(
      [none.auroc!.value, none.auroc!.low, none.auroc!.high, none.auroc!.pValue],
      [0, 0, 0, 1],
    );
    const there = bootstrapMetricDifferences(weak, strong, METRIC_NAMES, options);
    const back = bootstrapMetricDifferences(strong, weak, METRIC_NAMES, options);
    for (const name of METRIC_NAMES) assert.equal(there[name]!.value, -back[name]!.value);
    assert.ok(there.auroc!.low > 0 && there.auroc!.pValue === 2 / 401);
    assert.ok(there['log-loss']!.high < 0);
    const plain = bootstrapDifference(
      weak.predictions,
      strong.predictions,
      weak.labels,
      weak.groups,
      options,
    );
    assert.ok(Math.abs(there.accuracy!.value - plain.overall!.value) < 1e-12);
  });

  it('refuses results of other examples', () => {
    const other = { ...strong, labels: strong.labels.map((label) => 1 - label) };
    assert.throws(
      () => bootstrapMetricDifferences(weak, other, ['f1'], { seed: 0 }),
      /not of the same test examples/,
    );
  });
});

it('bootstrapPValue counts both sides', () => {
  assert.equal(bootstrapPValue([1, 2, 3, -1]), 4 / 5);
  assert.equal(bootstrapPValue([1, 2, 3]), 2 / 4);
  assert.equal(bootstrapPValue([0, 0]), 1);
});
