import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { liveTensorCount } from '@la-ssl/torch';
import { Random } from '../random.js';
import type { LabelledFeatures } from './labelled-features.js';
import { logitsOf, mostLikely } from './linear-classifier.js';
import { fitLogisticRegression, LogisticRegressionProblem } from './logistic-regression.js';

interface Reference {
  features: number[][];
  labels: number[];
  weights: number[];
  fits: {
    l2: number;
    weighted: boolean;
    coefficients: number[][];
    intercept: number[];
    loss: number;
    logits: number[][];
  }[];
}
const reference: Reference = JSON.parse(
  readFileSync(new URL('../../fixtures/logistic-regression/reference.json', import.meta.url), 'utf8'),
);

const data: LabelledFeatures = {
  features: Float32Array.from(reference.features.flat()),
  labels: Int32Array.from(reference.labels),
  classes: 3,
};

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    const message = `element ${i}: ${actual[i]} instead of ${expected[i]}`;
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, message);
  }
}

/** Two classes of Gaussian points around ±`distance` / 2 in the first feature. */
function clouds(count: number, features: number, distance: number, seed: number): LabelledFeatures {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const values = Float32Array.from({ length: count * features }, (_, j) => {
    const label = labels[Math.floor(j / features)]!;
    return random.normal() + (j % features === 0 ? (label - 0.5) * distance : 0);
  });
  return { features: values, labels, classes: 2 };
}

describe('fitLogisticRegression agrees with scikit-learn', () => {
  for (const { l2, weighted, coefficients, intercept, loss, logits } of reference.fits) {
    it(`l2 ${l2}${weighted ? ', weighted' : ''}`, () => {
      const fit = fitLogisticRegression(
        { ...data, ...(weighted && { weights: reference.weights }) },
        { l2, gradientTolerance: 1e-11 },
      );
      assert.ok(fit.converged, fit.stop);
      assertNear(fit.weights, coefficients.flat(), 1e-6);
      assertNear(fit.bias, intercept, 1e-6);
      assert.ok(Math.abs(fit.loss - loss) < 1e-9, `loss ${fit.loss} instead of ${loss}`);
      assertNear(logitsOf(fit, data.features.subarray(0, 5 * 6)), logits.flat(), 1e-5);
    });
  }

  it('at the default tolerance, the loss to 1e-9', () => {
    for (const { l2, weighted, loss } of reference.fits) {
      const fit = fitLogisticRegression({ ...data, ...(weighted && { weights: reference.weights }) }, { l2 });
      assert.ok(fit.converged && Math.abs(fit.loss - loss) < 1e-9, `${l2}: ${fit.loss - loss}`);
    }
  });
});

