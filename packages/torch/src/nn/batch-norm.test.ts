/** @file The fused operator against ATen's own, one after another; its gradients also in `gradients.test.ts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  batchNorm,
  call,
  type DType,
  fromData,
  Generator,
  getThreads,
  noGrad,
  ones,
  randn,
  scope,
  setThreads,
  type Tensor,
  zeros,
} from '../index.js';
import { assertAllclose } from '../testing.js';

const EPS = 1e-3;
const MOMENTUM = 0.3;

interface Case {
  shape: readonly number[];
  dtype: DType;
  training: boolean;
  relu: boolean;
  residual: boolean;
  affine: boolean;
}
type Operator = (x: Tensor, residual: Tensor | null, perChannel: (Tensor | null)[], c: Case) => Tensor;

const fused: Operator = (x, residual, perChannel, { training, relu }) =>
  call('la_ssl::batch_norm', x, ...perChannel, residual, training, MOMENTUM, EPS, relu) as Tensor;

const oneByOne: Operator = (x, residual, [weight, bias, mean, variance], { training, relu }) => {
  let y = batchNorm(
    x,
    weight as Tensor | null,
    bias as Tensor | null,
    mean as Tensor,
    variance as Tensor,
    training,
    MOMENTUM,
    EPS,
    true,
  );
  if (residual) y = y.add(residual);
  return relu ? y.relu() : y;
};

/** @returns the output, the gradients of what is trained, the running statistics */
function results(operator: Operator, c: Case, format: 'channelsLast' | 'contiguous'): Tensor[] {
  const generator = new Generator(3);
  const wide = { dtype: c.dtype === 'float64' ? 'float64' : 'float32', generator } as const;
  const draw = (scale: number, offset: number): Tensor => {
    const drawn = randn(c.shape, wide).mul(scale).add(offset).to(c.dtype);
    const memoryFormat = c.shape.length === 4 ? format : 'contiguous';
    return drawn.contiguous({ memoryFormat }).requiresGrad_();
  };
  const channels = [c.shape[1] as number];
  const x = draw(2, 3);
  const residual = c.residual ? draw(1, 0) : null;
  const learned = c.affine ? [0, 1].map(() => randn(channels, wide).requiresGrad_()) : [null, null];
  const running = [randn(channels, wide), randn(channels, wide).abs().add(0.5)];
  const output = operator(x, residual, [...learned, ...running], c);
  output.mul(randn(c.shape, wide)).sum().backward();
  const trained = [x, residual, ...learned].filter((t) => t !== null);
  return [output, ...trained.map((t) => t.grad as Tensor), ...running];
}

const shapes = [
  [5, 3],
  [300, 70],
  [2, 1, 3, 3],
  [3, 5, 7, 6],
  [4, 16, 40, 33],
  [2, 130, 9, 8],
  [1, 300, 5, 5],
];
const truths = [false, true];
const tolerances = {
  float64: { rtol: 1e-10, atol: 1e-11 },
  float32: { rtol: 2e-4, atol: 2e-4 },
} as const;

for (const shape of shapes) {
  test(`batch norm of [${shape.join(', ')}]: what ATen's operators give one after another`, () => {
    for (const dtype of ['float64', 'float32'] as const) {
      for (const training of truths) {
        for (const relu of truths) {
          for (const residual of truths) {
            for (const affine of truths) {
              scope(() => {
                const c: Case = { shape, dtype, training, relu, residual, affine };
                const expected = results(oneByOne, c, 'contiguous');
                for (const format of ['channelsLast', 'contiguous'] as const) {
                  const actual = results(fused, c, format);
                  assert.equal(actual.length, expected.length);
                  for (const [i, t] of actual.entries()) {
                    assert.equal(t.dtype, expected[i]?.dtype);
                    assertAllclose(t, expected[i] as Tensor, tolerances[dtype]);
                  }
                }
              });
            }
          }
        }
      }
    }
  });
}

/** In bfloat16, loops take whole rows of 128 or of 32 numbers, and leave the rest: each of these ends otherwise. */
const bfloat16Shapes = [
  [4, 16, 40, 33],
  [5, 32, 9, 7],
  [3, 48, 7, 7],
  [2, 288, 5, 5],
  [300, 70],
  [65, 256],
];

