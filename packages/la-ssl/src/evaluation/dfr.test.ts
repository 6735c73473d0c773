import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { liveTensorCount, loadSafetensors } from '@la-ssl/torch';
import { Random } from '../random.js';
import { fitDfr } from './dfr.js';
import { fista } from './fista.js';
import { probeLogits } from './fit-probe.js';
import { type LinearClassifier, logitsOf, mostLikely, softmax } from './linear-classifier.js';
import { LogisticRegressionProblem } from './logistic-regression.js';
import { probeMetrics } from './metrics.js';

const file = (path: string): URL => new URL(`../../fixtures/${path}`, import.meta.url);
const fixture = (name: string, folder = 'logistic-regression') =>
  JSON.parse(readFileSync(file(`${folder}/${name}`), 'utf8'));
const reference: { features: number[][]; labels: number[] } = fixture('reference.json');
const sparse: { fits: { l1: number; classes: number; loss: number; probabilities: number[][] }[] } =
  fixture('sparse.json');

describe('fitSparse agrees with scikit-learn', () => {
  for (const { l1, classes, loss, probabilities } of sparse.fits) {
    it(`l1 ${l1}, ${classes} classes`, () => {
      const own = reference.labels.flatMap((label, i) => (label < classes ? [i] : []));
      const features = Float32Array.from(own.flatMap((i) => reference.features[i]!));
      const labels = Int32Array.from(own, (i) => reference.labels[i]!);
      using problem = new LogisticRegressionProblem({ features, labels, classes });
      const fit = problem.fitSparse({ l1, tolerance: 1e-10, maxIterations: 100_000 });
      assert.ok(fit.converged);
      const ours = softmax(logitsOf(fit, features), classes);
      probabilities.flat().forEach((p, j) => {
        assert.ok(Math.abs(ours[j]! - p) < 1e-6, `${j}: ${ours[j]}, not ${p}`);
      });
      let objective = l1 * fit.weights.reduce((sum, w) => sum + Math.abs(w), 0);
      labels.forEach((label, i) => {
        objective -= Math.log(ours[i * classes + label]!) / labels.length;
      });
      assert.ok(Math.abs(objective - loss) < 1e-9, `${objective}, not ${loss}`);
    });
  }
});

it('fista finds the soft threshold of a quadratic, and refuses impossible options', () => {
  // ½ Σ d_j (x_j − c_j)² + Σ p_j |x_j|: x_j = sign(c_j) · max(0, |c_j| − p_j / d_j)
  const [d, c, p] = [
    [4, 0.01, 1, 2],
    [1, -3, 0.2, 5],
    [1, 0.01, 0.5, 0],
  ] as const;
  const { point, converged } = fista(
    (x) => ({ loss: 0, gradient: x.map((value, j) => d[j]! * (value - c[j]!)) }),
    new Float64Array(4),
    { penalties: Float64Array.from(p), curvature: 4, tolerance: 1e-12 },
  );
  assert.ok(converged);
  [0.75, -2, 0, 5].forEach((x, j) => {
    assert.ok(Math.abs(point[j]! - x) < 1e-9, `${j}: ${point[j]}`);
  });
  const flat = () => fista((x) => ({ loss: 0, gradient: x }), point, { penalties: point, curvature: 0 });
  assert.throws(flat, /curvature must be above 0, got 0/);
});

/** Two classes that a loud attribute goes with in `alignedShare` of the examples, and eighteen features of noise. */
function drawn(count: number, alignedShare: number, seed: number) {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const codes = labels.map((label) => (random.uniform() < alignedShare ? label : 1 - label));
  const features = Float32Array.from({ length: count * 20 }, (_, j) => {
    const [i, f] = [Math.floor(j / 20), j % 20];
    return random.normal() + (f === 0 ? 5 * codes[i]! : f === 1 ? 2.5 * labels[i]! : 0);
  });
  const groups = [0, 1, 2, 3].map((g) => ({ name: `y=${g >> 1},a=${g & 1}` }));
  const groupOf = labels.map((label, i) => 2 * label + codes[i]!);
  return { data: { features, labels, classes: 2 }, groups: { groups, groupOf } };
}

