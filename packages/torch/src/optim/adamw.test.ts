/** @file AdamW against PyTorch's (`fixtures/optim/make.py`), its state, its limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensorCount, ones, scope, tensor } from '../index.js';
import { AdamW, type AdamWOptions, SGD } from './index.js';
import { assertReplays, parametersOf, type Recorded, recorded } from './replay.test.support.js';

const cases = recorded<Recorded<Omit<AdamWOptions, 'lr'>>[]>('adamw.json');

for (const example of cases) {
  test(`steps with changing rate and decay are PyTorch's, ${example.dtype} ${JSON.stringify(example.options)}`, () => {
    scope(() => {
      const parameters = parametersOf(example);
      const optimizer = new AdamW(parameters, { lr: 0, ...example.options });
      const tolerance = example.dtype === 'float64' ? 1e-12 : 1e-6;
      assertReplays(example, parameters, optimizer, { rtol: tolerance, atol: tolerance });
      // Each parameter counts its own steps: `late` had no gradient in the first three.
      assert.equal(optimizer.stateDict().get('weight.step')?.item(), 12);
      assert.equal(optimizer.stateDict().get('late.step')?.item(), 9);
    });
  });
}

test('an optimizer that took over the state of another goes on as that one', () => {
  scope(() => {
    const example = cases[0]!;
    const parameters = parametersOf(example);
    const one = new AdamW(parameters, { lr: 0 });
    assertReplays(example, parameters, one, { to: 5, rtol: 1e-12 });
    const other = new AdamW(parameters, { lr: 0 });
    other.loadStateDict(one.stateDict());
    assertReplays(example, parameters, other, { from: 5, rtol: 1e-12 });
  });
});

test('the weight decay is 0.01 unless given', () => {
  const weight = ones([2]);
  weight.grad = tensor([0, 0]);
  new AdamW(new Map([['weight', weight]]), { lr: 1 }).step();
  assert.deepEqual(weight.tolist(), tensor([0.99, 0.99]).tolist());
});

test('steps leave nothing behind but three buffers a parameter', () => {
  const weight = ones([2]).requiresGrad_();
  const optimizer = new AdamW(new Map([['weight', weight]]), { lr: 0.1 });
  const before = liveTensorCount();
  for (let i = 0; i < 5; i++) {
    scope(() => weight.square().sum().backward());
    optimizer.step();
    optimizer.zeroGrad();
  }
  assert.equal(liveTensorCount(), before + 3);
});

test('values outside of their range are refused', () => {
  const parameters = new Map([['weight', ones([2])]]);
  const make = (options: Omit<AdamWOptions, 'lr'>) => () => new AdamW(parameters, { lr: 1, ...options });
  assert.throws(make({ betas: [1, 0.9] }), /betas must be in \[0, 1\), got 1, 0.9/);
  assert.throws(make({ betas: [0.9, Number.NaN] }), /betas must be in \[0, 1\), got 0.9, NaN/);
  assert.throws(make({ eps: -1 }), /eps must not be negative, got -1/);
  assert.throws(make({ weightDecay: -1 }), /weightDecay must not be negative, got -1/);
  const optimizer = make({})();
  assert.throws(() => {
    optimizer.weightDecay = Number.NaN;
  }, /weightDecay must not be negative, got NaN/);
});

test("another optimizer's state, or half a state, is refused and changes nothing", () => {
  scope(() => {
    const parameters = new Map([['fc.weight', ones([2])]]);
    const whole = new Map(
      Object.entries({
        'fc.weight.step': tensor(2),
        'fc.weight.exp_avg': tensor([1, 2]),
        'fc.weight.exp_avg_sq': tensor([3, 4]),
      }),
    );
    const optimizer = new AdamW(parameters, { lr: 1 });
    optimizer.loadStateDict(whole);
    const half = new Map([...whole].slice(1));
    const velocity = new Map([['fc.weight.momentum_buffer', ones([2])]]);
    assert.throws(() => optimizer.loadStateDict(half), /'fc.weight.exp_avg', but lacks 'fc.weight.step'/);
    assert.throws(
      () => optimizer.loadStateDict(velocity),
      /another optimizer: AdamW has step, exp_avg, exp_avg_sq/,
    );
    assert.throws(
      () => new SGD(parameters, { lr: 1, momentum: 0.9 }).loadStateDict(whole),
      /'fc.weight.step' is the state of another optimizer: SGD has momentum_buffer/,
    );
    assert.deepEqual(
      [...optimizer.stateDict().values()].map((buffer) => buffer.tolist()),
      [2, [1, 2], [3, 4]],
    );
  });
});
