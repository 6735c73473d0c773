import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  autocast,
  call,
  conv2d,
  type DType,
  einsum,
  Generator,
  getThreads,
  hasFastBfloat16,
  noGrad,
  randn,
  scope,
  setThreads,
  type Tensor,
  zeros,
} from '../index.js';
import { assertAllclose } from '../testing.js';
import { BatchNorm } from './batch-norm.js';
import { Conv2d } from './conv2d.js';

test('a strided 1×1 convolution of few channels in channels-last has its gradient, and harms no memory', () => {
  const generator = new Generator(1);
  for (const channels of [2, 3, 4, 6, 7, 8, 12]) {
    const conv = new Conv2d(channels, 2 * channels, 1, { stride: 2, generator });
    // One wrong write goes unnoticed; libtorch 1.13 aborted within some ten of these.
    for (let repeat = 0; repeat < 20; repeat++) {
      scope(() => {
        const input = randn([16, channels, 12, 12], { generator })
          .contiguous({ memoryFormat: 'channelsLast' })
          .requiresGrad_();
        const output = conv.forward(input);
        conv.weight.grad = null;
        output.mul(output).sum().div(2).backward(); // the gradient of the output is the output itself
        const every2nd = input.detach().slice({ dim: 2, step: 2 }).slice({ dim: 3, step: 2 });
        const weight = conv.weight.detach().flatten({ startDim: 1 });
        const expected = einsum('oi,nihw->nohw', [weight, every2nd]);
        assertAllclose(output.detach(), expected, { rtol: 1e-4, atol: 1e-4 });
        const gradient = einsum('nohw,nihw->oi', [expected, every2nd]);
        assertAllclose(conv.weight.grad!.flatten({ startDim: 1 }), gradient, { rtol: 1e-3, atol: 1e-2 });
        const inputGradient = input.grad!.slice({ dim: 2, step: 2 }).slice({ dim: 3, step: 2 });
        assertAllclose(inputGradient, einsum('oi,nohw->nihw', [weight, expected]), {
          rtol: 1e-3,
          atol: 1e-3,
        });
      });
    }
    conv.dispose();
  }
});

/** Of a 3×3 convolution with padding 1. */
interface Case {
  images: number;
  channels: [number, number];
  size: [number, number];
  stride: number;
  bias?: boolean;
}
type Operator = (x: Tensor, weight: Tensor, bias: Tensor | null, stride: number) => Tensor;
type Format = 'channelsLast' | 'contiguous';

const own: Operator = (x, weight, bias, stride) =>
  call('la_ssl::conv2d', x, weight, bias, stride, 1) as Tensor;
const ofLibtorch: Operator = (x, weight, bias, stride) => conv2d(x, weight, { bias, stride, padding: 1 });
const cast =
  (operator: Operator): Operator =>
  (...args) =>
    autocast(() => operator(...args));

/** Numbers that bfloat16 has. */
const normal = (shape: readonly number[], generator: Generator): Tensor =>
  randn(shape, { generator }).add(0.25).to('bfloat16');
/** −8, −4, 0, 4 or 8: sums of a few, and quarters of these, are numbers that bfloat16 has, too. */
const whole = (shape: readonly number[], generator: Generator): Tensor =>
  randn(shape, { generator }).round().clamp({ min: -2, max: 2 }).mul(4);

/** @returns output and gradients of input, weight and bias */
function results(
  operator: Operator,
  c: Case,
  dtype: DType,
  { format = 'channelsLast', numbers = normal }: { format?: Format; numbers?: typeof normal } = {},
): Tensor[] {
  const generator = new Generator(7);
  const draw = (shape: readonly number[]): Tensor =>
    numbers(shape, generator).to(dtype).contiguous({ memoryFormat: format });
  const x = draw([c.images, c.channels[0], ...c.size]).requiresGrad_();
  const weight = draw([c.channels[1], c.channels[0], 3, 3]).requiresGrad_();
  const bias = c.bias ? randn([c.channels[1]], { generator }).to(dtype).requiresGrad_() : null;
  const output = operator(x, weight, bias, c.stride);
  output.mul(draw(output.shape)).sum().backward();
  const learned = [x, weight, bias].filter((t) => t !== null);
  return [output.detach(), ...learned.map((t) => t.grad as Tensor)];
}

/** `‖a − b‖ / ‖b‖` */
const distance = (a: Tensor, b: Tensor): number =>
  scope(() => {
    const [x, y] = [a, b].map((t) => t.detach().to('float64')) as [Tensor, Tensor];
    return x.sub(y).square().sum().sqrt().item() / y.square().sum().sqrt().item();
  });