for (const shape of bfloat16Shapes) {
  test(`in bfloat16, of [${shape.join(', ')}], it is as near to float64 as rounding allows`, () => {
    for (const training of truths) {
      for (const relu of truths) {
        for (const residual of truths) {
          scope(() => {
            const c: Case = { shape, dtype: 'bfloat16', training, relu, residual, affine: true };
            const actual = results(fused, c, 'channelsLast');
            // The same values in float64: what is drawn in float32 and rounded to bfloat16 is exact there.
            const exact: Operator = (x, residual, perChannel, settings) => {
              const [a, r, ...rest] = [x, residual, ...perChannel].map((t) => t?.to('float64') ?? null);
              const y = oneByOne(a as Tensor, r as Tensor | null, rest, settings);
              for (const i of [2, 3]) perChannel[i]?.copy_(rest[i] as Tensor);
              return y;
            };
            const expected = noGradTail(results(exact, c, 'contiguous'));
            const far = actual.map((t, i) => distance(t, expected[i] as Tensor));
            // bfloat16 keeps 8 bits: half a unit of the last place is 2^-9 of a value.
            assert.ok(
              far.every((d) => d < 0.01),
              `relative distances ${far.join(', ')}`,
            );
          });
        }
      }
    }
  });
}

test('the same numbers on one thread and on two', () => {
  const before = getThreads();
  const c: Case = {
    ...{ shape: [8, 24, 32, 32], dtype: 'float32', training: true },
    ...{ relu: true, residual: true, affine: true },
  };
  try {
    scope(() => {
      const [one, two] = [1, 2].map((threads) => {
        setThreads(threads);
        return results(fused, c, 'channelsLast').map((t) => t.toFloat64Array());
      });
      assert.deepEqual(one, two);
    });
  } finally {
    setThreads(before);
  }
});

test('values far from zero lose nothing: the variance is summed about a mean', () => {
  scope(() => {
    const generator = new Generator(4);
    const x = randn([8, 4, 32, 32], { dtype: 'float64', generator }).add(1000).to('float32');
    const last = x.contiguous({ memoryFormat: 'channelsLast' });
    const [mean, variance] = [zeros([4]), ones([4])];
    const c: Case = {
      ...{ shape: x.shape, dtype: 'float32', training: true },
      ...{ relu: false, residual: false, affine: false },
    };
    fused(last, null, [null, null, mean, variance], c);
    const exact = x.to('float64').variance([0, 2, 3]);
    assertAllclose(variance, exact.mul(MOMENTUM).add(1 - MOMENTUM), { rtol: 1e-5 });
  });
});

test('what is no number stays none', () => {
  scope(() => {
    const x = fromData(Float32Array.of(Number.NaN, 1, 2, 3), [2, 2]);
    const c: Case = {
      shape: [2, 2],
      dtype: 'float32',
      training: true,
      relu: true,
      residual: false,
      affine: false,
    };
    const y = fused(x, null, [null, null, null, null], c).toFloat64Array();
    assert.ok(Number.isNaN(y[0]) && Number.isNaN(y[2]));
    assert.ok(!Number.isNaN(y[1]) && !Number.isNaN(y[3]));
  });
});

test('wrong arguments are errors that name the operator', () => {
  const wrong: [Tensor, (Tensor | null)[]][] = [
    [ones([2, 3]), [ones([4]), null, null, null]],
    [ones([2, 3], { dtype: 'int64' }), [null, null, null, null]],
    [ones([6]), [null, null, ones([2]), ones([2])]],
  ];
  for (const [x, perChannel] of wrong) {
    assert.throws(
      () => noGrad(() => call('la_ssl::batch_norm', x, ...perChannel, null, true, 0.1, EPS, true)),
      /in la_ssl::batch_norm/,
    );
  }
});

const noGradTail = (tensors: Tensor[]): Tensor[] => tensors.map((t) => t.detach());
/** `‖a − b‖ / ‖b‖` */
const distance = (a: Tensor, b: Tensor): number =>
  scope(() => {
    const [x, y] = [a, b].map((t) => t.detach().to('float64')) as [Tensor, Tensor];
    return x.sub(y).square().sum().sqrt().item() / y.square().sum().sqrt().item();
  });
