import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, noGrad, ones, scope, type Tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { Random } from '../random.js';
import { SimSiam, simsiamLoss, spread } from './index.js';
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

const cosine = (a: readonly number[], b: readonly number[]): number => {
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((sum, value, d) => sum + value * v[d]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

describe('simsiamLoss', () => {
  it("equals the paper's formula as plain loops", () =>
    scope(() => {
      for (const [n, size] of [
        [2, 3],
        [7, 5],
      ] as const) {
        const [p, z] = [noisyPair(n, size, 1), noisyPair(n, size, 2)];
        const [p1, p2, z1, z2] = [...p, ...z].map(rowsOf) as [number[][], number[][], number[][], number[][]];
        let sum = 0;
        for (let i = 0; i < n; i++) sum += cosine(p1[i]!, z2[i]!) / 2 + cosine(p2[i]!, z1[i]!) / 2;
        assertAllclose(simsiamLoss(p, z), -sum / n, FLOAT64);
      }
    }));

  it('is −1 where all is predicted, 1 where the opposite is, whatever the lengths', () =>
    scope(() => {
      const [a, b] = noisyPair(5, 4, 1);
      assertAllclose(simsiamLoss([b.mul(3), a], [a, b.mul(7)]), -1, FLOAT64);
      assertAllclose(simsiamLoss([b.neg(), a.mul(-2)], [a, b]), 1, FLOAT64);
    }));

  it('stays when the views are swapped or the examples permuted, but not where predictions alone are', () =>
    scope(() => {
      const [[p1, p2], [z1, z2]] = [noisyPair(6, 4, 1), noisyPair(6, 4, 2)];
      const expected = simsiamLoss([p1, p2], [z1, z2]);
      assertAllclose(simsiamLoss([p2, p1], [z2, z1]), expected, FLOAT64);
      const [q1, q2, y1, y2] = permuted([p1, p2, z1, z2]) as [Tensor, Tensor, Tensor, Tensor];
      assertAllclose(simsiamLoss([q1, q2], [y1, y2]), expected, FLOAT64);
      assert.ok(simsiamLoss([q1, q2], [z1, z2]).sub(expected).abs().item() > 1e-3);
    }));

  it('has the gradient of finite differences for predictions, and none for projections', () =>
    scope(() => {
      const z = noisyPair(4, 3, 2).map((one) => one.requiresGrad_()) as [Tensor, Tensor];
      assertGradient((p) => simsiamLoss(p as [Tensor, Tensor], z), noisyPair(4, 3, 1));
      for (const one of z) assert.equal(one.grad, null);
    }));

  it('refuses what does not pair, and one example', () =>
    scope(() => {
      const message = /must be \[N, D\] for both views, N ≥ 2, got \[/;
      const loss = (...shapes: [number[], number[], number[], number[]]): Tensor => {
        const [p1, p2, z1, z2] = shapes.map((shape) => ones(shape)) as [Tensor, Tensor, Tensor, Tensor];
        return simsiamLoss([p1, p2], [z1, z2]);
      };
      assert.throws(() => loss([4, 3], [4, 3], [4, 2], [4, 3]), message);
      assert.throws(() => loss([4, 3], [4, 3], [4, 3], [3, 3]), message);
      assert.throws(() => loss([1, 3], [1, 3], [1, 3], [1, 3]), message);
    }));
});

describe('spread', () => {
  it('is 0 where all directions are one, near 1 where they are as different as can be', () =>
    scope(() => {
      const lengths = noise([50, 1], 3).abs().add(0.1).to('float64');
      assertAllclose(spread(ones([50, 8], { dtype: 'float64' }).mul(lengths)), 0, { atol: 1e-12 });
      const even = spread(noise([500, 64], 1).to('float64')).item();
      assert.ok(even > 0.98 && even < 1.02, `${even}`);
      const half = spread(noise([500, 64], 1).to('float64').add(0.5)).item();
      assert.ok(half > 0.2 && half < 0.9, `${half}`);
    }));
});

const tiny = (options: Partial<ConstructorParameters<typeof SimSiam>[0]> = {}): SimSiam => {
  const sizes = { hidden: 32, projections: 16, predictorHidden: 8 };
  return new SimSiam({ encoder: tinyEncoder(), ...sizes, generator: new Generator(1), ...options });
};

describe('SimSiam', () => {
  it("makes a step as the authors' code: loss, gradients, statistics, speeds", () => {
    assertStepsAsOfficial(tiny({ projectorLayers: 3 }), officialStep('simsiam'));
  });

  it('stops the gradient: without that, the projector would have another', () =>
    scope(() => {
      const official = officialStep('simsiam');
      const stopped = official.get('gradient.projector.0.weight')!;
      const unstopped = official.get('unstopped.projector.0.weight')!;
      // The step above has the gradient `stopped` to seven digits.
      const difference = unstopped.sub(stopped).norm().item() / stopped.norm().item();
      assert.ok(difference > 0.1, `relative difference ${difference}`);
    }));

  it('keeps the rate of the predictor constant, and of nothing else', () => {
    const method = tiny();
    const predictor = [...method.namedParameters().keys()].filter((name) => name.startsWith('predictor.'));
    assert.equal(predictor.length, 5);
    assert.deepEqual([...method.constantRate], predictor);
  });

  it('logs the spread of the projections of both views', () =>
    scope(() => {
      // One layer only: projections are the pixels times the weights, standardised view by view.
      const method = tiny({ encoder: new Pixels(12), projectorLayers: 1, projections: 5 });
      const weight = method.stateDict().get('projector.0.weight')!.to('float64');
      const views = [1, 2].map((key) => noise([6, 3, 2, 2], key));
      const directions = views.flatMap((view) => {
        const z = view.flatten({ startDim: 1 }).to('float64').mm(weight.t());
        const standard = z.sub(z.mean([0])).div(z.variance([0], { correction: 0 }).add(1e-5).sqrt());
        return rowsOf(standard).map((row) => row.map((value) => value / Math.hypot(...row)));
      });
      const deviation = (values: number[]): number => {
        const mean = values.reduce((a, b) => a + b) / 12;
        return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 11);
      };
      const deviations = [0, 1, 2, 3, 4].map((d) => deviation(directions.map((row) => row[d]!)));
      const expected = (Math.sqrt(5) * deviations.reduce((a, b) => a + b)) / 5;
      const { terms } = method.forward(views, context(new Int32Array(6)));
      assertAllclose((terms as Record<string, Tensor>).spread!, expected, { rtol: 1e-5 });
    }));

  it('measures exp(½ (cos(p₁, z₂) + cos(p₂, z₁)) / τ), which for two views is exp(−loss / τ) of the example', () =>
    scope(() => {
      for (const speedTemperature of [0.5, 0.01]) {
        const method = tiny({ encoder: new Pixels(12), speedTemperature });
        const views = [0, 1].map((key) => noise([6, 3, 2, 2], key));
        const { loss, similarity } = method.forward(views, context(new Int32Array(6)));
        const shares = similarity.log().mul(-speedTemperature);
        assertAllclose(shares.mean(), loss, { rtol: 1e-5, atol: 1e-6 });
        method.eval();
        const speeds = (of: Tensor[]): Tensor => noGrad(() => method.similarity(of, new Random(0)));
        assertAllclose(speeds([views[1]!, views[0]!]), speeds(views), { rtol: 1e-3 });
        const few = views.map((view) => view.narrow(0, 2, 2));
        assertAllclose(speeds(few), speeds(views).narrow(0, 2, 2), { rtol: 1e-3 });
      }
    }));

  it('lets an example that was drawn twice count twice', () => assertDuplicatesCount(() => tiny()));

  it('learns', () => {
    const losses = lossesOf(tiny(), 12, 0.05);
    assert.ok(losses.at(-1)! < losses[0]! - 0.2, losses.join(' '));
  });

  it('refuses options out of range, other than two views, and a batch of one', () =>
    scope(() => {
      for (const value of [0, -1, Number.NaN]) {
        assert.throws(() => tiny({ speedTemperature: value }), /speedTemperature must be > 0, got/);
      }
      const step = context(Int32Array.of(0));
      const one = [0, 1].map((key) => noise([1, 3, 8, 8], key));
      assert.throws(() => tiny().forward(one.slice(1), step), /SimSiam takes 2 views, got 1/);
      assert.throws(() => tiny().forward(one, step), /BatchNorm needs more than one value a feature/);
    }));
});