const assertEqual = (actual: Tensor[], expected: Tensor[]): void => {
  assert.equal(actual.length, expected.length);
  for (const [i, t] of actual.entries()) {
    assert.equal(t.dtype, expected[i]?.dtype);
    assert.deepEqual(t.toFloat64Array(), expected[i]?.toFloat64Array());
  }
};

const hasOwnLoops = hasFastBfloat16() && !readFileSync('/proc/cpuinfo', 'utf8').includes('amx_bf16');

/** By Winograd's way: edges within a tile, within a pair of tiles and at their border; blocks of tiles that are not full. */
const winograd: Case[] = [
  { images: 8, channels: [16, 16], size: [5, 7], stride: 1 },
  { images: 10, channels: [16, 16], size: [33, 18], stride: 1 },
  { images: 9, channels: [32, 48], size: [2, 4], stride: 1 },
  { images: 8, channels: [48, 32], size: [6, 9], stride: 1 },
  { images: 75, channels: [64, 16], size: [4, 4], stride: 1 },
  { images: 9, channels: [272, 288], size: [7, 7], stride: 1 },
];
/** Tap by tap. */
const taps: Case[] = [
  { images: 9, channels: [16, 32], size: [6, 6], stride: 2 },
  { images: 11, channels: [32, 48], size: [7, 4], stride: 2 },
  { images: 8, channels: [48, 16], size: [1, 2], stride: 1 },
  { images: 8, channels: [16, 16], size: [1, 9], stride: 2 },
  { images: 8, channels: [16, 16], size: [2, 2], stride: 2 },
  { images: 9, channels: [16, 16], size: [35, 40], stride: 2 },
  { images: 75, channels: [64, 16], size: [4, 4], stride: 3 },
  { images: 9, channels: [192, 192], size: [3, 3], stride: 1 },
];
const left: Case[] = [
  { images: 1, channels: [16, 16], size: [8, 8], stride: 1 },
  { images: 8, channels: [12, 16], size: [6, 6], stride: 1 },
  { images: 8, channels: [16, 24], size: [6, 6], stride: 2 },
  { images: 8, channels: [16, 16], size: [6, 1], stride: 1 },
  { images: 8, channels: [16, 16], size: [6, 6], stride: 1, bias: true },
];
const nameOf = ({ images, channels, size, stride, bias }: Case): string =>
  `${images} images of ${channels[0]}×${size.join('×')} to ${channels[1]} channels, stride ${stride}${bias ? ', bias' : ''}`;

for (const c of winograd) {
  test(`3×3, bfloat16, ${nameOf(c)}: output and gradients by Winograd's way`, () => {
    scope(() => {
      for (const format of ['channelsLast', 'contiguous'] as const) {
        const exact = results(ofLibtorch, c, 'float64', { format: 'contiguous' });
        // What is transformed is rounded to the 8 bits of bfloat16, and so is the output.
        for (const [i, t] of results(cast(own), c, 'float32', { format }).entries()) {
          assert.equal(t.dtype, i === 0 ? 'bfloat16' : 'float32');
          const far = distance(t, exact[i] as Tensor);
          assert.ok(far < 2 ** -7, `relative distance ${far} of ${i}`);
        }
        // Of numbers that need no rounding, the products are all that there is.
        const options = { format, numbers: whole };
        const [output, ...gradients] = results(ofLibtorch, c, 'float64', options) as [Tensor, ...Tensor[]];
        const actual = results(cast(own), c, 'float32', options);
        if (!hasOwnLoops) continue;
        const [gradX, gradWeight] = gradients as [Tensor, Tensor];
        const expected = [
          output.to('bfloat16'),
          gradX.to('bfloat16').to('float32'),
          gradWeight.to('float32'),
        ];
        assertEqual(actual, expected);
      }
      const inBfloat16 = results(own, c, 'bfloat16');
      const exact = results(ofLibtorch, c, 'float64');
      for (const [i, t] of inBfloat16.entries()) {
        assert.equal(t.dtype, 'bfloat16');
        assert.ok(distance(t, exact[i] as Tensor) < 2 ** -7);
      }
    });
  });
}

