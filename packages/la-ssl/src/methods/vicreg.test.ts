import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, noGrad, ones, scope, type Tensor, tensor, zeros } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { Random } from '../random.js';
import { VICReg, vicregTerms } from './index.js';
import { context } from './step-context.test.support.js';
import {
  assertDuplicatesCount,
  assertGradient,
  assertStepsAsOfficial,
  lossesOf,
  noisyPair,
  officialStep,
  Pixels,
  permuted,
  rowsOf,
  tinyEncoder,
} from './two-views.test.support.js';

const FLOAT64 = { rtol: 1e-12, atol: 1e-12 };
const valuesOf = ({ invariance, variance, covariance }: ReturnType<typeof vicregTerms>): number[] => [
  invariance.item(),
  variance.item(),
  covariance.item(),
];
const assertTerms = (z1: Tensor, z2: Tensor, expected: number[]): void =>
  assertAllclose(tensor(valuesOf(vicregTerms(z1, z2)), { dtype: 'float64' }), expected, FLOAT64);

/** The terms as plain loops. */
function loopTerms(views: readonly (readonly (readonly number[])[])[]): number[] {
  const [a, b] = views as [number[][], number[][]];
  const [n, size] = [a.length, a[0]!.length];
  let invariance = 0;
  for (let i = 0; i < n; i++) for (let d = 0; d < size; d++) invariance += (a[i]![d]! - b[i]![d]!) ** 2;
  let [variance, covariance] = [0, 0];
  for (const z of [a, b]) {
    const mean = (d: number): number => z.reduce((sum, row) => sum + row[d]!, 0) / n;
    const means = Array.from({ length: size }, (_, d) => mean(d));
    const cov = (d: number, e: number): number =>
      z.reduce((sum, row) => sum + (row[d]! - means[d]!) * (row[e]! - means[e]!), 0) / (n - 1);
    for (let d = 0; d < size; d++) {
      variance += Math.max(0, 1 - Math.sqrt(cov(d, d) + 1e-4)) / size / 2;
      for (let e = 0; e < size; e++) if (e !== d) covariance += cov(d, e) ** 2 / size;
    }
  }
  return [invariance / (n * size), variance, covariance];
}

