import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  cat,
  fromData,
  Generator,
  loadSafetensors,
  nn,
  noGrad,
  ones,
  optim,
  scope,
  type Tensor,
} from '@la-ssl/torch';
import { loadNoise, noise } from '../models/formula-noise.test.support.js';
import { ResNet } from '../models/index.js';
import { Random } from '../random.js';
import { ntXent, SimCLR } from './index.js';
import { context } from './step-context.test.support.js';

const { tensors: reference } = loadSafetensors(
  fileURLToPath(new URL('../../fixtures/simclr/reference.safetensors', import.meta.url)),
);

/** |a − b| ≤ tolerance · max(1, |b|) for every element. */
function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `element ${i}: ${a}, must be ${b}`);
  }
}

/** float64 rows of length 1. */
function unitRows(rows: number, size: number, key: number): Tensor {
  const raw = noise([rows, size], key).to('float64');
  return raw.div(raw.norm({ dim: [1], keepdim: true }));
}

/** The paper's Eq. 1 as plain loops over rows of z; `leaves(i, k)` says which views leave the sum beside i itself. */
function loopNtXent(
  z: readonly (readonly number[])[],
  temperature: number,
  leaves: (i: number, k: number) => boolean = () => false,
): number {
  const n = z.length / 2;
  let total = 0;
  for (let i = 0; i < 2 * n; i++) {
    const j = i < n ? i + n : i - n;
    const exp = (k: number): number =>
      Math.exp(z[i]!.reduce((dot, value, d) => dot + value * z[k]![d]!, 0) / temperature);
    let sum = 0;
    for (let k = 0; k < 2 * n; k++) if (k !== i && (k === j || !leaves(i, k))) sum += exp(k);
    total -= Math.log(exp(j) / sum);
  }
  return total / (2 * n);
}

const rowsOf = (z: Tensor): number[][] => z.tolist() as number[][];