describe('fitLogisticRegression', () => {
  it('has a closed form: two points at ±1', () => {
    // With W = (−w, w): loss ln(1 + e^(−2w)) + l2 w², flat where l2 w (1 + e^(2w)) = 1; w = 1 by this l2.
    const l2 = 1 / (1 + Math.E ** 2);
    const fit = fitLogisticRegression(
      { features: Float32Array.of(-1, 1), labels: Int32Array.of(0, 1), classes: 2 },
      { l2, gradientTolerance: 1e-12 },
    );
    assertNear(fit.weights, [-1, 1], 1e-10);
    assertNear(fit.bias, [0, 0], 1e-10);
    assert.ok(Math.abs(fit.loss - (Math.log(1 + Math.E ** -2) + l2)) < 1e-12);
  });

  it('falls back on the class frequencies where the features say nothing', () => {
    const labels = Int32Array.of(0, 1, 1, 2, 2, 2, 2, 1); // 1, 3, 4 of 8
    const fit = fitLogisticRegression(
      { features: new Float32Array(16).fill(0.1), labels, classes: 3 },
      { l2: 1e-3, gradientTolerance: 1e-12 },
    );
    assert.ok(fit.weights.every((w) => Math.abs(w) < 1e-12));
    const odds = [1, 2].map((k) => Math.exp(fit.bias[k]! - fit.bias[0]!));
    assertNear(odds, [3, 4], 1e-9);
    const entropy = -[1, 3, 4].reduce((sum, n) => sum + (n / 8) * Math.log(n / 8), 0);
    assert.ok(Math.abs(fit.loss - entropy) < 1e-12);
    assert.deepEqual([...mostLikely(logitsOf(fit, new Float32Array(2).fill(0.1)), 3)], [2]);
  });

  it('counts weight 2 as the example twice and weight 0 as not there', () => {
    const weights = [2, 0, 1, ...new Array<number>(87).fill(1)];
    const order = Array.from(weights, (weight, i) => new Array<number>(weight).fill(i)).flat();
    const repeated: LabelledFeatures = {
      features: Float32Array.from(order.flatMap((i) => reference.features[i]!)),
      labels: Int32Array.from(order, (i) => reference.labels[i]!),
      classes: 3,
    };
    const options = { l2: 1e-2, gradientTolerance: 1e-11 };
    const [one, other] = [{ ...data, weights }, repeated].map((d) => fitLogisticRegression(d, options));
    assertNear(one!.weights, other!.weights, 1e-8);
    assertNear(one!.mean, other!.mean, 1e-12);
  });

  it('never predicts a class without an example', () => {
    const labels = data.labels.map((label) => [1, 3, 4][label]!);
    const fit = fitLogisticRegression(
      { ...data, labels, classes: 6 },
      { l2: 1e-1, gradientTolerance: 1e-11 },
    );
    assert.deepEqual(
      [0, 2, 5].map((k) => fit.bias[k]),
      new Array(3).fill(-Infinity),
    );
    const logits = logitsOf(fit, data.features);
    const plain = logitsOf(
      fitLogisticRegression(data, { l2: 1e-1, gradientTolerance: 1e-11 }),
      data.features,
    );
    for (let i = 0; i < labels.length; i++) {
      assertNear(
        [1, 3, 4].map((k) => logits[i * 6 + k]!),
        plain.subarray(i * 3, i * 3 + 3),
        1e-8,
      );
      assert.equal(logits[i * 6], -Infinity);
    }
    assert.ok(mostLikely(logits, 6).every((label) => [1, 3, 4].includes(label)));
  });

  it('converges in few iterations where features are strongly correlated', () => {
    // All features are one direction plus a hundredth of noise: a condition number of some 200,000.
    const { features, labels } = clouds(400, 20, 1, 5);
    const mixed = features.map((x, j) => features[j - (j % 20)]! + x / 100);
    const fit = fitLogisticRegression({ features: mixed, labels, classes: 2 }, { l2: 1e-4 });
    assert.ok(fit.converged && fit.iterations <= 40, `${fit.stop} after ${fit.iterations} iterations`);
  });

  it('takes more features than examples, one twice, one constant, scales that differ a billionfold', () => {
    const { features, labels } = clouds(40, 60, 1, 7);
    const changed = (times: number) =>
      features.map((value, j) => {
        const f = j % 60;
        if (f === 1) return features[j - 1]! * times;
        return f === 2 ? 7 : value * (f % 2 ? times : 1);
      });
    for (const l2 of [1e-4, 1e-2]) {
      const [plain, scaled] = [1, 2 ** 30].map((times) =>
        fitLogisticRegression(
          { features: changed(times), labels, classes: 2 },
          { l2, gradientTolerance: 1e-10 },
        ),
      );
      assert.ok(plain!.converged && scaled!.converged, `${plain!.stop}, ${scaled!.stop}`);
      assert.ok(Math.abs(plain!.loss - scaled!.loss) < 1e-12);
      assertNear(plain!.weights.subarray(0, 2), plain!.weights.subarray(2, 4), 1e-5); // the two are one
      assertNear(plain!.weights.subarray(4, 6), [0, 0], 1e-9);
    }
  });

  it('says where it has not converged', () => {
    const fit = fitLogisticRegression(data, { l2: 1e-3, maxIterations: 2 });
    assert.deepEqual([fit.converged, fit.stop, fit.iterations], [false, 'iterations', 2]);
    assert.ok(fit.gradientNorm > 1e-6);
  });

  it('separates what can be separated, without growing beyond what l2 allows', () => {
    const apart = clouds(200, 3, 12, 6);
    const fit = fitLogisticRegression(apart, { l2: 1e-6 });
    assert.ok(fit.converged, fit.stop);
    assert.deepEqual(mostLikely(logitsOf(fit, apart.features), 2), apart.labels);
    // At the minimum the penalty cannot exceed the loss at zero, ln 2.
    assert.ok(0.5e-6 * fit.weights.reduce((sum, w) => sum + w * w, 0) < Math.LN2);
  });

  it('refuses what cannot be fitted, and says which example', () => {
    const fit = (part: Partial<LabelledFeatures>, l2 = 0.1) =>
      fitLogisticRegression({ ...data, ...part }, { l2 });
    const changed = (index: number, value: number) => data.features.with(index, value);
    assert.throws(() => fit({ features: changed(13, Number.NaN) }), /Feature 1 of example 2 is NaN/);
    assert.throws(() => fit({ features: changed(0, Infinity) }), /Feature 0 of example 0 is Infinity/);
    assert.throws(() => fit({ labels: data.labels.with(7, -1) }), /Example 7 has the label -1/);
    assert.throws(() => fit({ labels: data.labels.with(7, 3) }), /labels go from 0 to 2/);
    assert.throws(() => fit({ labels: new Int32Array(90) }), /two classes or more; these 90 are of 1/);
    assert.throws(() => fit({ labels: data.labels.slice(1) }), /not the same number for each of 89/);
    assert.throws(() => fit({ weights: [1] }), /1 weights for 90/);
    assert.throws(() => fit({ weights: new Array<number>(90).fill(0) }), /All weights are 0/);
    assert.throws(() => fit({ weights: [-1, ...new Array<number>(89).fill(1)] }), /example 0 is -1/);
    for (const l2 of [0, -1, Number.NaN]) assert.throws(() => fit({}, l2), RangeError);
    const done = fit({});
    assert.throws(() => logitsOf(done, new Float32Array(7)), /rows of 6/);
    assert.throws(() => logitsOf(done, changed(20, Number.NaN)), /example 3 are not finite/);
  });
});

describe('LogisticRegressionProblem', () => {
  it('gives the same minimum from another start, in fewer iterations', () => {
    using problem = new LogisticRegressionProblem(data);
    const strong = problem.fit({ l2: 1e-3, gradientTolerance: 1e-9 });
    const cold = problem.fit({ l2: 5e-4, gradientTolerance: 1e-9 });
    const warm = problem.fit({ l2: 5e-4, gradientTolerance: 1e-9, start: strong });
    assertNear(warm.weights, cold.weights, 1e-4);
    assert.ok(Math.abs(warm.loss - cold.loss) < 1e-12);
    assert.ok(warm.iterations < cold.iterations, `${warm.iterations} against ${cold.iterations}`);
    const other = fitLogisticRegression(clouds(10, 4, 1, 1), { l2: 1 });
    assert.throws(() => problem.fit({ l2: 1, start: other }), /4 features and 2 classes/);
  });

  it('leaves no tensor behind', () => {
    const before = liveTensorCount();
    const fit = fitLogisticRegression(data, { l2: 1e-2 });
    logitsOf(fit, data.features);
    assert.equal(liveTensorCount(), before);
  });
});
