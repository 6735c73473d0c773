/** @file `native/linear.cc` against libtorch's own operators, and the linear layer that uses it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  autocast,
  call,
  type DType,
  Generator,
  getThreads,
  linear,
  noGrad,
  randn,
  scope,
  setThreads,
  type Tensor,
} from '../index.js';
import { assertAllclose } from '../testing.js';
import { Linear } from './linear.js';

type Operator = (x: Tensor, weight: Tensor, bias: Tensor | null) => Tensor;
const own: Operator = (...args) => call('la_ssl::linear', ...args) as Tensor;
const ofLibtorch: Operator = (x, weight, bias) => linear(x, weight, { bias });
const cast =
  (operator: Operator): Operator =>
  (...args) =>
    autocast(() => operator(...args));

/** @returns output and gradients of input, weight and bias; all numbers drawn are ones that bfloat16 has */
function results(
  operator: Operator,
  shape: readonly number[],
  outs: number,
  bias: boolean,
  dtype: DType,
): Tensor[] {
  const generator = new Generator(7);
  const draw = (sizes: readonly number[]): Tensor =>
    randn(sizes, { generator }).add(0.25).to('bfloat16').to(dtype);
  const learned = [draw(shape), draw([outs, shape.at(-1)!]), ...(bias ? [draw([outs])] : [])];
  const [x, weight, b = null] = learned.map((t) => t.requiresGrad_()) as [Tensor, Tensor, Tensor?];
  const output = operator(x, weight, b);
  output.mul(draw(output.shape)).sum().backward();
  return [output.detach(), ...learned.map((t) => t.grad as Tensor)];
}

/** `‖a − b‖ / ‖b‖` */
const distance = (a: Tensor, b: Tensor): number => {
  const [x, y] = [a, b].map((t) => t.detach().to('float64')) as [Tensor, Tensor];
  return x.sub(y).square().sum().sqrt().item() / y.square().sum().sqrt().item();
};

// Rows, some in pieces of 192 and odd, from 512 on all three products our own; panels of 48, 32 and 16 columns; then what the
// loops of our own do not take.
const cases: [shape: number[], outs: number][] = [
  [[64, 16], 16],
  [[129, 48], 32],
  [[3, 67, 64], 16],
  [[2, 130, 192], 48],
  [[257, 80], 96],
  [[515, 80], 112],
  [[3, 200, 48], 16],
  [[63, 16], 16],
  [[70, 17], 16],
  [[70, 16], 5],
];

for (const [shape, outs] of cases) {
  for (const bias of [false, true]) {
    const name = `linear layer of [${shape.join(', ')}] to ${outs}${bias ? ', with bias' : ''}`;

    test(`${name}: libtorch's in float64 and float32`, () => {
      scope(() => {
        for (const dtype of ['float64', 'float32'] as const) {
          const expected = results(ofLibtorch, shape, outs, bias, dtype);
          for (const [i, t] of results(own, shape, outs, bias, dtype).entries()) {
            assert.deepEqual(t.toFloat64Array(), expected[i]!.toFloat64Array());
          }
        }
      });
    });

    test(`${name} under autocast: as near to float64 as libtorch's, and gradients in float32`, () => {
      scope(() => {
        const expected = results(ofLibtorch, shape, outs, bias, 'float64');
        const theirs = results(cast(ofLibtorch), shape, outs, bias, 'float32');
        for (const [i, t] of results(cast(own), shape, outs, bias, 'float32').entries()) {
          assert.equal(t.dtype, i === 0 ? 'bfloat16' : 'float32');
          const [far, theirFar] = [t, theirs[i]!].map((of) => distance(of, expected[i]!)) as [number, number];
          assert.ok(far < 1.05 * theirFar + 1e-6, `result ${i}: ${far}, libtorch's ${theirFar}`);
        }
      });
    });
  }
}

for (const [rows, ins, outs] of [
  [521, 48, 96],
  [1000, 32, 80],
  [600, 64, 16],
] as const) {
  test(`whole numbers from [${rows}, ${ins}] to ${outs}: float64's to the last bit`, () => {
    const whole = (operator: Operator, dtype: DType): number[][] => {
      const generator = new Generator(3);
      const draw = (sizes: readonly number[]): Tensor =>
        // sums of 96 products are exact in bfloat16
        randn(sizes, { generator }).round().clamp({ min: -1, max: 1 }).to(dtype);
      const [x, weight, bias, seed] = [
        draw([rows, ins]),
        draw([outs, ins]),
        draw([outs]),
        draw([rows, outs]),
      ];
      const learned = [x, weight, bias].map((t) => t.requiresGrad_());
      const output = operator(x, weight, bias);
      output.backward({ gradient: seed.to(output.dtype) });
      return [output.detach(), ...learned.map((t) => t.grad as Tensor)].map((t) => [...t.toFloat64Array()]);
    };
    scope(() => assert.deepEqual(whole(cast(own), 'float32'), whole(ofLibtorch, 'float64')));
  });
}

test('inputs in bfloat16 give gradients in bfloat16', () => {
  scope(() => {
    const expected = results(ofLibtorch, [140, 64], 32, true, 'float64');
    for (const [i, t] of results(own, [140, 64], 32, true, 'bfloat16').entries()) {
      assert.equal(t.dtype, 'bfloat16');
      assert.ok(distance(t, expected[i]!) < 0.004);
    }
  });
});

test('the same numbers on one thread and on three', () => {
  const before = getThreads();
  try {
    scope(() => {
      const [one, three] = [1, 3].map((threads) => {
        setThreads(threads);
        return results(cast(own), [600, 192], 192, true, 'float32').map((t) => t.toFloat64Array());
      });
      assert.deepEqual(one, three);
    });
  } finally {
    setThreads(before);
  }
});

test('without a graph, and of a frozen layer, it is the same product', () => {
  scope(() => {
    const generator = new Generator(2);
    const layer = new Linear(32, 16, { generator });
    const x = randn([80, 32], { generator });
    const trained = autocast(() => layer.forward(x));
    const without = noGrad(() => autocast(() => layer.forward(x)));
    assert.equal(without.requiresGrad, false);
    assertAllclose(trained.detach().to('float32'), without.to('float32').tolist() as number[][]);
    layer.requiresGrad_(false);
    const input = x.detach().requiresGrad_();
    autocast(() => layer.forward(input))
      .to('float32')
      .sum()
      .backward();
    assert.ok(distance(input.grad!, layer.weight.sum([0]).expand([80, 32])) < 0.01);
    assert.equal(layer.weight.grad, null);
  });
});

test('wrong shapes are errors', () => {
  scope(() => {
    const [x, weight] = [randn([80, 32]), randn([16, 48])];
    assert.throws(() => own(x, weight, null), /la_ssl::linear/);
  });
});
