/** @file Groups against PyTorch's, exemption of biases and norms, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ones, scope, zeros } from '../index.js';
import {
  AdamW,
  exemptBiasAndNorm,
  LARS,
  type NamedParameters,
  type Parameters,
  SGD,
  type SGDOptions,
} from './index.js';
import { assertReplays, parametersOf, type Recorded, recorded } from './replay.test.support.js';

const named = (parameters: NamedParameters, ...names: string[]): NamedParameters =>
  new Map([...parameters].filter(([name]) => names.includes(name)));

for (const example of recorded<Recorded<Omit<SGDOptions, 'lr'>>[]>('sgd-groups.json')) {
  test(`groups with their own rate and decay are PyTorch's, ${JSON.stringify(example.options)}`, () => {
    scope(() => {
      const parameters = parametersOf(example);
      const groups = [
        { parameters: named(parameters, 'weight') },
        { parameters: named(parameters, 'bias', 'scalar'), weightDecay: 0 },
        { parameters: named(parameters, 'zero'), lr: 0.05 },
        { parameters: named(parameters, 'late'), lrScale: 0.1, weightDecay: 0.5 },
      ];
      const optimizer = new SGD(groups, { lr: 0, ...example.options });
      assertReplays(example, parameters, optimizer, { rtol: 1e-12, atol: 1e-14 });
      assert.equal(optimizer.stateDict().size, 5);
    });
  });
}

test('biases, scales and scalars are exempt, whatever else their group says', () => {
  const parameters = new Map(Object.entries({ weight: ones([2, 2]), bias: ones([2]), scalar: ones([]) }));
  const exempt = { weightDecay: 0, adapt: false };
  const [matrices, vectors] = [named(parameters, 'weight'), named(parameters, 'bias', 'scalar')];
  assert.deepEqual(exemptBiasAndNorm(parameters), [
    { parameters: matrices },
    { parameters: vectors, ...exempt },
  ]);
  assert.deepEqual(exemptBiasAndNorm([{ parameters, lr: 0.1, weightDecay: 1 }, { parameters: matrices }]), [
    { parameters: matrices, lr: 0.1, weightDecay: 1 },
    { parameters: vectors, lr: 0.1, ...exempt },
    { parameters: matrices },
  ]);
  assert.deepEqual(exemptBiasAndNorm(vectors, { lrScale: 0.5 }), [
    { parameters: vectors, lrScale: 0.5, ...exempt },
  ]);
});

test('no optimizer decays what is exempt', () => {
  for (const Kind of [SGD, AdamW, LARS]) {
    const parameters = new Map(Object.entries({ weight: ones([2, 2]), bias: ones([2]) }));
    const optimizer = new Kind(exemptBiasAndNorm(parameters), { lr: 0.1, weightDecay: 0.5 });
    for (const [, parameter] of parameters) parameter.grad = zeros(parameter.shape);
    optimizer.step();
    assert.deepEqual(parameters.get('bias')?.tolist(), [1, 1]);
    assert.ok((parameters.get('weight')?.sum().item() ?? 4) < 4, Kind.name);
  }
});

test('groups that contradict are refused', () => {
  const [weight, bias] = [ones([2, 2]), ones([2])];
  const parameters = new Map([['weight', weight]]);
  const make = (groups: Parameters) => () => new SGD(groups, { lr: 1 });
  assert.throws(make([]), /got no parameters/);
  assert.throws(make(new Map()), /got no parameters/);
  assert.throws(make([{ parameters }, { parameters }]), /'weight' is in the groups twice/);
  assert.throws(
    make([
      {
        parameters: new Map([
          ['a', bias],
          ['b', bias],
        ]),
      },
    ]),
    /'b' is in the groups twice/,
  );
  assert.throws(make([{ parameters, lr: 1, lrScale: 1 }]), /lr and lrScale/);
  assert.throws(make([{ parameters, lr: -1 }]), /lr of a group must not be negative, got -1/);
  assert.throws(
    make([{ parameters, lrScale: Number.NaN }]),
    /lrScale of a group must not be negative, got NaN/,
  );
  assert.throws(
    make([{ parameters, weightDecay: -2 }]),
    /weightDecay of a group must not be negative, got -2/,
  );
});