for (const c of taps) {
  test(`3×3, bfloat16, ${nameOf(c)}: the gradient of the weight as exact as sums in float32`, () => {
    scope(() => {
      const exact = results(ofLibtorch, c, 'float64', { format: 'contiguous' });
      const libtorch = results(cast(ofLibtorch), c, 'float32');
      for (const format of ['channelsLast', 'contiguous'] as const) {
        const [output, gradX, gradWeight] = results(cast(own), c, 'float32', { format }) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        assert.equal(gradWeight.dtype, 'float32');
        // bfloat16 keeps 8 bits; libtorch rounds to it.
        const allowed = hasOwnLoops ? 1e-6 : 2 ** -8;
        const far = distance(gradWeight, exact[2] as Tensor);
        assert.ok(far < allowed, `relative distance ${far}`);
        assertAllclose(gradWeight, exact[2] as Tensor, { rtol: allowed, atol: 40 * allowed });
        if (format === 'channelsLast') assertEqual([output, gradX], libtorch.slice(0, 2));
        else
          assert.ok(
            distance(output, exact[0] as Tensor) < 2 ** -8 && distance(gradX, exact[1] as Tensor) < 2 ** -8,
          );
      }
      const [output, gradX, gradWeight] = results(own, c, 'bfloat16') as [Tensor, Tensor, Tensor];
      assertEqual([output, gradX], results(ofLibtorch, c, 'bfloat16').slice(0, 2));
      assert.equal(gradWeight.dtype, 'bfloat16');
      assert.ok(distance(gradWeight, exact[2] as Tensor) < 2 ** -8);
    });
  });
}

test('elsewhere it is the operator of libtorch, to the last bit', () => {
  for (const c of [...winograd, ...taps, ...left]) {
    scope(() => {
      assertEqual(results(own, c, 'float32'), results(ofLibtorch, c, 'float32'));
      if (left.includes(c)) {
        assertEqual(results(cast(own), c, 'float32'), results(cast(ofLibtorch), c, 'float32'));
      }
    });
  }
});

test('gradients of what was sliced or is no leaf', () => {
  const c: Case = { images: 8, channels: [16, 16], size: [6, 5], stride: 1 };
  const sliced =
    (operator: Operator): Operator =>
    (x, weight, bias, stride) =>
      operator(x.flip([3]).slice({ dim: 2, step: 2 }), weight.mul(2).transpose(2, 3), bias, stride);
  scope(() => {
    const exact = results(sliced(ofLibtorch), c, 'float64');
    const actual = results(sliced(cast(own)), c, 'float32');

    for (const [i, t] of actual.entries()) {
      const far = distance(t, exact[i] as Tensor);
      assert.ok(far < 2 ** -7, `relative distance ${far} of ${i}`);
    }
  });
});

test('with no gradient of input or weight asked for there is none', () => {
  scope(() => {
    const generator = new Generator(2);
    const draw = (shape: number[]): Tensor => randn(shape, { generator });
    const x = draw([8, 16, 4, 4]);
    const weight = draw([16, 16, 3, 3]).requiresGrad_();
    cast(own)(x, weight, null, 1).sum().backward();
    assert.equal(x.grad, null);
    assert.ok(weight.grad !== null);
    const frozen = weight.detach();
    x.requiresGrad_();
    cast(own)(x, frozen, null, 1).sum().backward();
    assert.ok(x.grad !== null);
    assert.equal(frozen.grad, null);
    assert.equal(noGrad(() => cast(own)(x, weight, null, 1)).requiresGrad, false);
  });
});

test('on two threads the same numbers each time, and those of one thread but for the order of sums', () => {
  const before = getThreads();
  const cases: Case[] = [
    { images: 33, channels: [32, 32], size: [16, 16], stride: 1 },
    { images: 33, channels: [272, 272], size: [4, 4], stride: 1 },
  ];
  try {
    for (const c of cases) {
      scope(() => {
        const [one, two, again] = [1, 2, 2].map((threads) => {
          setThreads(threads);
          return results(cast(own), c, 'float32')[2] as Tensor;
        }) as [Tensor, Tensor, Tensor];
        assertEqual([again], [two]);
        assert.ok(distance(two, one) < 1e-6);
      });
    }
  } finally {
    setThreads(before);
  }
});

/** A convolution and a norm whose statistics and learned values are powers of 2 and small whole numbers. */
function withNorm(c: Case): { conv: Conv2d; norm: BatchNorm; x: Tensor; residual: Tensor } {
  const generator = new Generator(11);
  const [ins, outs] = c.channels;
  const conv = new Conv2d(ins, outs, 3, { stride: c.stride, padding: 1, bias: c.bias ?? false, generator });
  const norm = new BatchNorm(outs, { eps: 0.25 });
  const [height, width] = c.size.map((side) => Math.floor((side - 1) / c.stride) + 1) as [number, number];
  const set = (t: Tensor | null, values: Tensor): unknown => noGrad(() => t?.copy_(values));
  set(conv.weight, whole(conv.weight.shape, generator));
  set(norm.weight, whole([outs], generator).div(2));
  set(norm.bias, whole([outs], generator));
  set(norm.runningMean, whole([outs], generator));
  set(norm.runningVar, zeros([outs]).add(0.75)); // with eps 1
  return {
    ...{ conv, norm, x: whole([c.images, ins, ...c.size], generator) },
    residual: whole([c.images, outs, height, width], generator),
  };
}

