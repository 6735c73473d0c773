/** @file Layers against PyTorch's own (`fixtures/pytorch/make.py`), and what modules promise. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Generator, liveTensorCount, ones, randn, scope, type Tensor, tensor, zeros } from '../index.js';
import { assertAllclose } from '../testing.js';
import {
  BatchNorm,
  Conv2d,
  GELU,
  kaimingNormalFanOut,
  LayerNorm,
  Linear,
  Module,
  normal,
  ReLU,
  Sequential,
  scaledDotProductAttention,
  xavierUniform,
} from './index.js';

interface Plain {
  shape: number[];
  data: number[];
}
interface Layer {
  state: Record<string, Plain>;
  input: Plain;
  output: Plain;
  weights: Plain;
  gradients: Record<string, Plain>;
  stateAfter: Record<string, Plain>;
}
const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/layers.json', import.meta.url), 'utf8'),
) as { layers: Record<string, Layer>; sequential: Record<string, number[]> };

const given = ({ data, shape }: Plain): Tensor => tensor(data).reshape(shape);
const evaluation = <M extends Module>(module: M): M => module.eval();

const modules: Record<string, () => Module & { forward(input: Tensor): Tensor }> = {
  linear: () => new Linear(4, 3),
  'linear without bias': () => new Linear(4, 3, { bias: false }),
  conv2d: () => new Conv2d(3, 4, 3, { stride: 2, padding: 1, bias: true }),
  'conv2d without bias': () => new Conv2d(3, 4, 3),
  'batch norm of images': () => new BatchNorm(3),
  'batch norm of features': () => new BatchNorm(3),
  'batch norm, evaluation': () => evaluation(new BatchNorm(3)),
  'batch norm without scale': () => new BatchNorm(3, { affine: false, momentum: 0.3, eps: 0.01 }),
  'layer norm': () => new LayerNorm(4),
  'layer norm, its eps': () => new LayerNorm(4, { eps: 0.1 }),
  gelu: () => new GELU(),
};

assert.deepEqual(Object.keys(modules), Object.keys(fixture.layers));
for (const [name, make] of Object.entries(modules)) {
  test(`${name}: names, output, gradients and buffers are PyTorch's`, () => {
    scope(() => {
      const expected = fixture.layers[name]!;
      const module = make();
      assert.deepEqual([...module.stateDict().keys()], Object.keys(expected.state));
      module.loadStateDict(
        new Map(Object.entries(expected.state).map(([key, value]) => [key, given(value)])),
      );
      const input = given(expected.input).requiresGrad_();
      const output = module.forward(input);
      const tolerance = { rtol: 1e-6, atol: 1e-6 };
      assertAllclose(output, given(expected.output), tolerance);
      output.mul(given(expected.weights)).sum().backward();
      const gradients = new Map([['input', input], ...module.namedParameters()]);
      assert.deepEqual([...gradients.keys()], Object.keys(expected.gradients));
      for (const [key, value] of gradients) {
        // Sums of some hundred products in another order.
        assertAllclose(value.grad!, given(expected.gradients[key]!), { rtol: 1e-5, atol: 2e-6 });
      }
      for (const [key, value] of module.stateDict()) {
        assertAllclose(value, given(expected.stateAfter[key]!), tolerance);
      }
      module.dispose();
    });
  });
}

class Two extends Module {
  readonly first = this.child('first', new Linear(2, 2));
  readonly second = this.child('second', new Sequential(new Linear(2, 2, { bias: false }), new BatchNorm(2)));
  forward(input: Tensor): Tensor {
    return this.second.forward(this.first.forward(input));
  }
}

test('nested modules have PyTorch names, own before parts, in order', () => {
  const sequential = new Sequential(new Conv2d(3, 4, 3), new BatchNorm(4), new ReLU(), new Linear(4, 2));
  const shapes = [...sequential.stateDict()].map(([name, { shape }]) => [name, shape]);
  assert.deepEqual(shapes, Object.entries(fixture.sequential));
  const names = ['first.weight', 'first.bias', 'second.0.weight', 'second.1.weight', 'second.1.bias'];
  assert.deepEqual([...new Two().namedParameters().keys()], names);
  assert.equal(new Two().parameters().length, 5);
});

test('train and eval reach every part; evaluation changes no buffer', () => {
  const module = new Two();
  assert.ok(module.training && module.second.training);
  module.eval();
  assert.ok(!module.training && !module.second.training);
  const buffers = () => [...module.stateDict()].map(([name, value]) => [name, value.tolist()]);
  const before = buffers();
  module.forward(ones([3, 2]));
  assert.deepEqual(buffers(), before);
  module.train();
  assert.ok(module.training && module.second.training);
  module.forward(ones([3, 2]));
  assert.notDeepEqual(buffers(), before);
});

test('loadStateDict names everything that does not fit, and then changes nothing', () => {
  const module = new Two();
  const before = module.first.weight.tolist();
  const state = new Map(new Two().stateDict());
  state.delete('first.bias');
  state.set('second.0.weight', zeros([3, 2]));
  state.set('third.weight', zeros([1]));
  assert.throws(
    () => module.loadStateDict(state),
    (error: Error) =>
      error.message.includes('missing: first.bias') &&
      error.message.includes('second.0.weight has shape [3, 2], needs [2, 2]') &&
      error.message.includes('unexpected: third.weight'),
  );
  assert.deepEqual(module.first.weight.tolist(), before);
});

test('loadStateDict copies: the loaded tensors can be freed, the graph is untouched', () => {
  const [source, target] = [new Two(), new Two()];
  const state = source.stateDict();
  target.loadStateDict(state);
  const expected = source.first.weight.tolist();
  source.dispose();
  assert.deepEqual(target.first.weight.tolist(), expected);
  assert.ok(target.first.weight.requiresGrad);
});

test('a long list of misfits is cut', () => {
  const unexpected = Array.from({ length: 30 }, (_, i): [string, Tensor] => [`x${i}`, ones([1])]);
  assert.throws(() => new ReLU().loadStateDict(new Map(unexpected)), /unexpected: x19\n {2}and 10 more$/);
});

test('parameters outlive the scope that they were made in, and dispose frees them', () => {
  const before = liveTensorCount();
  const module = scope(() => {
    const made = new Two();
    made.forward(ones([3, 2]));
    return made;
  });
  assert.equal(liveTensorCount(), before + module.stateDict().size);
  module.dispose();
  assert.equal(liveTensorCount(), before);
});

test('a frozen module passes gradients on and collects none, until it is asked to again', () => {
  scope(() => {
    const [first, frozen] = [new Linear(2, 2), new Two()];
    assert.equal(frozen.requiresGrad_(false), frozen);
    const backward = () =>
      frozen
        .forward(
          first.forward(
            tensor([
              [1, 2],
              [3, 5],
            ]),
          ),
        )
        .square()
        .sum()
        .backward();
    backward();
    assert.ok(first.weight.grad);
    assert.ok(frozen.parameters().every(({ grad, requiresGrad }) => grad === null && !requiresGrad));
    frozen.requiresGrad_();
    backward();
    assert.ok(frozen.parameters().every(({ grad }) => grad));
  });
});

test('batch norm in training refuses one value a feature', () => {
  assert.throws(
    () => new BatchNorm(3).forward(ones([1, 3, 1, 1])),
    /more than one value a feature.*\[1, 3, 1, 1\]/,
  );
  new BatchNorm(3).eval().forward(ones([1, 3]));
});

test('first values: uniform in ±1/√in for linear, normal with std √(2/fan out) for convolutions', () => {
  const { weight } = new Linear(100, 400);
  const [least, most] = [weight.amin().item(), weight.amax().item()];
  assert.ok(least >= -0.1 && least < -0.099 && most <= 0.1 && most > 0.099);
  const kernel = kaimingNormalFanOut([64, 50, 3, 3]);
  assertAllclose(kernel.std(null), Math.sqrt(2 / (64 * 9)), { rtol: 0.02 }); // 28,800 draws: ±0.4 %
  assertAllclose(kernel.mean(), 0, { atol: 0.002 });
});

test('a linear layer draws its first weights as it is told to, and then its bias is zero', () => {
  const layer = new Linear(200, 300, { weights: xavierUniform, generator: new Generator(2) });
  const bound = Math.sqrt(6 / 500);
  const [least, most] = [layer.weight.amin().item(), layer.weight.amax().item()];
  assert.ok(least >= -bound && least < -0.99 * bound && most <= bound && most > 0.99 * bound);
  assert.deepEqual(layer.bias!.tolist(), new Array(300).fill(0));
  const drawn = normal([200, 300], 0.02, { generator: new Generator(3) });
  assertAllclose(drawn.std(null), 0.02, { rtol: 0.02 }); // 60,000 draws: ±0.3 %
  assertAllclose(drawn.mean(), 0, { atol: 4e-4 });
});

test('attention is its formula, summed in plain loops', () => {
  const [heads, length, keys, width, out] = [2, 3, 4, 5, 6];
  const draw = (seed: number, shape: number[]) =>
    randn(shape, { dtype: 'float64', generator: new Generator(seed) });
  const [query, key, value] = [
    draw(1, [1, heads, length, width]),
    draw(2, [1, heads, keys, width]),
    draw(3, [1, heads, keys, out]),
  ];
  const [q, k, v] = [query, key, value].map((t) => t.tolist() as number[][][][]);
  const expected = Array.from({ length: heads }, (_, h) =>
    Array.from({ length }, (_, i) => {
      const scores = k![0]![h]!.map((row) =>
        Math.exp(row.reduce((sum, x, d) => sum + x * q![0]![h]![i]![d]!, 0) / Math.sqrt(width)),
      );
      const total = scores.reduce((sum, score) => sum + score, 0);
      return Array.from({ length: out }, (_, d) =>
        scores.reduce((sum, score, j) => sum + (score / total) * v![0]![h]![j]![d]!, 0),
      );
    }),
  );
  assertAllclose(scaledDotProductAttention(query, key, value), [expected], { rtol: 1e-12 });
});