describe('fitDfr', () => {
  const { data, groups } = drawn(900, 0.94, 1);
  const test = drawn(800, 0.5, 2);
  const worst = (fits: Parameters<typeof probeLogits>[0]) => {
    const predictions = mostLikely(probeLogits(fits, test.data.features), 2);
    return probeMetrics(predictions, test.data.labels, test.groups).worstGroup!;
  };

  it('lifts the worst group above that of a fit on the labels as they are', async () => {
    const before = liveTensorCount();
    let fits = 0;
    const found = await fitDfr(data, groups, data.features, { seed: 0, onFit: () => fits++ });
    assert.equal(fits, 27);
    assert.equal(liveTensorCount(), before);
    assert.ok(found.converged && found.fits.length === 20);
    const sizes = [0, 0, 0, 0];
    for (const g of groups.groupOf) sizes[g]!++;
    assert.equal(found.examples, 4 * Math.min(...sizes));
    using problem = new LogisticRegressionProblem(data);
    assert.ok(worst(found.fits).low > worst([problem.fit({ l2: 1e-3 })]).high);
    const best = Math.max(...found.tuning.map(({ worstGroup }) => worstGroup));
    const chosen = found.tuning.find(({ inverseStrength }) => inverseStrength === found.inverseStrength);
    assert.equal(chosen!.worstGroup, best);
    assert.deepEqual(
      found.tuning.map(({ inverseStrength }) => inverseStrength),
      [0.01, 0.03, 0.07, 0.1, 0.3, 0.7, 1],
    );
  });

  it('gives the same by the same seed, standardised by the features that it is given', async () => {
    const options = { seed: 3, refits: 2, inverseStrengths: [0.1] };
    const first = await fitDfr(data, groups, data.features, options);
    assert.deepEqual(await fitDfr(data, groups, data.features, options), first);
    const other = await fitDfr(data, groups, data.features.subarray(0, 20 * 50), options);
    assert.notDeepEqual(other.fits[0]!.mean, first.fits[0]!.mean);
    assert.deepEqual(first.fits[0]!.mean, first.fits[1]!.mean);
    assert.notDeepEqual(first.fits[0]!.weights, first.fits[1]!.weights);
  });

  it('ignores examples of unknown group, and says what it cannot do without', async () => {
    const options = { seed: 0, refits: 1, inverseStrengths: [0.1] };
    const none = { ...groups, groupOf: groups.groupOf.map(() => -1) };
    await assert.rejects(fitDfr(data, none, data.features, options), /no group has two examples/);
    await assert.rejects(
      fitDfr(data, groups, data.features, { ...options, refits: 0 }),
      /refits must be a whole number/,
    );
    const stopped = fitDfr(data, groups, data.features, {
      ...options,
      signal: AbortSignal.abort(new Error('no')),
    });
    await assert.rejects(stopped, /no/);
  });
});

/** Figures of the official script, made anew in scikit-learn (`fixtures/dfr/make.py`). */
describe('fitDfr beside the official script', () => {
  interface Figures {
    inverseStrength: number;
    groups: number[];
    overall: number;
  }
  interface Coefficients {
    weights: number[];
    bias: number;
  }
  const reference: {
    exact: (Omit<Figures, 'overall'> & Coefficients & { liblinear: Coefficients })[];
    validation: Figures[];
    train: Figures[];
  } = fixture('reference.json', 'dfr');
  const { tensors } = loadSafetensors(fileURLToPath(file('dfr/reference.safetensors')));
  const split = (name: string) => {
    const groupOf = Int32Array.from(tensors.get(`${name}.groups`)!.toFloat64Array());
    return {
      data: {
        features: Float32Array.from(tensors.get(`${name}.features`)!.toFloat64Array()),
        labels: groupOf.map((group) => group >> 1),
        classes: 2,
      },
      groups: { groups: [0, 1, 2, 3].map((g) => ({ name: `y=${g >> 1},a=${g & 1}` })), groupOf },
    };
  };
  const [train, validation, even, test] = ['train', 'validation', 'even', 'test'].map(split) as [
    ReturnType<typeof split>,
    ReturnType<typeof split>,
    ReturnType<typeof split>,
    ReturnType<typeof split>,
  ];
  const accuracies = (fits: readonly LinearClassifier[]): number[] => {
    const predictions = mostLikely(probeLogits(fits, test.data.features), 2);
    return [0, 1, 2, 3].map((group) => {
      const own = [...test.groups.groupOf.keys()].filter((i) => test.groups.groupOf[i] === group);
      return own.filter((i) => predictions[i] === test.data.labels[i]).length / own.length;
    });
  };

  it('has its coefficients where every subset is all examples, but for the penalty on the bias', async () => {
    for (const { inverseStrength, weights, bias, groups, liblinear } of reference.exact) {
      const options = { seed: 0, refits: 2, inverseStrengths: [inverseStrength] };
      const { fits } = await fitDfr(even.data, even.groups, train.data.features, options);
      for (const fit of fits) {
        const ours = Array.from(weights, (_, f) => fit.weights[2 * f + 1]! - fit.weights[2 * f]!);
        ours.forEach((weight, f) => {
          assert.ok(Math.abs(weight - weights[f]!) < 1e-3, `${f}: ${weight}, not ${weights[f]}`);
          assert.ok(Math.abs(weight - liblinear.weights[f]!) < 0.02, `${f}: ${liblinear.weights[f]}`);
        });
        assert.ok(Math.abs(fit.bias[1]! - fit.bias[0]! - bias) < 1e-3);
      }
      accuracies(fits).forEach((share, group) => {
        assert.ok(Math.abs(share - groups[group]!) < 1.5 / 250, `${group}: ${share}`); // one example at most
      });
    }
  });

  for (const [name, set] of Object.entries({ validation, train })) {
    it(`is as good by group as 20 of its runs on ${name} examples`, async () => {
      const found = await fitDfr(set.data, set.groups, train.data.features, { seed: 0 });
      const official = reference[name as 'validation' | 'train'];
      const ours = accuracies(found.fits);
      [0, 1, 2, 3].forEach((group) => {
        const theirs = official.map(({ groups }) => groups[group]!);
        const [low, high] = [Math.min(...theirs), Math.max(...theirs)];
        assert.ok(
          ours[group]! >= low - 0.02 && ours[group]! <= high + 0.02,
          `${ours[group]}, not ${low} to ${high}`,
        );
      });
      const strengths = official.map(({ inverseStrength }) => inverseStrength);
      assert.ok(strengths.includes(found.inverseStrength), `${found.inverseStrength}`);
    });
  }
});
