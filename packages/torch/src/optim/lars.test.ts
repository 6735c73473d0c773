/** @file LARS against the official BarlowTwins and solo-learn (`fixtures/optim/make.py`), its limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensorCount, ones, scope, tensor } from '../index.js';
import { exemptBiasAndNorm, LARS } from './index.js';
import { assertReplays, parametersOf, type Recorded, recorded } from './replay.test.support.js';

type Case = Recorded<{ eta: number }>;

for (const example of recorded<Case[]>('lars.json')) {
  const { eta } = example.options;
  test(`steps with changing rate and decay are those of BarlowTwins, eta ${eta}`, () => {
    scope(() => {
      const parameters = parametersOf(example);
      const optimizer = new LARS(exemptBiasAndNorm(parameters, { lrScale: 0.024 }), { lr: 0, eta });
      assertReplays(example, parameters, optimizer, { rtol: 1e-12, atol: 1e-14 });
    });
  });
}

for (const example of recorded<Case[]>('lars-clipped.json')) {
  const { eta } = example.options;
  test(`clipped steps without decay are those of solo-learn, eta ${eta}`, () => {
    scope(() => {
      const parameters = parametersOf(example);
      const optimizer = new LARS(exemptBiasAndNorm(parameters), { lr: 0, eta, clip: true });
      assertReplays(example, parameters, optimizer, { rtol: 1e-6, atol: 1e-8 }); // its divisor has 1e-8 added
    });
  });
}

test('clipped, the adapted rate is the smaller of the two', () => {
  const moved = (norm: number): number => {
    const weight = tensor([[3, 4]]);
    weight.grad = tensor([[norm, 0]]);
    new LARS(new Map([['weight', weight]]), { lr: 0.1, eta: 0.02, clip: true }).step();
    return 3 - weight.select(1, 0).item();
  };
  // eta · 5 / norm = 0.1 / norm: above the rate 0.1 where the norm is below 1.
  assert.ok(Math.abs(moved(0.5) - 0.1 * 0.5) < 1e-6);
  assert.ok(Math.abs(moved(10) - 0.1) < 1e-6);
});

test('a parameter without size or gradient moves as in SGD', () => {
  for (const [start, gradient, end] of [
    [0, 2, -0.2],
    [2, 0, 2],
    [0, 0, 0],
  ] as const) {
    const weight = tensor([[start]]);
    weight.grad = tensor([[gradient]]);
    new LARS(new Map([['weight', weight]]), { lr: 0.1 }).step();
    assert.ok(Math.abs(weight.item() - end) < 1e-6, `${weight.item()}, must be ${end}`);
  }
});

test('steps leave nothing behind but one velocity a parameter', () => {
  const weight = ones([2, 2]).requiresGrad_();
  const optimizer = new LARS(new Map([['weight', weight]]), { lr: 0.1, weightDecay: 0.1 });
  const before = liveTensorCount();
  for (let i = 0; i < 5; i++) {
    scope(() => weight.square().sum().backward());
    optimizer.step();
    optimizer.zeroGrad();
  }
  assert.equal(liveTensorCount(), before + 1);
  assert.deepEqual([...optimizer.stateDict().keys()], ['weight.momentum_buffer']);
});

test('values outside of their range are refused', () => {
  const parameters = new Map([['weight', ones([2])]]);
  for (const eta of [0, -1, Number.NaN]) {
    assert.throws(() => new LARS(parameters, { lr: 1, eta }), new RegExp(`eta must be above 0, got ${eta}`));
  }
  assert.throws(() => new LARS(parameters, { lr: 1, momentum: 1 }), /momentum must be in \[0, 1\), got 1/);
});
