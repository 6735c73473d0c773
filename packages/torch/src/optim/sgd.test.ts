/** @file SGD against PyTorch's (`fixtures/pytorch/make.py`), its state, its limits. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  call,
  Generator,
  linear,
  liveTensorCount,
  mseLoss,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../index.js';
import { assertAllclose } from '../testing.js';
import { SGD } from './index.js';

interface Plain {
  shape: number[];
  data: number[];
}
interface Case {
  options: { lr: number; momentum?: number; weight_decay?: number; nesterov?: boolean };
  x: Plain;
  y: Plain;
  start: Record<'weight' | 'bias', Plain>;
  steps: Record<'weight' | 'bias', Plain>[];
}
const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/pytorch/sgd.json', import.meta.url), 'utf8'),
) as Case[];
const given = ({ data, shape }: Plain): Tensor => tensor(data).reshape(shape);

function setUp({ options, x, y, start }: Case) {
  const { weight_decay: weightDecay = 0, ...rest } = options;
  const weight = given(start.weight).requiresGrad_();
  const bias = given(start.bias).requiresGrad_();
  const parameters = new Map(Object.entries({ weight, bias }));
  const optimizer = new SGD(parameters, { ...rest, weightDecay });
  const [input, target] = [given(x), given(y)];
  const step = () =>
    scope(() => {
      optimizer.zeroGrad();
      mseLoss(linear(input, weight, { bias }), target).backward();
      optimizer.step();
    });
  return { weight, bias, optimizer, step };
}

for (const example of cases) {
  test(`ten steps with ${JSON.stringify(example.options)} are PyTorch's`, () => {
    scope(() => {
      const { weight, bias, optimizer, step } = setUp(example);
      for (const [i, expected] of example.steps.entries()) {
        if (i === 5) optimizer.lr /= 2;
        step();
        assertAllclose(weight, given(expected.weight), { rtol: 1e-6, atol: 1e-6 });
        assertAllclose(bias, given(expected.bias), { rtol: 1e-6, atol: 1e-6 });
      }
      for (const buffer of optimizer.stateDict().values()) buffer.dispose();
    });
  });
}

test('one pass over all parameters is what operators do one after another, wherever the numbers lie', () => {
  const settings = { decay: 0.1, momentum: 0.9, lr: 0.05 };
  for (const nesterov of [false, true]) {
    for (const dtype of ['float32', 'float64'] as const) {
      scope(() => {
        const generator = new Generator(3);
        const draw = (shape: number[]): Tensor => randn(shape, { generator }).to(dtype);
        const shapes = [[3, 5], [40_000], [2, 3, 4]];
        const [p, g, v] = [0, 1, 2].map(() => shapes.map(draw)) as [Tensor[], Tensor[], Tensor[]];
        g[0] = draw([5, 3]).transpose(0, 1); // lies otherwise than its parameter
        const expected = p.map((t, i) => {
          const direction = g[i]!.add(t.mul(settings.decay));
          const velocity = v[i]!.mul(settings.momentum).add(direction);
          const way = nesterov ? direction.add(velocity.mul(settings.momentum)) : velocity;
          return [t.sub(way.mul(settings.lr)), velocity] as const;
        });
        call('la_ssl::sgd_', p, g, v, ...Object.values(settings), nesterov);
        const tolerance = dtype === 'float64' ? { rtol: 1e-14, atol: 1e-14 } : { rtol: 1e-6, atol: 1e-6 };
        for (const [i, [weight, velocity]] of expected.entries()) {
          assertAllclose(p[i]!, weight, tolerance);
          assertAllclose(v[i]!, velocity, tolerance);
        }
        assert.throws(() => call('la_ssl::sgd_', p, g.slice(1), v, 0, 0.9, 0.1, false), /as long as.*3/);
      });
    }
  }
});

test('an optimizer that took over the state of another goes on as that one', () => {
  const example = cases[3]!;
  const one = setUp(example);
  for (let i = 0; i < 4; i++) one.step();
  const other = setUp({
    ...example,
    start: {
      weight: { ...example.start.weight, data: [...one.weight.toFloat64Array()] },
      bias: { ...example.start.bias, data: [...one.bias.toFloat64Array()] },
    },
  });
  other.step(); // a buffer of its own, to be forgotten
  other.optimizer.loadStateDict(one.optimizer.stateDict());
  scope(() => {
    const names = ['weight.momentum_buffer', 'bias.momentum_buffer'];
    assert.deepEqual([...other.optimizer.stateDict().keys()], names);
    noGrad(() => {
      other.weight.copy_(one.weight);
      other.bias.copy_(one.bias);
    });
  });
  for (let i = 0; i < 3; i++) {
    one.step();
    other.step();
    assert.deepEqual(other.weight.tolist(), one.weight.tolist());
  }
});

test('parameters without a gradient stay', () => {
  const [used, unused] = [ones([2]).requiresGrad_(), ones([2]).requiresGrad_()];
  const optimizer = new SGD(new Map(Object.entries({ used, unused })), {
    lr: 1,
    momentum: 0.9,
    weightDecay: 0.1,
  });
  optimizer.step();
  assert.deepEqual(used.tolist(), [1, 1]);
  used.sum().backward();
  optimizer.step();
  assert.notDeepEqual(used.tolist(), [1, 1]);
  assert.deepEqual(unused.tolist(), [1, 1]);
  assert.deepEqual([...optimizer.stateDict().keys()], ['used.momentum_buffer']);
});

test('steps leave nothing behind but one velocity a parameter', () => {
  const weight = ones([2]).requiresGrad_();
  const optimizer = new SGD(new Map([['weight', weight]]), { lr: 0.1, momentum: 0.9, nesterov: true });
  const before = liveTensorCount();
  for (let i = 0; i < 5; i++) {
    scope(() => weight.square().sum().backward());
    optimizer.step();
    optimizer.zeroGrad();
  }
  assert.equal(liveTensorCount(), before + 1);
});

test('values outside of their range are refused', () => {
  const parameters = new Map([['weight', ones([2])]]);
  assert.throws(() => new SGD(parameters, { lr: -1 }), /lr must not be negative, got -1/);
  assert.throws(() => new SGD(parameters, { lr: Number.NaN }), /lr must not be negative, got NaN/);
  assert.throws(() => new SGD(parameters, { lr: 1, momentum: 1 }), /momentum must be in \[0, 1\), got 1/);
  assert.throws(() => new SGD(parameters, { lr: 1, weightDecay: -1 }), /weightDecay must not be negative/);
  assert.throws(() => new SGD(parameters, { lr: 1, nesterov: true }), /nesterov needs a momentum/);
  const optimizer = new SGD(parameters, { lr: 1 });
  assert.throws(() => {
    optimizer.lr = Number.NaN;
  }, RangeError);
});

test('a state that does not fit is refused and changes nothing', () => {
  const weight = ones([2]).requiresGrad_();
  const optimizer = new SGD(new Map([['weight', weight]]), { lr: 1, momentum: 0.9 });
  const good = new Map([['weight.momentum_buffer', tensor([3, 4])]]);
  optimizer.loadStateDict(good);
  for (const [key, value, reason] of [
    ['bias.momentum_buffer', ones([2]), /no parameter for the state 'bias.momentum_buffer'/],
    ['weight', ones([2]), /no parameter for the state 'weight'/],
    ['weight.momentum_buffer', zeros([3]), /has shape \[3\], needs \[2\]/],
  ] as const) {
    assert.throws(() => optimizer.loadStateDict(new Map([[key, value]])), reason);
  }
  assert.deepEqual(optimizer.stateDict().get('weight.momentum_buffer')?.tolist(), [3, 4]);
});