describe('ntXent', () => {
  it("equals the paper's formula as plain loops", () =>
    scope(() => {
      for (const n of [1, 2, 3, 7]) {
        for (const size of [2, 16]) {
          for (const temperature of [0.1, 0.5, 2]) {
            const z = unitRows(2 * n, size, n);
            assertNear([ntXent(z, { temperature }).item()], [loopNtXent(rowsOf(z), temperature)], 1e-12);
          }
        }
      }
    }));

  it('is log(2n − 1) where all projections are equal', () =>
    scope(() => {
      for (const n of [1, 2, 8]) {
        const z = ones([2 * n, 4], { dtype: 'float64' }).div(2);
        assertNear([ntXent(z, { temperature: 0.07 }).item()], [Math.log(2 * n - 1)], 1e-12);
      }
    }));

  it('stays when the views are swapped or the examples permuted', () =>
    scope(() => {
      const [a, b] = [unitRows(5, 6, 1), unitRows(5, 6, 2)];
      const indices = Int32Array.of(3, 1, 3, 0, 2);
      const order = [4, 2, 0, 1, 3];
      const permuted = (view: Tensor): Tensor => view.indexSelect(0, fromData(Int32Array.from(order)));
      for (const given of [undefined, indices]) {
        const loss = (first: Tensor, second: Tensor, of = given): number =>
          ntXent(cat([first, second]), { temperature: 0.4, ...(of && { indices: of }) }).item();
        assertNear([loss(b, a)], [loss(a, b)], 1e-12);
        const moved = given && Int32Array.from(order, (i) => given[i]!);
        assertNear([loss(permuted(a), permuted(b), moved)], [loss(a, b)], 1e-12);
      }
      assert.ok(
        Math.abs(
          ntXent(cat([permuted(a), b]), { temperature: 0.4 }).item() -
            ntXent(cat([a, b]), { temperature: 0.4 }).item(),
        ) > 1e-3,
        'but not when only one view is permuted',
      );
    }));

  it('leaves out other views of an example that was drawn twice, and nothing else', () =>
    scope(() => {
      const n = 6;
      const z = unitRows(2 * n, 5, 9);
      const loss = (indices: number[]): number =>
        ntXent(z, { temperature: 0.3, indices: Int32Array.from(indices) }).item();
      const plain = ntXent(z, { temperature: 0.3 }).item();
      assert.equal(loss([5, 0, 3, 1, 2, 4]), plain, 'without duplicates');
      for (const indices of [
        [2, 7, 2, 0, 7, 2],
        [1, 1, 2, 3, 4, 5],
      ]) {
        const same = (i: number, k: number): boolean => indices[i % n] === indices[k % n];
        assertNear([loss(indices)], [loopNtXent(rowsOf(z), 0.3, same)], 1e-12);
        assert.ok(loss(indices) < plain);
      }
      assertNear([loss([4, 4, 4, 4, 4, 4])], [0], 1e-12);
    }));

  it('has the gradient of finite differences', () =>
    scope(() => {
      const raw = noise([6, 3], 4).to('float64').requiresGrad_();
      const indices = Int32Array.of(8, 2, 8);
      const loss = (from: Tensor): Tensor =>
        ntXent(from.div(from.norm({ dim: [1], keepdim: true })), { temperature: 0.5, indices });
      loss(raw).backward();
      const values = raw.detach().toFloat64Array();
      const moved = (i: number, by: number): number =>
        loss(fromData(values.with(i, values[i]! + by), [6, 3])).item();
      const h = 1e-5;
      const differences = Array.from(values, (_, i) => (moved(i, h) - moved(i, -h)) / (2 * h));
      assertNear(raw.grad!.toFloat64Array(), differences, 1e-8);
    }));

  it('equals PyTorch in value and gradient', () =>
    scope(() => {
      for (const [name, indices] of [
        ['plain', undefined],
        ['masked', Int32Array.of(3, 5, 3, 0, 5, 3)],
      ] as const) {
        const raw = noise([12, 8], 7).requiresGrad_();
        const z = raw.div(raw.norm({ dim: [1], keepdim: true }));
        const loss = ntXent(z, { temperature: 0.3, ...(indices && { indices }) });
        loss.backward();
        assertNear([loss.item()], [reference.get(`${name}.loss`)!.item()], 1e-5);
        assertNear(raw.grad!.toFloat64Array(), reference.get(`${name}.gradient`)!.toFloat64Array(), 1e-5);
      }
    }));

  it('refuses what does not pair', () =>
    scope(() => {
      assert.throws(
        () => ntXent(unitRows(5, 3, 0), { temperature: 1 }),
        /z must be \[2N, D\], got .*\[5, 3\]/,
      );
      const indices = Int32Array.of(1);
      assert.throws(() => ntXent(unitRows(4, 3, 0), { temperature: 1, indices }), /the 2 examples .* got 1/);
    }));
});

/** An encoder whose features are the image's pixels: projections can then be computed by hand. */
class Pixels extends nn.Module {
  readonly features: number;
  constructor(features: number) {
    super();
    this.features = features;
  }
  forward(images: Tensor): Tensor {
    return images.flatten({ startDim: 1 });
  }
}

const tiny = (): SimCLR =>
  loadNoise(
    new SimCLR({
      encoder: new ResNet({ depth: 18, stem: 'cifar', width: 4, generator: new Generator(0) }),
      temperature: 0.5,
      hidden: 24,
      projections: 8,
      generator: new Generator(0),
    }),
  );