describe('vicregTerms', () => {
  it('are the sums as plain loops, with projections that vary too little, enough, and both', () =>
    scope(() => {
      for (const scale of [0.2, 1.5, 5]) {
        for (const [n, size] of [
          [2, 3],
          [5, 1],
          [7, 4],
        ] as const) {
          const pair = noisyPair(n, size, n).map((z) => z.mul(scale)) as [Tensor, Tensor];
          assertTerms(...pair, loopTerms(pair.map(rowsOf)));
        }
      }
    }));

  it('punish collapse by the variance alone, and leave uncorrelated projections alone', () =>
    scope(() => {
      const collapsed = ones([5, 3], { dtype: 'float64' });
      assertTerms(collapsed, collapsed, [0, 1 - 0.01, 0]);
      const hadamard = tensor(
        [
          [1, 1, 1],
          [-1, 1, -1],
          [1, -1, -1],
          [-1, -1, 1],
        ],
        { dtype: 'float64' },
      );
      assertTerms(hadamard, hadamard, [0, 0, 0]);
      assertTerms(hadamard, hadamard.neg(), [4, 0, 0]);
      const same = hadamard.narrow(1, 0, 1).expand([4, 3]);
      assertTerms(same, same, [0, 0, (2 * 6 * (4 / 3) ** 2) / 3]); // variance 4/3
    }));

  it('stay when the views are swapped, the examples permuted or all shifted; not where one view is permuted', () =>
    scope(() => {
      const [z1, z2] = noisyPair(6, 4, 3);
      const expected = valuesOf(vicregTerms(z1, z2));
      const [p1, p2] = permuted([z1, z2]) as [Tensor, Tensor];
      assertTerms(z2, z1, expected);
      assertTerms(p1, p2, expected);
      assertTerms(z1.add(3), z2.add(3), expected);
      const [invariance, ...others] = valuesOf(vicregTerms(p1, z2));
      assert.ok(invariance! > expected[0]! + 0.1);
      assertAllclose(tensor(others, { dtype: 'float64' }), expected.slice(1), FLOAT64);
    }));

  it('have the gradient of finite differences', () =>
    scope(() => {
      for (const term of ['invariance', 'variance', 'covariance'] as const) {
        assertGradient((z) => vicregTerms(z[0]!, z[1]!)[term], noisyPair(4, 3, 1));
      }
    }));

  it('refuse what does not pair, and one example', () =>
    scope(() => {
      const message = /must be \[N, D\] for both views, N ≥ 2, got \[/;
      assert.throws(() => vicregTerms(ones([4, 3]), ones([3, 3])), message);
      assert.throws(() => vicregTerms(ones([1, 3]), ones([1, 3])), message);
    }));
});

const tiny = (options: Partial<ConstructorParameters<typeof VICReg>[0]> = {}): VICReg =>
  new VICReg({
    encoder: tinyEncoder(),
    hidden: 24,
    projections: 16,
    generator: new Generator(1),
    ...options,
  });

describe('VICReg', () => {
  it("makes a step as the authors' code: loss, gradients, statistics, speeds", () => {
    assertStepsAsOfficial(tiny(), officialStep('vicreg'));
  });

  it('weighs the terms that it logs, and can do without some', () =>
    scope(() => {
      const views = [0, 1].map((key) => noise([5, 3, 8, 8], key));
      for (const [invarianceWeight, varianceWeight, covarianceWeight] of [
        [25, 25, 1],
        [3, 0, 0],
        [0, 2, 5],
      ] as const) {
        const weights = { invarianceWeight, varianceWeight, covarianceWeight };
        const { loss, terms } = tiny(weights).forward(views, context(new Int32Array(5)));
        const term = (name: string): number => (terms as Record<string, Tensor>)[name]!.item();
        const expected =
          invarianceWeight * term('invariance') +
          varianceWeight * term('variance') +
          covarianceWeight * term('covariance');
        assertAllclose(loss, expected, { rtol: 1e-5 });
        assert.ok(term('invariance') > 0 && term('variance') > 0 && term('covariance') > 0);
      }
    }));

  it('measures exp(−‖z₁ − z₂‖² / (D τ)), mean over all pairs of views', () =>
    scope(() => {
      for (const speedTemperature of [1, 0.1]) {
        // One layer only: projections are the pixels times the weights.
        const options = { encoder: new Pixels(12), projectorLayers: 1, projections: 5, speedTemperature };
        const method = tiny(options).eval();
        const weight = method.stateDict().get('projector.0.weight')!.to('float64');
        const views = [1, 2, 3].map((key) => noise([4, 3, 2, 2], key));
        const z = views.map((view) => rowsOf(view.flatten({ startDim: 1 }).to('float64').mm(weight.t())));
        const speed = (a: number, b: number, i: number): number => {
          const squares = z[a]![i]!.reduce((sum, value, d) => sum + (value - z[b]![i]![d]!) ** 2, 0);
          return Math.exp(-squares / 5 / speedTemperature);
        };
        const pairs = [
          [0, 1],
          [0, 2],
          [1, 2],
        ] as const;
        const expected = [0, 1, 2, 3].map((i) => pairs.reduce((sum, [a, b]) => sum + speed(a, b, i), 0) / 3);
        assertAllclose(
          noGrad(() => method.similarity(views, new Random(0))),
          expected,
          { rtol: 1e-4 },
        );
        const same = [views[0]!, views[0]!];
        assertAllclose(
          noGrad(() => method.similarity(same, new Random(0))),
          [1, 1, 1, 1],
          { rtol: 1e-6 },
        );
      }
    }));

  it('lets an example that was drawn twice count twice', () => assertDuplicatesCount(() => tiny()));

  it('learns', () => {
    const losses = lossesOf(tiny(), 12, 0.005);
    assert.ok(losses.at(-1)! < 0.7 * losses[0]!, losses.join(' '));
  });

  it('refuses options out of range, other than two views, and a batch of one', () =>
    scope(() => {
      for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const name of ['invarianceWeight', 'varianceWeight', 'covarianceWeight']) {
          assert.throws(() => tiny({ [name]: value }), new RegExp(`${name} must be ≥ 0, got`));
        }
      }
      assert.throws(() => tiny({ speedTemperature: 0 }), /speedTemperature must be > 0, got 0/);
      const step = context(Int32Array.of(0));
      assert.throws(() => tiny().forward([zeros([1, 3, 8, 8])], step), /VICReg takes 2 views, got 1/);
      const one = [zeros([1, 12, 1, 1]), zeros([1, 12, 1, 1])];
      assert.throws(
        () => tiny({ encoder: new Pixels(12) }).forward(one, step),
        /more than one value a feature/,
      );
      const plain = tiny({ encoder: new Pixels(12), projectorLayers: 1 });
      assert.throws(() => plain.forward(one, step), /N ≥ 2, got \[1, 16\] and \[1, 16\]/);
    }));
});
