import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { auroc } from '../sampling/index.js';
import { type DetailedMetrics, detailedMetrics } from './detailed-metrics.js';
import { mostLikely } from './linear-classifier.js';
import { MetricEvaluator, type MetricName } from './metric-evaluator.js';
import { Ranking } from './ranking.js';
import type { ScoredSet } from './scored-set.js';

interface AgainstRest {
  auroc: number | null;
  auprc: number | null;
}
interface Case {
  name: string;
  labels: number[];
  attribute: number[];
  probabilities: number[];
  classes: number;
  train: number[];
  figures: Partial<Record<MetricName, number>>;
  byClass: (AgainstRest & {
    count: number;
    predicted: number;
    precision: number;
    recall: number;
    f1: number;
  })[];
  byValue: { auroc: number | null; classes: AgainstRest[] }[];
}
const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics/reference.json', import.meta.url), 'utf8'),
);

function setOf({ labels, attribute, probabilities, classes, train }: Case): ScoredSet {
  const scores = Float64Array.from(probabilities);
  return {
    labels: Int32Array.from(labels),
    probabilities: scores,
    predictions: mostLikely(scores, classes),
    classNames: Array.from({ length: classes }, (_, k) => `class ${k}`),
    groups: {
      groups: Array.from({ length: classes * 3 }, (_, g) => ({ name: `group ${g}` })),
      groupOf: labels.map((label, i) => label * 3 + attribute[i]!),
    },
    attributes: [{ name: 'place', values: ['a', 'b', 'c'], codes: attribute }],
    trainGroupCounts: train,
  };
}

function near(found: number | null | undefined, expected: number | null, what: string): void {
  if (expected === null || found === null) assert.equal(found, expected, what);
  else assert.ok(Math.abs(found! - expected) < 1e-9, `${what}: ${found}, not ${expected}`);
}

function checkClasses(
  found: DetailedMetrics['attributes'][string]['values'][string],
  expected: AgainstRest[],
) {
  expected.forEach((own, k) => {
    const ours = found.classes[`class ${k}`];
    near(ours?.auroc ?? null, own.auroc, `AUROC of class ${k}`);
    near(ours?.auprc ?? null, own.auprc, `AUPRC of class ${k}`);
  });
}

for (const one of cases) {
  it(`agrees with scikit-learn to 1e-9: ${one.name}`, () => {
    const found = detailedMetrics(setOf(one));
    for (const [name, value] of Object.entries(one.figures)) {
      near(found.figures[name as MetricName], value, name);
    }
    assert.equal(found.figures.aligned, undefined, 'nobody said what is aligned');
    one.byClass.forEach((expected, k) => {
      const own = found.classes[`class ${k}`];
      assert.deepEqual([own?.count ?? 0, own?.predicted ?? 0], [expected.count, expected.predicted]);
      for (const key of ['precision', 'recall', 'f1'] as const) {
        // scikit-learn says 0 where there is nothing to divide by; here that is null.
        near(own?.[key] ?? 0, expected[key], `${key} of class ${k}`);
      }
      near(own?.auroc ?? null, expected.auroc, `AUROC of class ${k}`);
      near(own?.auprc ?? null, expected.auprc, `AUPRC of class ${k}`);
    });
    const { values, aurocGap } = found.attributes.place!;
    one.byValue.forEach((expected, code) => {
      const own = values['abc'[code]!]!;
      near(own.auroc, expected.auroc, `AUROC where ${'abc'[code]}`);
      assert.equal(own.count, one.attribute.filter((a) => a === code).length);
      checkClasses(own, expected.classes);
    });
    near(aurocGap, one.figures['auroc-gap']!, 'gap');
    near(found.calibration.ece, one.figures.ece!, 'ECE');
  });
}

it('says null where a value has one class only, and leaves out what has no example', () => {
  const [two] = cases;
  const { values } = detailedMetrics(setOf(two!)).attributes.place!;
  assert.equal(values.c!.auroc, null);
  assert.deepEqual(values.c!.classes['class 1']!.auroc, null);
  assert.equal(values.c!.classes['class 0'], undefined);
  const none = detailedMetrics({
    ...setOf(two!),
    attributes: [{ name: 'place', values: ['a', 'b', 'c'], codes: two!.labels }],
  });
  assert.deepEqual(Object.keys(none.attributes.place!.values), ['a', 'b']);
  assert.equal(none.figures['worst-attribute-auroc'], undefined);
  assert.equal(none.attributes.place!.aurocGap, null);
});

it('does not say an adjusted average where a training group has no test example', () => {
  const one = cases[0]!;
  const train = one.train.map((count) => count || 1);
  const { figures } = detailedMetrics(setOf({ ...one, train }));
  assert.equal(figures.adjusted, undefined);
});

it('counts an example of multiplicity m as m examples', () => {
  const random = new Random(3);
  for (const one of cases) {
    const times = one.labels.map(() => random.below(4));
    const repeated = times.flatMap((count, i) => new Array<number>(count).fill(i));
    const again: Case = {
      ...one,
      labels: repeated.map((i) => one.labels[i]!),
      attribute: repeated.map((i) => one.attribute[i]!),
      probabilities: repeated.flatMap((i) => one.probabilities.slice(i * one.classes, (i + 1) * one.classes)),
    };
    const weighted = new MetricEvaluator(setOf(one));
    const plain = new MetricEvaluator(setOf(again));
    for (const name of Object.keys(one.figures) as MetricName[]) {
      near(weighted.value(name, times), plain.value(name), `${one.name}, ${name}`);
    }
  }
});

describe('Ranking', () => {
  it('gives the AUROC of mid-ranks, whatever the ties (fuzz)', () => {
    const random = new Random(8);
    for (let trial = 0; trial < 300; trial++) {
      const n = 1 + random.below(12);
      const scores = Array.from({ length: n }, () => random.below(1 + random.below(6)));
      const positive = scores.map(() => random.below(2) === 1);
      const ranking = new Ranking(
        Int32Array.from(scores.keys()),
        (i) => scores[i]!,
        (i) => positive[i]!,
      );
      near(ranking.auroc(), auroc(scores, positive), `${scores} ${positive}`);
      const ap = ranking.averagePrecision();
      assert.equal(ap === null, new Set(positive).size < 2);
      if (ap !== null) assert.ok(ap > 0 && ap <= 1);
    }
    const one = Int32Array.of(0);
    const broken = () =>
      new Ranking(
        one,
        () => Number.NaN,
        () => true,
      );
    assert.throws(broken, /score of example 0 is NaN/);
  });
});

it('names the part that does not fit', () => {
  const set = setOf(cases[0]!);
  const make = (part: Partial<ScoredSet>) => () => detailedMetrics({ ...set, ...part });
  assert.throws(make({ probabilities: set.probabilities.subarray(1) }), /probabilities has 459 entries/);
  assert.throws(make({ labels: set.labels.map(() => -1) }), /labels\[0\] is -1.*no label/);
  assert.throws(make({ trainGroupCounts: [1] }), /trainGroupCounts has 1 entries, it must have 6/);
  const attributes = [{ name: 'place', values: ['a'], codes: [0] }];
  assert.throws(make({ attributes }), /attribute place has 1 entries/);
});