describe('SimCLR', () => {
  it('takes two training steps as PyTorch does', () => {
    const method = tiny();
    const optimizer = new optim.SGD(method.namedParameters(), { lr: 0.1, momentum: 0.9, weightDecay: 5e-4 });
    for (const step of [0, 1]) {
      scope(() => {
        const views = [0, 1].map((view) => noise([6, 3, 16, 16], 2000 + 2 * step + view));
        const { loss, similarity } = method.forward(views, context(Int32Array.of(4, 1, 4, 0, 2, 3)));
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        assertNear([loss.item()], [reference.get(`step${step}.loss`)!.item()], 1e-4);
        const expected = reference.get(`step${step}.similarity`)!.toFloat64Array();
        assertNear(similarity.toFloat64Array(), expected, 1e-3);
        assert.equal(similarity.requiresGrad, false);
      });
    }
    const state = method.stateDict();
    const after = [...reference].filter(([name]) => name.startsWith('after.'));
    assert.ok(after.length > 5);
    for (const [name, expected] of after) {
      const actual = state.get(name.slice('after.'.length));
      assert.ok(actual, name);
      assertNear(actual.toFloat64Array(), expected.toFloat64Array(), 1e-3);
    }
  });

  it('measures exp(cos / τ), with τ of the speed, as a mean over all pairs of views', () =>
    scope(() => {
      const options = { encoder: new Pixels(12), temperature: 0.5, projections: 5, hidden: 7 };
      const views = [1, 2, 3].map((key) => noise([4, 3, 2, 2], key));
      for (const speedTemperature of [undefined, 0.2, 0.005]) {
        const method = new SimCLR({ ...options, speedTemperature, generator: new Generator(1) }).eval();
        const projector = method.stateDict();
        const weight = (name: string): Tensor => projector.get(`projector.${name}`)!.to('float64');
        const z = views.map((view) => {
          // In evaluation, batch norm divides by √(1 + ε) and no more: its statistics are as at first.
          const pixels = view.flatten({ startDim: 1 }).to('float64');
          const hidden = pixels
            .mm(weight('0.weight').t())
            .div(Math.sqrt(1 + 1e-5))
            .relu();
          return rowsOf(hidden.mm(weight('3.weight').t()).add(weight('3.bias')));
        });
        const dot = (a: number[], b: number[]): number => a.reduce((sum, value, d) => sum + value * b[d]!, 0);
        const similarity = (a: number, b: number, i: number): number => {
          const [p, q] = [z[a]![i]!, z[b]![i]!];
          return Math.exp(dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q)) / (speedTemperature ?? 0.5));
        };
        const expect = (pairs: [number, number][]): number[] =>
          [0, 1, 2, 3].map((i) => pairs.reduce((sum, [a, b]) => sum + similarity(a, b, i), 0) / pairs.length);
        const actual = (of: Tensor[]): Float64Array =>
          noGrad(() => method.similarity(of, new Random(0)))
            .toFloat64Array()
            .map(Math.log);
        const logs = (values: number[]): number[] => values.map(Math.log);
        assertNear(actual(views.slice(0, 2)), logs(expect([[0, 1]])), 1e-4);
        assertNear(
          actual(views),
          logs(
            expect([
              [0, 1],
              [0, 2],
              [1, 2],
            ]),
          ),
          1e-4,
        );
      }
    }));

  it('takes an example drawn twice as a negative only where maskDuplicates is off', () =>
    scope(() => {
      const loss = (maskDuplicates: boolean, indices: number[]): number => {
        const options = { encoder: new Pixels(12), temperature: 0.5, maskDuplicates };
        const method = new SimCLR({ ...options, generator: new Generator(1) });
        const views = [1, 2].map((key) => noise([3, 3, 2, 2], key));
        return method.forward(views, context(Int32Array.from(indices))).loss.item();
      };
      assert.equal(loss(false, [1, 1, 0]), loss(false, [0, 1, 2]));
      assert.equal(loss(true, [0, 1, 2]), loss(false, [0, 1, 2]));
      assert.ok(loss(true, [1, 1, 0]) < loss(false, [1, 1, 0]));
    }));

  it('refuses temperatures that are not > 0 and other than two views', () =>
    scope(() => {
      const encoder = new Pixels(12);
      for (const temperature of [0, -1, Number.NaN]) {
        assert.throws(() => new SimCLR({ encoder, temperature }), /temperature must be > 0/);
        assert.throws(
          () => new SimCLR({ encoder, temperature: 1, speedTemperature: temperature }),
          /speedTemperature must be > 0/,
        );
      }
      const view = noise([2, 3, 2, 2], 1);
      const method = new SimCLR({ encoder, temperature: 1 });
      assert.throws(() => method.forward([view], context(Int32Array.of(0, 1))), /takes 2 views, got 1/);
    }));
});
