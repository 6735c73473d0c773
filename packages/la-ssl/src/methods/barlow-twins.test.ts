import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, noGrad, ones, scope, type Tensor, tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { Random } from '../random.js';
import { BarlowTwins, barlowTwinsTerms } from './index.js';
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
const valuesOf = ({ invariance, redundancy }: ReturnType<typeof barlowTwinsTerms>): number[] => [
  invariance.item(),
  redundancy.item(),
];

describe('barlowTwinsTerms', () => {
  it("are the paper's sums as plain loops", () =>
    scope(() => {
      for (const [n, size] of [
        [2, 3],
        [5, 1],
        [7, 4],
      ] as const) {
        const [z1, z2] = noisyPair(n, size, n);
        const [a, b] = [rowsOf(z1), rowsOf(z2)];
        let [invariance, redundancy] = [0, 0];
        for (let d = 0; d < size; d++) {
          for (let e = 0; e < size; e++) {
            const c = a.reduce((sum, row, i) => sum + row[d]! * b[i]![e]!, 0) / n;
            if (d === e) invariance += (1 - c) ** 2;
            else redundancy += c ** 2;
          }
        }
        assertAllclose(
          tensor(valuesOf(barlowTwinsTerms(z1, z2)), { dtype: 'float64' }),
          [invariance, redundancy],
          FLOAT64,
        );
      }
    }));

  it('are zero, and else closed forms, where projections are uncorrelated, opposite or all the same', () =>
    scope(() => {
      const hadamard = tensor(
        [
          [1, 1, 1],
          [-1, 1, -1],
          [1, -1, -1],
          [-1, -1, 1],
        ],
        { dtype: 'float64' },
      );
      assert.deepEqual(valuesOf(barlowTwinsTerms(hadamard, hadamard)), [0, 0]);
      assert.deepEqual(valuesOf(barlowTwinsTerms(hadamard, hadamard.neg())), [3 * 4, 0]);
      const same = hadamard.narrow(1, 0, 1).expand([4, 3]);
      assert.deepEqual(valuesOf(barlowTwinsTerms(same, same)), [0, 3 * 2]);
    }));

  it('stay when the views are swapped or the examples permuted, but not where only one view is', () =>
    scope(() => {
      const [z1, z2] = noisyPair(6, 4, 3);
      const expected = valuesOf(barlowTwinsTerms(z1, z2));
      const [p1, p2] = permuted([z1, z2]) as [Tensor, Tensor];
      for (const pair of [
        [z2, z1],
        [p1, p2],
      ] as [Tensor, Tensor][]) {
        assertAllclose(tensor(valuesOf(barlowTwinsTerms(...pair)), { dtype: 'float64' }), expected, FLOAT64);
      }
      assert.ok(Math.abs(valuesOf(barlowTwinsTerms(p1, z2))[0]! - expected[0]!) > 0.1);
    }));

  it('have the gradient of finite differences', () =>
    scope(() => {
      assertGradient((z) => barlowTwinsTerms(z[0]!, z[1]!).invariance, noisyPair(4, 3, 1));
      assertGradient((z) => barlowTwinsTerms(z[0]!, z[1]!).redundancy, noisyPair(4, 3, 1));
    }));

  it('refuse what does not pair, and one example', () =>
    scope(() => {
      const message = /must be \[N, D\] for both views, N ≥ 2, got \[/;
      assert.throws(() => barlowTwinsTerms(ones([4, 3]), ones([4, 2])), message);
      assert.throws(() => barlowTwinsTerms(ones([1, 3]), ones([1, 3])), message);
      assert.throws(() => barlowTwinsTerms(ones([4]), ones([4])), message);
    }));
});

const tiny = (options: Partial<ConstructorParameters<typeof BarlowTwins>[0]> = {}): BarlowTwins =>
  new BarlowTwins({
    encoder: tinyEncoder(),
    hidden: 24,
    projections: 16,
    generator: new Generator(1),
    ...options,
  });

describe('BarlowTwins', () => {
  it("makes a step as the authors' code: loss, gradients, statistics, speeds", () => {
    assertStepsAsOfficial(tiny({ lossScale: 1 }), officialStep('barlowtwins'));
  });

  it('logs the terms of which its loss is made', () =>
    scope(() => {
      const views = [0, 1].map((key) => noise([5, 3, 8, 8], key));
      const { loss, terms } = tiny({ lambda: 0.02, lossScale: 0.3 }).forward(
        views,
        context(new Int32Array(5)),
      );
      const { invariance, redundancy } = terms as Record<string, Tensor>;
      const expected = 0.3 * (invariance!.item() + 0.02 * redundancy!.item());
      assertAllclose(loss, expected, { rtol: 1e-5 });
      assert.ok(invariance!.item() > 0 && redundancy!.item() > 0 && !invariance!.requiresGrad);
    }));

  it("does not let an example's speed depend on what is scored beside it", () =>
    scope(() => {
      const method = tiny();
      const views = [0, 1].map((key) => noise([6, 3, 8, 8], key));
      method.forward(views, context(new Int32Array(6))); // running statistics other than the first
      method.eval();
      const speeds = (of: Tensor[]): Tensor => noGrad(() => method.similarity(of, new Random(0)));
      const few = views.map((view) => view.narrow(0, 2, 2));
      assertAllclose(speeds(few), speeds(views).narrow(0, 2, 2), { rtol: 1e-4 });
    }));

  it('gives equal views the speed exp(1 / τ), and others less', () =>
    scope(() => {
      for (const speedTemperature of [0.5, 0.01]) {
        const method = tiny({ encoder: new Pixels(12), speedTemperature }).eval();
        const [a, b] = [0, 1].map((key) => noise([4, 3, 2, 2], key)) as [Tensor, Tensor];
        const logs = (of: Tensor[]): Float64Array =>
          noGrad(() => method.similarity(of, new Random(0)).log().mul(speedTemperature)).toFloat64Array();
        for (const cosine of logs([a, a])) assert.ok(Math.abs(cosine - 1) < 1e-5, `${cosine}`);
        for (const cosine of logs([a, b])) assert.ok(cosine > -1 && cosine < 0.99, `${cosine}`);
      }
    }));

  it('lets an example that was drawn twice count twice', () => assertDuplicatesCount(() => tiny()));

  it('learns', () => {
    const losses = lossesOf(tiny(), 12, 0.05);
    assert.ok(losses.at(-1)! < 0.7 * losses[0]!, losses.join(' '));
  });

  it('refuses options out of range, other than two views, and a batch of one', () =>
    scope(() => {
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        for (const name of ['lambda', 'lossScale', 'speedTemperature']) {
          assert.throws(() => tiny({ [name]: value }), new RegExp(`${name} must be > 0, got`));
        }
      }
      const step = context(Int32Array.of(0));
      assert.throws(
        () => tiny().forward([noise([1, 3, 8, 8], 0)], step),
        /Barlow Twins takes 2 views, got 1/,
      );
      const one = [0, 1].map((key) => noise([1, 3, 8, 8], key));
      assert.throws(() => tiny().forward(one, step), /BatchNorm needs more than one value a feature/);
    }));
});
