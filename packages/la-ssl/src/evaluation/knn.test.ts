import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { liveTensorCount } from '@la-ssl/torch';
import { Random } from '../random.js';
import { type KnnBank, knnAccuracy, knnProbabilities } from './knn.js';
import { mostLikely } from './linear-classifier.js';

interface Reference {
  classes: number;
  bank: { features: number[]; labels: number[] };
  queries: { features: number[]; labels: number[] };
  cases: {
    neighbours: number;
    temperature: number;
    probabilities: number[];
    predictions: number[];
    accuracy: number;
  }[];
}
const file = new URL('../../fixtures/knn/reference.json', import.meta.url);
const { classes, cases, ...parts } = JSON.parse(readFileSync(file, 'utf8')) as Reference;
const typed = ({ features, labels }: Reference['bank']) => ({
  features: Float32Array.from(features),
  labels: Int32Array.from(labels),
});
const bank: KnnBank = { ...typed(parts.bank), classes };
const queries = typed(parts.queries);

/** The formula, query by query. */
function plainLoop(bank: KnnBank, queries: Float32Array, k: number, temperature: number): number[] {
  const width = bank.features.length / bank.labels.length;
  const row = (values: Float32Array, i: number) => [...values.subarray(i * width, (i + 1) * width)];
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, f) => sum + value * b[f]!, 0);
  return Array.from({ length: queries.length / width }, (_, q) => {
    const x = row(queries, q);
    const nearest = [...bank.labels]
      .map((label, j) => {
        const y = row(bank.features, j);
        return { label, cosine: dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)) };
      })
      .sort((a, b) => b.cosine - a.cosine)
      .slice(0, k);
    const votes = Array.from({ length: bank.classes }, (_, c) =>
      nearest.reduce(
        (sum, { label, cosine }) => (label === c ? sum + Math.exp(cosine / temperature) : sum),
        0,
      ),
    );
    const all = votes.reduce((a, b) => a + b);
    return votes.map((vote) => vote / all);
  }).flat();
}

function assertClose(actual: Float64Array, expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  // Cosines are float32, and are divided by a temperature of 0.07 or more.
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 5e-6, `${i}: ${value}, ${expected[i]}`);
  });
}

describe('weighted nearest neighbours', () => {
  for (const { neighbours, temperature, ...expected } of cases) {
    it(`with k = ${neighbours}, T = ${temperature} are scikit-learn's`, () => {
      const options = { neighbours, temperature };
      const probabilities = knnProbabilities(bank, queries.features, options);
      assertClose(probabilities, expected.probabilities);
      assert.deepEqual([...mostLikely(probabilities, classes)], expected.predictions);
      assert.equal(knnAccuracy(bank, queries, options), expected.accuracy);
    });
  }

  it('have k = 200 and T = 0.1 unless told', () => {
    const explicit = knnProbabilities(bank, queries.features, { neighbours: 200, temperature: 0.1 });
    assert.deepEqual(knnProbabilities(bank, queries.features), explicit);
  });

  it('are those of a plain loop, over sizes and in chunks', () => {
    const random = new Random(4);
    for (const [size, asked, width] of [
      [1, 3, 2],
      [7, 1, 5],
      [50, 20, 16],
      [3000, 1500, 1], // two chunks
    ] as const) {
      const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
      const known: KnnBank = {
        features: draw(size * width),
        labels: Int32Array.from({ length: size }, () => random.below(3)),
        classes: 3,
      };
      const features = draw(asked * width);
      if (width === 1) {
        // A cosine of ±1 only: all of the bank, so that ties do not matter; a few queries stand for all.
        const some = [0, 700, 1499];
        const votes = knnProbabilities(known, features, { neighbours: size });
        for (const q of some) {
          const expected = plainLoop(known, features.subarray(q, q + 1), size, 0.1);
          assertClose(votes.subarray(3 * q, 3 * q + 3), expected);
        }
      } else {
        assertClose(
          knnProbabilities(known, features, { neighbours: 10 }),
          plainLoop(known, features, 10, 0.1),
        );
      }
    }
  });

  it('do not mind the length of features, a low temperature or a row of zeros', () => {
    const longer = { ...bank, features: bank.features.map((value) => value * 1000) };
    assertClose(knnProbabilities(longer, queries.features), [...knnProbabilities(bank, queries.features)]);
    const nearest = mostLikely(knnProbabilities(bank, queries.features, { neighbours: 1 }), classes);
    const cold = knnProbabilities(bank, queries.features, { temperature: 1e-6 });
    assert.deepEqual(mostLikely(cold, classes), nearest);
    const zeros = knnProbabilities(bank, new Float32Array(8));
    assert.ok(zeros.every(Number.isFinite));
  });

  it('leave no tensor behind, and refuse what cannot be', () => {
    const live = liveTensorCount();
    knnAccuracy(bank, queries);
    assert.equal(liveTensorCount(), live);
    assert.throws(() => knnAccuracy(bank, queries, { neighbours: 0 }), /neighbours .* got 0/);
    assert.throws(() => knnAccuracy(bank, queries, { temperature: 0 }), /temperature must be > 0, got 0/);
    assert.throws(() => knnProbabilities(bank, new Float32Array(9)), /9 values/);
    const none = { features: new Float32Array(0), labels: new Int32Array(0), classes };
    assert.throws(() => knnProbabilities(none, queries.features), /at least one example/);
  });
});
