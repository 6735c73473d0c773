import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { bootstrapAccuracy, bootstrapDifference } from './bootstrap.js';
import { bootstrapMetricDifferences, bootstrapMetrics } from './bootstrap-metrics.js';
import { clusterMetrics } from './cluster-metrics.js';
import { clusterStrata } from './clusters.js';
import { type Estimate, wilsonInterval } from './intervals.js';
import { METRIC_NAMES } from './metric-evaluator.js';
import { probeOutcome } from './probe-outcome.js';
import type { ScoredSet } from './scored-set.js';

type Name = 'overall' | 'group0' | 'group1' | 'unbiased' | 'difference' | 'worstDifference';
/** Made by numpy: fixtures/clusters/make.py. */
const reference: {
  rows: [cluster: number, group: number, baseline: number, other: number][];
  resampled: Record<Name, { low: number; high: number; sd: number }>;
  linearised: Record<'overall' | 'difference', number>;
} = JSON.parse(readFileSync(new URL('../../fixtures/clusters/reference.json', import.meta.url), 'utf8'));
const column = (k: number) => reference.rows.map((row) => row[k]!);
const [codes, groupOf, baseline, other] = [0, 1, 2, 3].map(column) as [
  number[],
  number[],
  number[],
  number[],
];
const labels = baseline.map(() => 1);
const groups = { groups: [{ name: 'group0' }, { name: 'group1' }], groupOf };

/** 2,000 resamples stray by 0.06 standard deviations at 2.5 %, the reference's 10,000 by 0.03; five times that. */
function assertAgrees({ low, high }: Estimate, name: Name, slack = 0): void {
  const expected = reference.resampled[name];
  const tolerance = 0.33 * expected.sd + slack;
  assert.ok(Math.abs(low - expected.low) < tolerance, `${name}: ${low}, not ${expected.low}`);
  assert.ok(Math.abs(high - expected.high) < tolerance, `${name}: ${high}, not ${expected.high}`);
}

