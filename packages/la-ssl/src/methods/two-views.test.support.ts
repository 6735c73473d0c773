/** @file What the tests of methods of two views share: a tiny network, and the step that the authors' own code made. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { fromData, Generator, loadSafetensors, nn, noGrad, optim, scope, type Tensor } from '@la-ssl/torch';
import { assertAllclose } from '@la-ssl/torch/testing';
import { loadNoise, noise } from '../models/formula-noise.test.support.js';
import { type Encoder, ResNet } from '../models/index.js';
import { Random } from '../random.js';
import { toFloat64 } from './float64.test.support.js';
import type { Method, StepContext } from './index.js';
import { context } from './step-context.test.support.js';

const N = 6;

/** A ResNet-18 of 4 channels in the first stage, 32 features. */
export const tinyEncoder = (): ResNet =>
  new ResNet({ depth: 18, stem: 'cifar', width: 4, generator: new Generator(0) });

/** An encoder whose features are the image's pixels: what is made of them can then be computed by hand. */
export class Pixels extends nn.Module implements Encoder {
  readonly features: number;
  constructor(features: number) {
    super();
    this.features = features;
  }
  forward(images: Tensor): Tensor {
    return images.flatten({ startDim: 1 });
  }
}

/** What `fixtures/two-views/make.py` keeps of the official step, by name. */
export function officialStep(file: string, folder = 'two-views'): ReadonlyMap<string, Tensor> {
  return loadSafetensors(
    fileURLToPath(new URL(`../../fixtures/${folder}/${file}.safetensors`, import.meta.url)),
  ).tensors;
}

/**
 * Makes the fixture's step in float64: forward and backward on two views, then a scoring of three in evaluation mode.
 * Loss, gradients, running statistics and speeds must be the official ones.
 * @param method - of a `tinyEncoder`
 * @param where - the step, by default the first of a run on examples of which none was drawn twice
 * @param rtol - relative to the greatest element of a tensor
 */
export function assertStepsAsOfficial(
  method: Method,
  official: ReadonlyMap<string, Tensor>,
  where: StepContext = context(Int32Array.from(Array(N).keys())),
  rtol = 1e-7,
): void {
  scope(() => {
    toFloat64(loadNoise(method));
    const views = [0, 1, 2].map((view) => noise([N, 3, 16, 16], 3000 + view).to('float64'));
    const { loss, similarity, features } = method.forward(views.slice(0, 2), where);
    loss.backward();
    method.afterBackward?.(where);
    const near = (actual: Tensor, name: string): void => {
      const expected = official.get(name);
      assert.ok(expected, `the fixture has ${name}`);
      // Relative to the greatest element: those near zero are sums in which large parts cancel out.
      const atol = rtol * expected.abs().amax().item();
      assertAllclose(actual, expected, { rtol, atol });
    };
    near(loss, 'loss');
    near(similarity, 'similarity');
    assert.equal(similarity.requiresGrad || features.requiresGrad, false);
    assert.deepEqual(features.shape, [N, 32]);
    const parameters = method.namedParameters();
    const state = method.stateDict();
    const kept = (prefix: string): string[] =>
      [...official.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    const heads = [...parameters]
      .filter(([name, { requiresGrad }]) => requiresGrad && !name.startsWith('encoder.'))
      .map(([name]) => name);
    assert.deepEqual(
      kept('gradient.')
        .filter((name) => !name.startsWith('encoder.'))
        .sort(),
      heads.sort(),
    );
    for (const name of kept('gradient.')) near(parameters.get(name)!.grad!, `gradient.${name}`);
    for (const name of kept('after.')) near(state.get(name)!, `after.${name}`);
    method.eval();
    near(
      noGrad(() => method.similarity(views, new Random(0))),
      'scoring',
    );
  });
}

/** Plain loops over these. */
export const rowsOf = (z: Tensor): number[][] => z.tolist() as number[][];

/** Projections of two views in float64, `[N, D]`, the second a part of the first and a part of its own. */
export function noisyPair(n: number, size: number, key: number): [Tensor, Tensor] {
  const first = noise([n, size], key).to('float64');
  return [first, first.mul(0.7).add(noise([n, size], key + 100).to('float64'))];
}

/** Asserts that autograd's gradient of a loss is that of finite differences. @param inputs - of the loss, float64 */
export function assertGradient(
  loss: (inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  h = 1e-5,
): void {
  const leaves = inputs.map((input) => input.clone().requiresGrad_());
  loss(leaves).backward();
  for (const [k, leaf] of leaves.entries()) {
    const values = leaf.detach().toFloat64Array();
    const moved = (i: number, by: number): number =>
      scope(() => {
        const other = fromData(values.with(i, values[i]! + by), leaf.shape);
        return loss(inputs.map((input, j) => (j === k ? other : input))).item();
      });
    const differences = Float64Array.from(values, (_, i) => (moved(i, h) - moved(i, -h)) / (2 * h));
    assertAllclose(leaf.grad!, fromData(differences, leaf.shape), { rtol: 1e-6, atol: 1e-7 });
  }
}

/** Asserts that the loss does not ask which examples the rows are. @param make - the same method each time */
export function assertDuplicatesCount(make: () => Method): void {
  scope(() => {
    const views = [0, 1].map((key) => noise([4, 3, 8, 8], key));
    const loss = (...indices: number[]): number =>
      make()
        .forward(views, context(Int32Array.from(indices)))
        .loss.item();
    assert.equal(loss(3, 3, 3, 0), loss(0, 1, 2, 3));
  });
}

/** Rows in another order, the same for every tensor. */
export function permuted(tensors: readonly Tensor[]): Tensor[] {
  const n = tensors[0]!.shape[0]!;
  const order = fromData(Int32Array.from({ length: n }, (_, i) => (i * 5 + 2) % n));
  assert.equal(new Set(order.toFloat64Array()).size, n, 'an order');
  return tensors.map((one) => one.indexSelect(0, order));
}

/** Losses of so many steps on the same few images, whose speeds must stay positive and finite. */
export function lossesOf(method: Method, steps: number, lr: number): number[] {
  const optimizer = new optim.SGD(method.namedParameters(), { lr, momentum: 0.9 });
  return Array.from({ length: steps }, () =>
    scope(() => {
      const views = [0, 1].map((view) => {
        const images = noise([8, 3, 8, 8], 50);
        return images.add(noise([8, 3, 8, 8], 60 + view).mul(0.3));
      });
      const where = context(Int32Array.from(Array(8).keys()));
      const { loss, similarity } = method.forward(views, where);
      optimizer.zeroGrad();
      loss.backward();
      method.afterBackward?.(where);
      optimizer.step();
      for (const speed of similarity.toFloat64Array())
        assert.ok(speed > 0 && Number.isFinite(speed), `${speed}`);
      return loss.item();
    }),
  );
}
