import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, noGrad, optim, scope, type Tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { createEncoder, ResNet } from '../models/index.js';
import { Random } from '../random.js';
import { BYOL, type BYOLOptions, byolLoss, METHODS } from './index.js';
import { assertOfficialSteps, reference } from './official-steps.test.support.js';
import { unit } from './similarity.js';
import { context } from './step-context.test.support.js';

const resnet = (seed = 0): ResNet =>
  new ResNet({ depth: 18, stem: 'cifar', width: 4, generator: new Generator(seed) });

const tiny = (options: Partial<BYOLOptions> = {}): BYOL =>
  new BYOL({
    ...METHODS.byol.options,
    ...{ hidden: 24, projections: 8, predictorHidden: 20, encoderMomentum: 0.9 },
    encoder: resnet(),
    momentumEncoder: resnet(1),
    generator: new Generator(0),
    ...options,
  });

const at = context(Int32Array.of(0, 1, 2, 3));
const views = (count: number): Tensor[] =>
  Array.from({ length: count }, (_, key) => noise([4, 3, 16, 16], key));

describe('BYOL', () => {
  it("takes the steps of solo-learn's loss and momentum: loss, gradients, weights, both networks' statistics", () => {
    assertOfficialSteps(tiny(), reference.byol, { sizes: [16, 16], lr: 2e-4 });
  });

  it('is the squared distance, as plain loops, with the gradient of finite differences', () =>
    scope(() => {
      const z = unit(noise([3, 5], 2, 'float64'));
      const raw = noise([3, 5], 1, 'float64').requiresGrad_();
      const loss = byolLoss(unit(raw), z);
      loss.backward();
      const distance = (values: Float64Array): number => {
        let total = 0;
        const targets = z.toFloat64Array();
        for (let i = 0; i < 3; i++) {
          const row = values.subarray(5 * i, 5 * i + 5);
          const length = Math.hypot(...row);
          for (let d = 0; d < 5; d++) total += (row[d]! / length - targets[5 * i + d]!) ** 2 / 3;
        }
        return total;
      };
      const values = raw.detach().toFloat64Array();
      assertAllclose(loss, distance(values), { rtol: 1e-12 });
      const h = 1e-5;
      const differences = Array.from(values, (value, i) => {
        return (distance(values.with(i, value + h)) - distance(values.with(i, value - h))) / (2 * h);
      });
      assertAllclose(raw.grad!.flatten(), differences, { rtol: 1e-7, atol: 1e-9 });
    }));

  it('keeps the trained encoder; no gradient and no optimizer reaches the one that follows', () =>
    scope(() => {
      const method = tiny();
      const { features, loss, similarity } = method.forward(views(2), at);
      loss.backward();
      for (const [name, parameter] of method.namedParameters()) {
        assert.equal(parameter.requiresGrad, !name.startsWith('momentum_'), name);
        assert.equal(parameter.grad === null, name.startsWith('momentum_'), name);
      }
      assert.equal(
        method.stateDict().get('encoder.conv1.weight'),
        method.encoder.stateDict().get('conv1.weight'),
      );
      assert.equal(features.requiresGrad, false);
      assert.deepEqual(features.shape, [4, 32]);
      // The loss of two views is 4 − 4 τ log speed.
      assertAllclose(
        similarity
          .log()
          .mean()
          .mul(-4 * 0.5)
          .add(4),
        loss.item(),
        { rtol: 1e-5 },
      );
    }));

  it('measures speeds as a mean over the pairs of views', () =>
    scope(() => {
      const method = tiny().eval();
      const all = views(3);
      const speed = (...which: number[]): Tensor =>
        noGrad(() =>
          method.similarity(
            which.map((i) => all[i]!),
            new Random(0),
          ),
        );
      const mean = speed(0, 1).add(speed(0, 2)).add(speed(1, 2)).div(3);
      assertAllclose(speed(0, 1, 2), mean, { rtol: 1e-5 });
      assertAllclose(speed(1, 0), speed(0, 1), { rtol: 1e-5 });
      const squared = noGrad(() =>
        tiny({ speedTemperature: 0.25 }).eval().similarity(all.slice(0, 2), new Random(0)),
      );
      assertAllclose(squared, speed(0, 1).square(), { rtol: 1e-5 });
    }));

  it('learns with a transformer: the loss falls, speeds rise', () => {
    const encoder = (seed: number) => {
      const generator = new Generator(seed);
      return createEncoder('vit-tiny', {
        width: 4,
        stem: 'cifar',
        imageSize: 16,
        patchSize: 8,
        depth: 1,
        generator,
      });
    };
    const method = tiny({ encoder: encoder(0), momentumEncoder: encoder(1) });
    const trained = new Map([...method.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad));
    const optimizer = new optim.SGD(trained, { lr: 0.05, momentum: 0.9 });
    const images = noise([8, 3, 1, 1], 5).expand([8, 3, 16, 16]);
    const steps = Array.from({ length: 20 }, (_, i) =>
      scope(() => {
        const pair = [0, 1].map((view) => images.add(noise([8, 3, 16, 16], 10 + 2 * i + view).mul(0.1)));
        const step = context(
          Int32Array.from({ length: 8 }, (_, row) => row),
          { progress: i / 20 },
        );
        const { loss, similarity } = method.forward(pair, step);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        method.afterStep(step);
        assert.ok(similarity.toFloat64Array().every((value) => value > 0 && value <= Math.exp(2.001)));
        return { loss: loss.item(), speed: similarity.mean().item() };
      }),
    );
    assert.ok(steps.at(-1)!.loss < steps[0]!.loss / 2, `${steps.map(({ loss }) => loss)}`);
    assert.ok(steps.at(-1)!.speed > 2 * steps[0]!.speed);
  });

  it('refuses other than two views, and options out of their range', () =>
    scope(() => {
      assert.throws(() => tiny().forward(views(3), at), /BYOL takes 2 views, got 3/);
      assert.throws(() => tiny({ speedTemperature: 0 }), /speedTemperature must be > 0, got 0/);
      assert.throws(() => tiny({ encoderMomentum: -0.1 }), /encoderMomentum must be from 0 to 1, got -0.1/);
    }));
});