describe('intervals over clusters', () => {
  it('agree with resampling the members of whole clusters by index', () => {
    const found = clusterMetrics(baseline, labels, groups, { name: 'patient', codes });
    assert.deepEqual(found.clusters, { name: 'patient', count: 60 });
    assertAgrees(found.overall, 'overall');
    assertAgrees(found.groups.group0!, 'group0');
    assertAgrees(found.groups.group1!, 'group1');
    assertAgrees(found.unbiased!, 'unbiased');
    assert.equal(found.overall.count, labels.length);
    assert.ok(found.worstGroup!.low <= found.groups.group1!.low && found.worstGroup!.group === 'group1');
    const difference = bootstrapDifference(baseline, other, labels, groups, { seed: 1, clusters: codes });
    assertAgrees(difference.overall!, 'difference');
    assertAgrees(difference.worstGroup!, 'worstDifference', 0.01);
  });

  it('have the width of the linearised variance of a ratio, and not that of independent examples', () => {
    const options = { seed: 2, resamples: 4000, confidence: 0.6827 };
    const width = ({ low, high }: Estimate) => (high - low) / 2; // one standard error
    const one = bootstrapAccuracy(baseline, labels, groups, { ...options, clusters: codes }).overall!;
    assert.ok(Math.abs(width(one) / reference.linearised.overall - 1) < 0.07, `${width(one)}`);
    const two = bootstrapDifference(baseline, other, labels, groups, { ...options, clusters: codes })
      .overall!;
    assert.ok(Math.abs(width(two) / reference.linearised.difference - 1) < 0.07, `${width(two)}`);
    const independent = bootstrapAccuracy(baseline, labels, groups, options).overall!;
    assert.ok(width(one) > 1.25 * width(independent));
  });

  it('of clusters of one example are those of independent examples, to the last digit', () => {
    const shuffled = labels.map((_, i) => (i * 7919) % 100_003); // names of clusters are of no importance
    const options = { seed: 3, resamples: 200 };
    const alone = { ...options, clusters: shuffled };
    for (const own of [groups, undefined]) {
      assert.deepEqual(
        bootstrapAccuracy(baseline, labels, own, alone),
        bootstrapAccuracy(baseline, labels, own, options),
      );
      assert.deepEqual(
        bootstrapDifference(baseline, other, labels, own, alone),
        bootstrapDifference(baseline, other, labels, own, options),
      );
    }
    const set = scored(baseline);
    const own = { ...set, clusters: { name: 'image', codes: shuffled } };
    assert.deepEqual(
      bootstrapMetrics(own, METRIC_NAMES, options),
      bootstrapMetrics(set, METRIC_NAMES, options),
    );
  });

  it('of every figure are by cluster, and agree with the accuracies', () => {
    const clusters = { name: 'patient', codes };
    const found = bootstrapMetrics({ ...scored(baseline), clusters }, METRIC_NAMES, {
      seed: 4,
      resamples: 300,
    });
    assert.ok(found.auroc!.low < found.auroc!.value && found.auroc!.value < found.auroc!.high);
    const two = bootstrapMetricDifferences(
      { ...scored(baseline), clusters },
      { ...scored(other), clusters },
      ['accuracy'],
      { seed: 5, resamples: 2000 },
    );
    assert.ok(two.accuracy!.high - two.accuracy!.low > 0);
    const many = bootstrapMetrics({ ...scored(baseline), clusters }, ['accuracy'], {
      seed: 6,
      resamples: 2000,
    });
    const wide = bootstrapMetrics(scored(baseline), ['accuracy'], { seed: 6, resamples: 2000 });
    const width = ({ low, high }: Estimate) => high - low;
    assert.ok(width(many.accuracy!) > 1.2 * width(wide.accuracy!));
  });

  it('where no resample differs are as wide as Wilson has them for so many clusters', () => {
    const twice = [0, 0, 1, 1, 2, 2, 3, 3];
    const right = twice.map(() => 1);
    const found = clusterMetrics(right, right, undefined, { name: 'patient', codes: twice });
    assert.deepEqual(found.overall, { ...wilsonInterval({ right: 4, count: 4 }), count: 8 });
    const one = clusterMetrics([1, 0], [1, 1], undefined, { name: 'patient', codes: [5, 5] });
    assert.deepEqual(one.overall, { ...wilsonInterval({ right: 0.5, count: 1 }), count: 2 });
    assert.deepEqual([one.worstGroup, one.unbiased, one.aligned], [null, null, null]);
  });

  it('are found by a probe, whose examples without a label are left out with their clusters', () => {
    const probabilities = Float64Array.from(baseline.flatMap((right) => [1 - right, right]));
    const cut = Int32Array.from(labels, (label, i) => (codes[i]! < 10 ? -1 : label));
    const { metrics } = probeOutcome(probabilities, cut, groups, { clusters: { name: 'patient', codes } });
    assert.equal(metrics.clusters!.count, 50);
    const { metrics: plain } = probeOutcome(probabilities, cut, groups);
    assert.equal(plain.clusters, undefined);
    assert.equal(plain.overall.value, metrics.overall.value);
  });

  it('need a cluster for each example', () => {
    const options = { seed: 0, clusters: [1] };
    assert.throws(() => bootstrapAccuracy(baseline, labels, groups, options), /clusters has 1 entries/);
    const bad = { ...scored(baseline), clusters: { name: 'patient', codes: [1] } };
    assert.throws(() => bootstrapMetrics(bad, ['f1'], { seed: 0 }), /clusters\.codes has 1 entries/);
  });
});

it('clusters are drawn within their stratum, and those that span several among themselves', () => {
  const strata = clusterStrata([4, 4, 7, 9, 9, 7, 2], (i) => 'aababba'[i]!);
  assert.deepEqual(strata, [[[0, 1], [6]], [[2, 5]], [[3, 4]]]);
});

/** Two classes in turns; right or wrong as it says, with scores of different height. */
function scored(answers: readonly number[]): ScoredSet {
  const random = new Random(1);
  const truth = Int32Array.from(answers, (_, i) => i % 2);
  const predictions = truth.map((label, i) => (answers[i] ? label : 1 - label));
  const probabilities = new Float64Array(2 * answers.length);
  predictions.forEach((label, i) => {
    probabilities[2 * i + label] = 0.5 + random.uniform() / 2;
    probabilities[2 * i + 1 - label] = 1 - probabilities[2 * i + label]!;
  });
  return { labels: truth, predictions, probabilities, classNames: ['0', '1'], groups };
}
