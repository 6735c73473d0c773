import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, noGrad, optim, scope, tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { createEncoder, ResNet } from '../models/index.js';
import { Random } from '../random.js';
import { DINO, type DINOOptions, dinoLoss, METHODS, teacherTemperatureAt } from './index.js';
import { assertOfficialSteps, reference } from './official-steps.test.support.js';
import { context } from './step-context.test.support.js';

const resnet = (seed = 0): ResNet =>
  new ResNet({ depth: 18, stem: 'cifar', width: 4, generator: new Generator(seed) });

const tiny = (options: Partial<DINOOptions> = {}): DINO =>
  new DINO({
    ...METHODS.dino.options,
    ...{ hidden: 24, bottleneck: 8, headBatchNorm: false, prototypes: 12, encoderMomentum: 0.9 },
    ...{ teacherTemperature: 0.07, teacherWarmupEpochs: 2 },
    encoder: resnet(),
    momentumEncoder: resnet(1),
    generator: new Generator(0),
    ...options,
  });

const at = context(Int32Array.of(0, 1, 2, 3));

describe('DINO', () => {
  it('takes the steps of the official code: loss, gradients, clipping, frozen prototypes, centre, teacher', () => {
    const views = { sizes: [16, 16, 8, 8, 8], clip: 0.3 };
    assertOfficialSteps(tiny({ headBatchNorm: false }), reference.dino, { ...views, lr: 0.02 });
    assertOfficialSteps(tiny({ headBatchNorm: true }), reference.dinoBatchNorm, { ...views, lr: 2e-4 });
  });

  it('has the loss and the gradient of the official code for every logit', () =>
    scope(() => {
      const student = noise([15, 6], 1, 'float64').mul(4).requiresGrad_();
      const center = noise([6], 3, 'float64').mul(0.5);
      const teacherLog = noise([6, 6], 2, 'float64').mul(3).sub(center).div(0.07).logSoftmax(1);
      const loss = dinoLoss(student, teacherLog, { views: 5, studentTemperature: 0.1 });
      loss.backward();
      assertAllclose(loss, reference.dinoLoss.loss, { rtol: 1e-12 });
      assertAllclose(student.grad!, reference.dinoLoss.gradient, { rtol: 1e-9, atol: 1e-12 });
    }));

  it('is log K where the student says nothing', () =>
    scope(() => {
      const options = { views: 3, studentTemperature: 0.1 };
      const loss = dinoLoss(
        noise([6, 7], 1, 'float64').mul(0),
        noise([4, 7], 2, 'float64').logSoftmax(1),
        options,
      );
      assertAllclose(loss, Math.log(7), { rtol: 1e-12 });
    }));

  it('warms the temperature of the teacher up as the official code', () => {
    const ends = { teacherTemperatureStart: 0.04, teacherTemperature: 0.07 };
    for (const [warmup, expected] of Object.entries(reference.teacherTemperatures)) {
      const actual = expected.map((_, epoch) =>
        teacherTemperatureAt(epoch, { ...ends, teacherWarmupEpochs: Number(warmup) }),
      );
      assertAllclose(tensor(actual, { dtype: 'float64' }), expected, { rtol: 1e-12 });
    }
  });

  it('keeps the teacher, a copy of the student at first, that no gradient and no optimizer reaches', () =>
    scope(() => {
      const method = tiny();
      const state = method.stateDict();
      for (const [name, value] of method.encoder.stateDict()) {
        assert.equal(state.get(`momentum_encoder.${name}`), value);
        assert.deepEqual(value.tolist(), state.get(`encoder.${name}`)!.tolist());
      }
      const { features, loss } = method.forward(
        [16, 16, 8].map((s, i) => noise([4, 3, s, s], i)),
        at,
      );
      loss.backward();
      for (const [name, parameter] of method.namedParameters()) {
        assert.equal(parameter.requiresGrad, !name.startsWith('momentum_'), name);
        assert.equal(parameter.grad === null, name.startsWith('momentum_'), name);
      }
      assert.equal(features.requiresGrad, false);
      assert.deepEqual(features.shape, [4, 32]);
    }));

  it('moves the centre once a step, by all parts of a batch that comes in parts', () =>
    scope(() => {
      const views = [0, 1].map((key) => noise([4, 3, 16, 16], key));
      const centerOf = (method: DINO): number[] => method.stateDict().get('center')!.tolist() as number[];
      // In evaluation mode, so that batch norm is the same for a part.
      const [whole, parts] = [tiny().eval(), tiny().eval()];
      whole.forward(views, at);
      for (const start of [0, 2]) {
        parts.forward(
          views.map((view) => view.narrow(0, start, 2)),
          context(Int32Array.of(start, start + 1)),
        );
      }
      for (const method of [whole, parts]) {
        assert.deepEqual(centerOf(method), new Array(12).fill(0), 'not before the step');
        method.afterStep(at);
      }
      assert.ok(centerOf(whole).some((value) => Math.abs(value) > 1e-3));
      assertAllclose(parts.stateDict().get('center')!, centerOf(whole), { rtol: 1e-5, atol: 1e-7 });
      const before = centerOf(parts);
      parts.forward(views, at);
      parts.afterStep(at);
      assertAllclose(
        parts.stateDict().get('center')!,
        before.map((value) => value * 1.9), // the same logits again: 0.9 c + 0.1 mean, and c was 0.1 mean
        { rtol: 1e-4, atol: 1e-6 },
      );
    }));

  it('measures exp(−cross-entropy / τ) both ways, mean over the pairs, at the last temperature in every epoch', () =>
    scope(() => {
      const views = [0, 1, 2].map((key) => noise([4, 3, 16, 16], key));
      const [method, softer] = [tiny().eval(), tiny({ speedTemperature: 2 }).eval()];
      const speed = (of: DINO, ...which: number[]): Float64Array =>
        noGrad(() =>
          of.similarity(
            which.map((i) => views[i]!),
            new Random(0),
          ),
        ).toFloat64Array();
      const pairs = [speed(method, 0, 1), speed(method, 0, 2), speed(method, 1, 2)];
      const mean = [0, 1, 2, 3].map((i) => pairs.reduce((sum, pair) => sum + pair[i]! / 3, 0));
      assertAllclose(tensor([...speed(method, 0, 1, 2)]), mean, { rtol: 1e-5 });
      assertAllclose(tensor([...speed(method, 1, 0)]), [...pairs[0]!], { rtol: 1e-5 });
      assertAllclose(tensor([...speed(softer, 0, 1)]), Array.from(pairs[0]!, Math.sqrt), { rtol: 1e-5 });
      assert.ok(pairs[0]!.every((value) => value > 0 && value <= 1));
      for (const epoch of [0, 5]) {
        const { similarity } = method.forward(views.slice(0, 2), context(at.indices, { epoch }));
        assertAllclose(similarity, [...pairs[0]!], { rtol: 1e-5 });
      }
    }));

  it('says of what its loss is made', () =>
    scope(() => {
      const { loss, terms } = tiny().forward(
        [0, 1].map((key) => noise([4, 3, 16, 16], key)),
        at,
      );
      const { entropy, divergence } = terms!;
      assertAllclose(entropy!.add(divergence!), loss.item(), { rtol: 1e-6 });
      assert.ok(entropy!.item() > 0 && entropy!.item() < Math.log(12) && divergence!.item() > 0);
    }));

  it('learns with a transformer and local views: to tell the views of an image from those of others', () => {
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
    const method = tiny({ encoder: encoder(0), momentumEncoder: encoder(1), freezeLastLayerEpochs: 0 });
    const trained = new Map([...method.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad));
    const optimizer = new optim.AdamW(trained, { lr: 1e-3 });
    const images = noise([8, 3, 1, 1], 5).expand([8, 3, 16, 16]); // of one colour each
    const view = (key: number) => images.add(noise([8, 3, 16, 16], key).mul(0.1));
    /** How much likelier the views of an image are to agree than those of two images. */
    const contrast = (): number =>
      scope(() => {
        const other = view(2).roll([1], { dims: [0] });
        const [same, others] = [view(2), other].map((second) => {
          const speeds = noGrad(() => method.eval().similarity([view(1), second], new Random(0)));
          assert.ok(speeds.toFloat64Array().every((value) => value > 0 && value <= 1));
          return speeds.mean().item();
        });
        method.train();
        return same! / others!;
      });
    const before = contrast();
    const divergences = Array.from({ length: 50 }, (_, i) =>
      scope(() => {
        const views = [view(10 + 2 * i), view(11 + 2 * i), images.narrow(2, 4, 8).narrow(3, 4, 8)];
        const step = context(
          Int32Array.from({ length: 8 }, (_, row) => row),
          { progress: i / 100 },
        );
        const { loss, terms } = method.forward(views, step);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        method.afterStep(step);
        return terms!.divergence!.item();
      }),
    );
    assert.ok(divergences.at(-1)! < divergences[0]! / 2);
    assert.ok(contrast() > 1.25 * before);
  });

  it('refuses one view, and options out of their range', () =>
    scope(() => {
      assert.throws(
        () => tiny().forward([noise([4, 3, 16, 16], 0)], at),
        /DINO takes 2 views and local ones, got 1/,
      );
      assert.throws(() => tiny({ teacherTemperature: 0 }), /teacherTemperature must be > 0, got 0/);
      assert.throws(() => tiny({ speedTemperature: -1 }), /speedTemperature must be > 0, got -1/);
      assert.throws(() => tiny({ encoderMomentum: 1.1 }), /encoderMomentum must be from 0 to 1, got 1.1/);
      assert.throws(
        () => tiny({ centerMomentum: Number.NaN }),
        /centerMomentum must be from 0 to 1, got NaN/,
      );
      assert.throws(() => tiny({ prototypes: 1 }), /prototypes must be at least 2, got 1/);
    }));
});
