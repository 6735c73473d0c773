import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Generator, nn, noGrad, optim, scope, type Tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { noise } from '../models/formula-noise.test.support.js';
import { createEncoder, ResNet } from '../models/index.js';
import { Random } from '../random.js';
import { contrastiveLoss, METHODS, type MethodParts, MoCoV3, type MoCoV3Options } from './index.js';
import { assertOfficialSteps, reference } from './official-steps.test.support.js';
import { unit } from './similarity.js';
import { context } from './step-context.test.support.js';

const resnet = (seed = 0): ResNet =>
  new ResNet({ depth: 18, stem: 'cifar', width: 4, generator: new Generator(seed) });

const SIZES = { hidden: 24, projections: 8, predictorHidden: 24, encoderMomentum: 0.9 };
const tiny = (options: Partial<MoCoV3Options> = {}): MoCoV3 =>
  new MoCoV3({
    ...METHODS['moco-v3'].options,
    ...SIZES,
    encoder: resnet(),
    momentumEncoder: resnet(1),
    generator: new Generator(0),
    ...options,
  });

/** A linear map of the pixels. */
class Flat extends nn.Module {
  readonly features = 10;
  readonly linear = this.child('linear', new nn.Linear(48, 10));
  forward(images: Tensor): Tensor {
    return this.linear.forward(images.flatten({ startDim: 1 }));
  }
}

const at = context(Int32Array.of(0, 1, 2, 3));
const views = (count: number): Tensor[] =>
  Array.from({ length: count }, (_, key) => noise([4, 3, 16, 16], key));

describe('MoCo v3', () => {
  it('takes the steps of the official code with a ResNet: loss, gradients, weights, both networks', () => {
    assertOfficialSteps(tiny(), reference.mocoV3, { sizes: [16, 16], lr: 2e-4 });
  });

  it('takes those with the official heads for a transformer', () => {
    const method = tiny({ encoder: new Flat(), momentumEncoder: new Flat(), transformerHeads: true });
    assertOfficialSteps(method, reference.mocoV3Transformer, { sizes: [4, 4], lr: 2e-4 });
  });

  it('is InfoNCE as plain loops; keys of an example that was drawn again leave the sum, and nothing else', () =>
    scope(() => {
      const [q, k] = [1, 2].map((key) => unit(noise([5, 3], key, 'float64'))) as [Tensor, Tensor];
      const [rows, keys] = [q, k].map((z) => z.tolist() as number[][]) as [number[][], number[][]];
      const expected = (leaves: (i: number, j: number) => boolean): number => {
        const exp = (i: number, j: number): number =>
          Math.exp(rows[i]!.reduce((sum, value, d) => sum + value * keys[j]![d]!, 0) / 0.3);
        const each = rows.map((_, i) => {
          const sum = keys.reduce((total, _, j) => (leaves(i, j) ? total : total + exp(i, j)), 0);
          return -2 * 0.3 * Math.log(exp(i, i) / sum);
        });
        return each.reduce((a, b) => a + b) / 5;
      };
      const loss = (indices?: number[]): number =>
        contrastiveLoss(q, k, {
          temperature: 0.3,
          ...(indices && { indices: Int32Array.from(indices) }),
        }).item();
      const drawn = [4, 1, 4, 4, 0];
      assert.ok(Math.abs(loss() - expected(() => false)) < 1e-12);
      assert.equal(loss([3, 1, 2, 4, 0]), loss());
      assert.ok(Math.abs(loss(drawn) - expected((i, j) => i !== j && drawn[i] === drawn[j])) < 1e-12);
      assert.ok(loss(drawn) < loss());
    }));

  it('follows once in a step, before it makes the keys, also where the batch comes in parts', () =>
    scope(() => {
      const weightsOf = (method: MoCoV3) => method.stateDict().get('momentum_encoder.conv1.weight')!.tolist();
      const moved = (): MoCoV3 => {
        const method = tiny().eval();
        noGrad(() => method.encoder.parameters()[0]!.mul_(2));
        return method;
      };
      const [whole, parts] = [moved(), moved()];
      const before = weightsOf(whole);
      const step = { progress: 0.25 };
      whole.forward(views(2), context(at.indices, step));
      for (const start of [0, 2]) {
        const part = views(2).map((view) => view.narrow(0, start, 2));
        parts.forward(part, context(Int32Array.of(start, start + 1), step));
      }
      assert.notDeepEqual(weightsOf(whole), before);
      assert.deepEqual(weightsOf(parts), weightsOf(whole));
      whole.forward(views(2), context(at.indices, { progress: 0.5 }));
      assert.notDeepEqual(weightsOf(whole), weightsOf(parts));
      const then = weightsOf(whole);
      noGrad(() => whole.similarity(views(2), new Random(0)));
      assert.deepEqual(weightsOf(whole), then, 'not while scoring');
    }));

  it('measures exp(cos / τ) of queries and keys as a mean over the pairs of views', () =>
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
      const other = tiny({ speedTemperature: 0.4 }).eval();
      const root = noGrad(() => other.similarity(all.slice(0, 2), new Random(0)));
      assertAllclose(root.square(), speed(0, 1), { rtol: 1e-5 }); // τ is 0.2 by default, that of the loss
    }));

  it('made for a transformer, learns: the loss falls, speeds rise; what follows and random patches stay untrained', () => {
    const newEncoder: MethodParts['newEncoder'] = (own = {}) => {
      const options = { imageSize: 16, patchSize: 8, depth: 1, ...own } as const;
      return createEncoder('vit-tiny', { ...options, generator: new Generator(0) });
    };
    const parts = { newEncoder, generator: new Generator(0), bfloat16: false, attributeValues: 2 };
    const method = METHODS['moco-v3'].create(parts, { ...METHODS['moco-v3'].options, ...SIZES });
    const trained = new Map([...method.namedParameters()].filter(([, { requiresGrad }]) => requiresGrad));
    assert.ok([...trained.keys()].every((key) => !/^momentum_|patch_embed|pos_embed/.test(key)));
    assert.ok(trained.has('projector.6.weight'), 'a third layer');
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
        assert.ok(similarity.toFloat64Array().every((value) => value > 0 && value <= Math.exp(5.001)));
        return { loss: loss.item(), speed: similarity.log().mean().item() };
      }),
    );
    assert.ok([...method.namedParameters()].every(([key, { grad }]) => trained.has(key) === (grad !== null)));
    assert.ok(steps.at(-1)!.loss < 0.8 * steps[0]!.loss, `${steps.map(({ loss }) => loss)}`);
    assert.ok(steps.at(-1)!.speed > steps[0]!.speed, `${steps.map(({ speed }) => speed)}`);
  });

  it('refuses other than two views, and options out of their range', () =>
    scope(() => {
      assert.throws(() => tiny().forward(views(1), at), /MoCo v3 takes 2 views, got 1/);
      assert.throws(() => tiny({ temperature: 0 }), /temperature must be > 0, got 0/);
      assert.throws(() => tiny({ speedTemperature: 0 }), /speedTemperature must be > 0, got 0/);
      assert.throws(() => tiny({ encoderMomentum: 2 }), /encoderMomentum must be from 0 to 1, got 2/);
    }));
});
