/**
 * @file The operators of a transformer's block against ATen's own, one after another; their gradients in float64 also in
 * `gradients.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  autocast,
  call,
  type DType,
  Generator,
  getThreads,
  layerNorm,
  randn,
  scope,
  setThreads,
  type Tensor,
} from '../index.js';
import { assertAllclose } from '../testing.js';
import { biasGelu, LayerNorm, scaledDotProductAttention, selfAttention } from './index.js';

type Operator = (...inputs: Tensor[]) => Tensor[];

const EPS = 1e-6;

/** Inputs of these shapes, the same values whatever the type that they are rounded to. */
function drawn(shapes: readonly (readonly number[])[], dtypes: readonly DType[]): Tensor[] {
  const generator = new Generator(8);
  return shapes.map((shape, i) => randn(shape, { generator }).to('bfloat16').to(dtypes[i]!));
}

/** @returns the outputs of an operator, and the gradients of its inputs for fixed weights of the outputs */
function results(operator: Operator, inputs: readonly Tensor[]): Tensor[] {
  const own = inputs.map((input) => input.detach().clone().requiresGrad_());
  const outputs = operator(...own);
  const generator = new Generator(9);
  const losses = outputs.map((y) => y.mul(randn(y.shape, { generator }).to(y.dtype)).to('float64').sum());
  losses.reduce((a, b) => a.add(b)).backward();
  return [...outputs.map((y) => y.detach()), ...own.map((input) => input.grad!)];
}

/** `‖a − b‖ / ‖b‖` */
function distance(a: Tensor, b: Tensor): number {
  const [x, y] = [a.to('float64'), b.to('float64')];
  return x.sub(y).square().sum().sqrt().item() / y.square().sum().sqrt().item();
}

/** Every result of the operator in bfloat16 is as near to that in float64 as the rounding of inputs of products allows. */
function assertNear(fused: Operator, plain: Operator, inputs: readonly Tensor[], limit: number): void {
  const expected = results(
    plain,
    inputs.map((input) => input.to('float64')),
  );
  const far = results(fused, inputs).map((actual, i) => distance(actual, expected[i]!));
  assert.ok(
    far.every((d) => d < limit),
    `relative distances ${far.join(', ')}`,
  );
}

const addLayerNorm: Operator = (x, branch, branchBias, weight, bias) =>
  call('la_ssl::add_layer_norm', x, branch, branchBias, weight, bias, EPS, true) as Tensor[];
const addThenNorm: Operator = (x, branch, branchBias, weight, bias) => {
  const sum = x!.add(branch!.add(branchBias!));
  return [sum, layerNorm(sum, weight!.shape, { weight: weight!, bias: bias!, eps: EPS })];
};
const gelu: Operator = (x, bias) => [biasGelu(x!, bias!)];
const addThenGelu: Operator = (x, bias) => [x!.add(bias!).gelu()];
const attention =
  (heads: number): Operator =>
  (qkv, bias) => [selfAttention(qkv!, bias!, heads)];
const attentionByParts =
  (heads: number): Operator =>
  (qkv, bias) => {
    const [n = 0, length = 0, width = 0] = qkv!.shape;
    const [q, k, v] = qkv!.add(bias!).view([n, length, 3, heads, -1]).permute([2, 0, 3, 1, 4]).unbind();
    const attended = scaledDotProductAttention(q!, k!, v!);
    return [attended.transpose(1, 2).reshape([n, length, width / 3])];
  };

const tolerances = {
  float64: { rtol: 1e-10, atol: 1e-10 },
  float32: { rtol: 1e-5, atol: 1e-5 },
} as const;
const exact = ['float64', 'float32'] as const;

for (const shape of [[3], [2, 5, 16], [130, 70], [3, 67, 192]]) {
  const last = [shape.at(-1)!];
  const norms = [shape, shape, last, last, last];

  test(`addition and layer norm of [${shape.join(', ')}]: what ATen's operators give one after another`, () => {
    scope(() => {
      for (const dtype of exact) {
        const inputs = drawn(norms, Array(5).fill(dtype));
        const expected = results(addThenNorm, inputs);
        for (const [i, actual] of results(addLayerNorm, inputs).entries()) {
          assert.equal(actual.dtype, dtype);
          assertAllclose(actual, expected[i]!, i < 4 ? tolerances[dtype] : { rtol: 1e-4, atol: 1e-4 });
        }
      }
    });
  });

  test(`bias and GELU of [${shape.join(', ')}]: what ATen's operators give one after another`, () => {
    scope(() => {
      for (const dtype of exact) {
        const inputs = drawn([shape, last], [dtype, dtype]).map((t) => t.mul(3));
        const expected = results(addThenGelu, inputs);
        for (const [i, actual] of results(gelu, inputs).entries()) {
          assertAllclose(actual, expected[i]!, tolerances[dtype]);
        }
      }
    });
  });

  test(`bias and GELU, addition and layer norm of [${shape.join(', ')}] in bfloat16`, () => {
    scope(() => {
      assertNear(gelu, addThenGelu, drawn([shape, last], ['bfloat16', 'float32']), 0.01);
      const types = ['float32', 'bfloat16', 'float32', 'float32', 'float32'] as const;
      const cast: Operator = (...inputs) => autocast(() => addLayerNorm(...inputs));
      const inputs = drawn(norms, types);
      assertNear(cast, addThenNorm, inputs, 0.01);
      const [sum, normed] = cast(...inputs);
      assert.deepEqual([sum?.dtype, normed?.dtype], ['float32', 'bfloat16']);
      assert.equal(
        autocast(() => new LayerNorm(last[0]!).afterSum(inputs[0]!, null, null))[1].dtype,
        'float32',
      );
    });
  });
}