for (const c of [...winograd, ...taps]) {
  test(`3×3, bfloat16, ${nameOf(c)}: batch norm, addition and ReLU with it in evaluation`, () => {
    scope(() => {
      const { conv, norm, x, residual } = withNorm(c);
      norm.eval();
      const { weight, bias, runningMean } = norm;
      const [w, b, mean] = [weight as Tensor, bias as Tensor, runningMean].map((t) =>
        t.detach().to('float64').reshape([1, -1, 1, 1]),
      ) as [Tensor, Tensor, Tensor];
      const exact = ofLibtorch(x.to('float64'), conv.weight.detach().to('float64'), null, c.stride);
      for (const format of ['channelsLast', 'contiguous'] as const) {
        for (const adds of [false, true]) {
          for (const relu of [false, true]) {
            const added = adds ? residual.to('bfloat16').contiguous({ memoryFormat: format }) : null;
            const images = x.contiguous({ memoryFormat: format });
            const run = (): Tensor =>
              autocast(() => conv.forwardNormalised(images, norm, { residual: added, relu }));
            const actual = noGrad(run);
            let expected = w.mul(exact.sub(mean)).add(b);
            if (added) expected = expected.add(added.to('float64'));
            if (relu) expected = expected.clamp({ min: 0 });
            assert.equal(actual.dtype, 'bfloat16');
            if (winograd.includes(c) && hasOwnLoops) {
              assertEqual([actual.add(0)], [expected.to('bfloat16').add(0)]); // 0 for −0
            }
            // With a gradient to come, or tap by tap, the convolution's output is rounded too.
            for (const t of [actual, run()]) {
              const far = distance(t, expected);
              assert.ok(far < 2 ** -7, `relative distance ${far}`);
            }
          }
        }
      }
    });
  });
}

test('convolution and batch norm one after the other, to the last bit, in training, in float32 and with a bias', () => {
  const [c, strided] = [winograd[0], taps[0]] as [Case, Case];
  const cases: [Case, boolean, (body: () => Tensor) => Tensor][] = [
    [c, true, (body) => noGrad(() => autocast(body))],
    [c, false, (body) => noGrad(body)],
    [{ ...c, bias: true }, false, (body) => noGrad(() => autocast(body))],
    [strided, false, (body) => noGrad(() => autocast(body))],
    [c, false, (body) => autocast(body)],
  ];
  for (const [sizes, training, mode] of cases) {
    scope(() => {
      const [a, b] = [withNorm(sizes), withNorm(sizes)];
      for (const { norm } of [a, b]) norm.train(training);
      const together = mode(() => a.conv.forwardNormalised(a.x, a.norm, { relu: true }));
      const apart = mode(() => b.norm.forward(b.conv.forward(b.x), { relu: true }));
      assertEqual([together.detach()], [apart.detach()]);
      assertEqual([a.norm.runningMean, a.norm.runningVar], [b.norm.runningMean, b.norm.runningVar]);
      assert.equal(together.requiresGrad, apart.requiresGrad);
    });
  }
});

test('a norm or a residual of another shape is an error', () => {
  scope(() => {
    const { conv, norm, x, residual } = withNorm(winograd[0] as Case);
    const other = new BatchNorm(32).eval();
    norm.eval();
    const run = (n: BatchNorm, r: Tensor | null): Tensor =>
      noGrad(() => autocast(() => conv.forwardNormalised(x, n, { residual: r })));
    assert.throws(() => run(other as BatchNorm, null), /in la_ssl::conv2d_batch_norm/);
    assert.throws(() => run(norm, residual.slice({ dim: 3, step: 2 })), /in la_ssl::conv2d_batch_norm/);
  });
});

test('wrong arguments are errors that name the operator', () => {
  const wrong: [Tensor, Tensor, number][] = [
    [zeros([8, 16, 4, 4]), zeros([0, 16, 3, 3]), 1],
    [zeros([8, 16, 4, 4]), zeros([16, 32, 3, 3]), 1],
    [zeros([8, 16, 4, 4]), zeros([16, 16, 3, 3]), 0],
    [zeros([8, 16, 4, 4]), zeros([16, 16]), 1],
  ];
  for (const [x, weight, stride] of wrong) {
    weight.requiresGrad_();
    assert.throws(() => cast(own)(x, weight, null, stride), /in la_ssl::conv2d/);
  }
});
