/** @file Clipping against PyTorch's `clip_grad_norm_` and DINO's `clip_gradients` (`fixtures/optim/make.py`). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensorCount, type Tensor, tensor, zeros } from '../index.js';
import { assertAllclose } from '../testing.js';
import { clipEachGradNorm, clipGradNorm } from './index.js';
import { given, type PlainByName, recorded, setGradients } from './replay.test.support.js';

interface Case {
  max: number;
  gradients: PlainByName;
  total: number;
  together: PlainByName;
  norms: Record<string, number>;
  each: PlainByName;
}

const close = { rtol: 1e-12 };

for (const { max, gradients, total, together, norms, each } of recorded<Case[]>('clipping.json')) {
  const withGradients = (): Map<string, Tensor> => {
    const parameters = new Map(
      Object.entries(gradients).map(([name, plain]) => [
        name,
        zeros(plain?.shape ?? [1], { dtype: 'float64' }),
      ]),
    );
    setGradients(parameters, gradients, 'float64');
    return parameters;
  };
  const assertGradients = (parameters: Map<string, Tensor>, expected: PlainByName): void => {
    for (const [name, parameter] of parameters) {
      const wanted = expected[name];
      if (wanted) assertAllclose(parameter.grad as Tensor, given(wanted, 'float64'), close);
      else assert.equal(parameter.grad, null);
    }
  };

  test(`all gradients together are clipped to ${max} as in PyTorch`, () => {
    const parameters = withGradients();
    assertAllclose(tensor(clipGradNorm(parameters, max), { dtype: 'float64' }), total, close);
    assertGradients(parameters, together);
  });

  test(`each gradient is clipped to ${max} as in DINO`, () => {
    const parameters = withGradients();
    const before = clipEachGradNorm(parameters, max);
    assert.deepEqual([...before.keys()], Object.keys(norms));
    for (const [name, norm] of before) assert.ok(Math.abs(norm / (norms[name] as number) - 1) < 1e-12);
    assertGradients(parameters, each);
  });
}

test('without gradients there is nothing to clip', () => {
  const parameters = new Map([['weight', zeros([2])]]);
  assert.equal(clipGradNorm(parameters, 1), 0);
  assert.equal(clipEachGradNorm(parameters, 1).size, 0);
});

test('a gradient that is no number shows in the norm', () => {
  const weight = zeros([2]);
  weight.grad = tensor([1, Number.NaN]);
  assert.ok(Number.isNaN(clipGradNorm(new Map([['weight', weight]]), 1)));
  assert.deepEqual(weight.grad?.tolist(), [Number.NaN, Number.NaN]);
});

test('clipping leaves no tensors behind', () => {
  const weight = zeros([2]);
  weight.grad = tensor([3, 4]);
  const parameters = new Map([['weight', weight]]);
  const before = liveTensorCount();
  clipGradNorm(parameters, 1);
  clipEachGradNorm(parameters, 1);
  assert.equal(liveTensorCount(), before);
});

test('a largest norm that is not above 0 is refused', () => {
  for (const max of [0, -1, Number.NaN]) {
    assert.throws(() => clipGradNorm(new Map(), max), new RegExp(`must be above 0, got ${max}`));
    assert.throws(() => clipEachGradNorm(new Map(), max), new RegExp(`must be above 0, got ${max}`));
  }
});