test('layer norm without a branch: its own', () => {
  scope(() => {
    const inputs = drawn([[4, 6, 10], [10], [10]], Array(3).fill('float64'));
    const fused: Operator = (x, weight, bias) => {
      const [sum, normed] = call(
        'la_ssl::add_layer_norm',
        x,
        null,
        null,
        weight,
        bias,
        EPS,
        true,
      ) as Tensor[];
      return [sum!.add(normed!)];
    };
    const plain: Operator = (x, weight, bias) => [
      x!.add(layerNorm(x!, [10], { weight: weight!, bias: bias!, eps: EPS })),
    ];
    const expected = results(plain, inputs);
    for (const [i, actual] of results(fused, inputs).entries()) {
      assertAllclose(actual, expected[i]!, tolerances.float64);
    }
  });
});

test('GELU far from zero is 0 or x, and no number stays none', () => {
  scope(() => {
    const x = drawn([[4]], ['float32'])[0]!;
    x.copy_(randn([4]).mul(0).add(1)).mul_(Number.NaN);
    assert.ok(biasGelu(x, null).toFloat64Array().every(Number.isNaN));
    for (const dtype of ['float32', 'bfloat16'] as const) {
      const far = randn([2]).mul(0).add(1).to(dtype);
      assert.deepEqual(
        [...biasGelu(far.mul(1e6), null).toFloat64Array()],
        [...far.mul(1e6).toFloat64Array()],
      );
      assert.ok(
        biasGelu(far.mul(-1e6), null)
          .toFloat64Array()
          .every((y) => y === 0),
      );
    }
  });
});

// With heads of 32 to 128 in bfloat16 the loops for pairs run, with others ATen's operators.
for (const [n, length, heads, width] of [
  [2, 1, 1, 32],
  [3, 5, 2, 32],
  [2, 17, 3, 64],
  [2, 32, 1, 96],
  [1, 65, 4, 32],
  [1, 130, 2, 128],
  [2, 300, 1, 32],
  [2, 7, 2, 5],
] as const) {
  const shapes = [[n, length, 3 * heads * width], [3 * heads * width]];

  test(`self-attention of ${length} tokens, ${heads} heads of ${width}: that of the parts`, () => {
    scope(() => {
      const inputs = drawn(shapes, ['float64', 'float64']);
      const expected = results(attentionByParts(heads), inputs);
      for (const [i, actual] of results(attention(heads), inputs).entries()) {
        assertAllclose(actual, expected[i]!, tolerances.float64);
      }
    });
  });

  test(`self-attention of ${length} tokens, ${heads} heads of ${width}, in bfloat16`, () => {
    scope(() => {
      const inputs = drawn(shapes, ['bfloat16', 'float32']);
      assertNear(attention(heads), attentionByParts(heads), inputs, 0.015);
    });
  });
}

test('self-attention without bias is that with a bias of zero', () => {
  scope(() => {
    const [qkv, bias] = drawn([[2, 9, 192], [192]], ['bfloat16', 'float32']) as [Tensor, Tensor];
    const [without, zero] = [null, bias.mul(0)].map((b) => selfAttention(qkv, b, 2).toFloat64Array());
    assert.deepEqual(without, zero);
  });
});

test('the same numbers on one thread and on two', () => {
  const before = getThreads();
  const operators: [Operator, readonly number[][], readonly DType[]][] = [
    [attention(2), [[9, 40, 192], [192]], ['bfloat16', 'float32']],
    [gelu, [[400, 192], [192]], ['bfloat16', 'float32']],
    [addLayerNorm, [[400, 192], [400, 192], [192], [192], [192]], Array(5).fill('float32')],
  ];
  try {
    for (const [operator, shapes, dtypes] of operators) {
      scope(() => {
        const [one, two] = [1, 2].map((threads) => {
          setThreads(threads);
          return results(operator, drawn(shapes, dtypes)).map((t) => t.toFloat64Array());
        });
        assert.deepEqual(one, two);
      });
    }
  } finally {
    setThreads(before);
  }
});

test('wrong arguments are errors that name the operator', () => {
  scope(() => {
    const [x, bias] = drawn([[2, 3, 12], [5]], ['float32', 'float32']) as [Tensor, Tensor];
    assert.throws(() => selfAttention(x, null, 3), /in la_ssl::self_attention/);
    assert.throws(() => selfAttention(x, bias, 2), /bias must be \[12\]/);
    assert.throws(() => biasGelu(x, bias), /in la_ssl::bias_gelu/);
    assert.throws(() => new LayerNorm(5).afterSum(x, null, null), /in la_ssl::add_layer_norm/);
  });
});
