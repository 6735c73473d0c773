/**
 * @file The gradient of every typed operator against central finite differences in float64:
 * `∂L/∂x_i ≈ (L(x + ε e_i) − L(x − ε e_i)) / 2ε`, with `L = Σ w · f(x)` for fixed random weights w.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adaptiveAvgPool2d,
  affineGridGenerator,
  avgPool2d,
  batchNorm,
  call,
  cat,
  conv2d,
  cosineSimilarity,
  crossEntropyLoss,
  dropout,
  einsum,
  embedding,
  fromData,
  Generator,
  gridSampler,
  layerNorm,
  linear,
  liveTensorCount,
  manualSeed,
  maxPool2d,
  mseLoss,
  noGrad,
  randn,
  scope,
  stack,
  type Tensor,
  tensor,
  upsampleBilinear2d,
  where,
  zeros,
} from './index.js';
import { assertAllclose } from './testing.js';

const EPSILON = 1e-5;

const f64 = { dtype: 'float64' } as const;
const int64 = { dtype: 'int64' } as const;
const positive = (x: Tensor): Tensor => x.abs().add(0.5);
const index = (values: number[] | number[][]): Tensor => tensor(values, int64);
const mask = (shape: readonly number[]): Tensor => randn(shape, { generator: new Generator(5) }).gt(0);
const each = (parts: Tensor[]): Tensor => cat(parts.map((part, i) => part.mul(i + 1).flatten()));
/** `native/batch_norm.cc`, in channels-last, where its own loops run. */
function fusedBatchNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  running: (Tensor | null)[],
  residual: Tensor | null,
  training: boolean,
  relu: boolean,
): Tensor {
  const last = x.shape.length === 4 ? x.contiguous({ memoryFormat: 'channelsLast' }) : x;
  const args = [last, weight, bias, ...running, residual, training, 0.1, 1e-5, relu];
  return call('la_ssl::batch_norm', ...args) as Tensor;
}

interface Case {
  /** Sizes of the inputs that the gradient is taken for. */
  shapes: number[][];
  f: (...inputs: [Tensor, Tensor, Tensor, Tensor]) => Tensor;
  /** Brings normally distributed inputs to where the operator is defined and smooth. */
  domain?: (x: Tensor) => Tensor;
}
const pair = [
  [2, 3],
  [2, 3],
];
const broadcast = [[2, 3], [3]];
const one = [[2, 3]];
const images = [[2, 2, 5, 4]];

/** By the name of the operator; what follows a colon tells cases of one operator apart. */
const cases: Record<string, Case> = {
  add: { shapes: broadcast, f: (x, y) => x.add(y, { alpha: 2 }) },
  sub: { shapes: broadcast, f: (x, y) => x.sub(y, { alpha: 0.5 }) },
  mul: { shapes: broadcast, f: (x, y) => x.mul(y) },
  'mul: by a number': { shapes: one, f: (x) => x.mul(3).add(1).sub(2).div(4) },
  div: { shapes: broadcast, f: (x, y) => x.div(y), domain: positive },
  divRounded: { shapes: pair, f: (x, y) => x.divRounded(y, { roundingMode: null }), domain: positive },
  remainder: { shapes: pair, f: (x, y) => x.remainder(y), domain: positive },
  pow: { shapes: pair, f: (x, y) => x.pow(y).add(x.pow(3)), domain: positive },
  neg: { shapes: one, f: (x) => x.neg() },
  abs: { shapes: one, f: (x) => x.abs() },
  sign: { shapes: one, f: (x) => x.sign().mul(x) },
  square: { shapes: one, f: (x) => x.square() },
  sqrt: { shapes: one, f: (x) => x.sqrt(), domain: positive },
  rsqrt: { shapes: one, f: (x) => x.rsqrt(), domain: positive },
  reciprocal: { shapes: one, f: (x) => x.reciprocal(), domain: positive },
  exp: { shapes: one, f: (x) => x.exp() },
  expm1: { shapes: one, f: (x) => x.expm1() },
  log: { shapes: one, f: (x) => x.log(), domain: positive },
  log1p: { shapes: one, f: (x) => x.log1p(), domain: positive },
  sin: { shapes: one, f: (x) => x.sin() },
  cos: { shapes: one, f: (x) => x.cos() },
  atan2: { shapes: pair, f: (x, y) => x.atan2(y) },
  floor: { shapes: one, f: (x) => x.floor().mul(x) },
  round: { shapes: one, f: (x) => x.round().mul(x) },
  trunc: { shapes: one, f: (x) => x.trunc().mul(x) },
  clamp: { shapes: one, f: (x) => x.clamp({ min: -0.5, max: 0.7 }) },
  maximum: { shapes: broadcast, f: (x, y) => x.maximum(y) },
  minimum: { shapes: broadcast, f: (x, y) => x.minimum(y) },
  lerp: { shapes: [...pair, [2, 3]], f: (x, y, w) => x.lerp(y, w).add(x.lerp(y, 0.3)) },
  add_: { shapes: pair, f: (x, y) => x.mul(2).add_(y) },
  sub_: { shapes: pair, f: (x, y) => x.mul(2).sub_(y) },
  mul_: { shapes: pair, f: (x, y) => x.mul(2).mul_(y) },
  div_: { shapes: pair, f: (x, y) => x.mul(2).div_(y), domain: positive },
  lerp_: { shapes: pair, f: (x, y) => x.mul(2).lerp_(y, 0.3) },
  clamp_: { shapes: one, f: (x) => x.mul(2).clamp_({ min: -1 }) },
  abs_: { shapes: one, f: (x) => x.mul(2).abs_() },
  floor_: { shapes: one, f: (x) => x.mul(2).floor_().mul(x) },
  zero_: { shapes: one, f: (x) => x.mul(2).zero_().add(x) },
  fill_: { shapes: [[2, 3], []], f: (x, y) => x.mul(2).fill_(y) },
  copy_: { shapes: broadcast, f: (x, y) => x.mul(2).copy_(y) },
  relu: { shapes: one, f: (x) => x.relu() },
  relu_: { shapes: one, f: (x) => x.mul(2).relu_() },
  gelu: { shapes: one, f: (x) => x.gelu().add(x.gelu({ approximate: 'tanh' })) },
  sigmoid: { shapes: one, f: (x) => x.sigmoid() },
  tanh: { shapes: one, f: (x) => x.tanh() },
  erf: { shapes: one, f: (x) => x.erf() },
  softmax: { shapes: one, f: (x) => x.softmax(1) },
  logSoftmax: { shapes: one, f: (x) => x.logSoftmax(0) },
  sum: { shapes: one, f: (x) => x.sum(1).add(x.sum()) },
  mean: { shapes: one, f: (x) => x.mean(0, { keepdim: true }).add(x.mean()) },
  variance: { shapes: one, f: (x) => x.variance([1]).add(x.variance(null, { correction: 0 })) },
  std: { shapes: one, f: (x) => x.std([0], { correction: 0 }) },
  amax: { shapes: one, f: (x) => x.amax({ dim: [1] }) },
  amin: { shapes: one, f: (x) => x.amin({ dim: [0], keepdim: true }) },
  logsumexp: { shapes: one, f: (x) => x.logsumexp(1) },
  norm: { shapes: one, f: (x) => x.norm({ dim: 1, keepdim: true }).add(x.norm({ ord: 3 })) },
  cumsum: { shapes: one, f: (x) => x.cumsum(1) },
  sort: { shapes: one, f: (x) => x.sort({ dim: 1, descending: true })[0] },
  topk: { shapes: one, f: (x) => x.topk(2, { dim: 1 })[0] },
  reshape: { shapes: one, f: (x) => x.t().reshape([2, -1]) },
  view: { shapes: one, f: (x) => x.view([3, 2]) },
  permute: { shapes: [[2, 3, 2]], f: (x) => x.permute([2, 0, 1]) },
  transpose: { shapes: [[2, 3, 2]], f: (x) => x.transpose(0, -1) },
  t: { shapes: one, f: (x) => x.t() },
  unsqueeze: { shapes: one, f: (x) => x.unsqueeze(1) },
  squeeze: { shapes: [[1, 3, 1]], f: (x) => x.squeeze().add(x.squeeze(0).sum()) },
  flatten: { shapes: [[2, 3, 2]], f: (x) => x.flatten({ startDim: 1 }) },
  expand: { shapes: [[3, 1]], f: (x) => x.expand([2, -1, 2]) },
  repeat: { shapes: one, f: (x) => x.repeat([2, 2]) },
  repeatInterleave: { shapes: one, f: (x) => x.repeatInterleave(2, { dim: 1 }) },
  flip: { shapes: one, f: (x) => x.flip([0, 1]) },
  roll: { shapes: one, f: (x) => x.roll([1], { dims: [1] }) },
  contiguous: { shapes: images, f: (x) => x.contiguous({ memoryFormat: 'channelsLast' }) },
  clone: { shapes: one, f: (x) => x.clone() },
  select: { shapes: one, f: (x) => x.select(1, -1) },
  slice: { shapes: [[5, 2]], f: (x) => x.slice({ start: 1, step: 2 }) },
  narrow: { shapes: one, f: (x) => x.narrow(1, 1, 2) },
  indexSelect: { shapes: one, f: (x) => x.indexSelect(1, index([2, 0, 2])) },
  index: { shapes: one, f: (x) => x.index([index([1, 0, 1]), index([2, 0, 2])]) },
  gather: {
    shapes: one,
    f: (x) =>
      x.gather(
        1,
        index([
          [0, 0],
          [2, 1],
        ]),
      ),
  },
  scatter: {
    shapes: [
      [2, 3],
      [2, 2],
    ],
    f: (x, y) =>
      x.scatter(
        1,
        index([
          [0, 2],
          [2, 1],
        ]),
        y,
      ),
  },
  'scatter: a number': { shapes: one, f: (x) => x.scatter(1, index([[0], [2]]), 3) },
  indexCopy_: {
    shapes: [
      [3, 2],
      [2, 2],
    ],
    f: (x, y) => x.mul(2).indexCopy_(0, index([2, 0]), y),
  },
  indexAdd: {
    shapes: [
      [3, 2],
      [2, 2],
    ],
    f: (x, y) => x.indexAdd(0, index([2, 2]), y, { alpha: 2 }),
  },
  maskedFill: { shapes: [[2, 3], []], f: (x, y) => x.maskedFill(mask([2, 3]), y) },
  maskedSelect: { shapes: one, f: (x) => x.maskedSelect(mask([2, 3])) },
  chunk: { shapes: [[2, 5]], f: (x) => each(x.chunk(2, { dim: 1 })) },
  split: { shapes: [[5, 2]], f: (x) => each(x.split(2)) },
  unbind: { shapes: one, f: (x) => each(x.unbind({ dim: 1 })) },
  diagonal: { shapes: [[3, 3]], f: (x) => x.diagonal({ offset: 1 }) },
  tril: { shapes: [[3, 3]], f: (x) => x.tril() },
  triu: { shapes: [[3, 3]], f: (x) => x.triu({ diagonal: 1 }) },
  pad: { shapes: images, f: (x) => x.pad([1, 2, 0, 1]).add(x.pad([1, 2, 0, 1], { mode: 'reflect' })) },
  matmul: {
    shapes: [
      [2, 2, 3],
      [3, 2],
    ],
    f: (x, y) => x.matmul(y),
  },
  mm: {
    shapes: [
      [2, 3],
      [3, 2],
    ],
    f: (x, y) => x.mm(y),
  },
  bmm: {
    shapes: [
      [2, 2, 3],
      [2, 3, 2],
    ],
    f: (x, y) => x.bmm(y),
  },
  addmm: {
    shapes: [
      [2, 2],
      [2, 3],
      [3, 2],
    ],
    f: (x, y, z) => x.addmm(y, z, { beta: 2, alpha: 3 }),
  },
  dot: { shapes: [[4], [4]], f: (x, y) => x.dot(y) },
  cat: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    f: (x, y) => cat([x, y, x], { dim: 1 }),
  },
  stack: { shapes: pair, f: (x, y) => stack([x, y, x], { dim: 1 }) },
  where: { shapes: pair, f: (x, y) => where(mask([2, 3]), x, y).add(where(mask([2, 3]), x, 2)) },
  einsum: {
    shapes: [
      [2, 3],
      [4, 3],
    ],
    f: (x, y) => einsum('nd,md->nm', [x, y]),
  },
  conv2d: {
    shapes: [[2, 2, 5, 4], [3, 2, 3, 3], [3]],
    f: (x, w, b) => conv2d(x, w, { bias: b, stride: 2, padding: 1 }),
  },
  'conv2d: groups, dilation': {
    shapes: [
      [2, 2, 5, 5],
      [4, 1, 2, 2],
    ],
    f: (x, w) => conv2d(x, w, { groups: 2, dilation: [2, 1] }),
  },
  'conv2d: native/conv2d.cc': {
    shapes: [[8, 16, 3, 2], [16, 16, 3, 3], [16]],
    f: (x, w, b) => call('la_ssl::conv2d', x, w, b, 2, 1) as Tensor,
  },
  'conv2d: channels last': {
    shapes: [
      [2, 2, 5, 4],
      [3, 2, 3, 3],
    ],
    f: (x, w) => {
      const [input, weight] = [x, w].map((t) => t.contiguous({ memoryFormat: 'channelsLast' }));
      return conv2d(input as Tensor, weight as Tensor);
    },
  },
  linear: { shapes: [[2, 3], [4, 3], [4]], f: (x, w, b) => linear(x, w, { bias: b }) },
  batchNorm: {
    shapes: [[3, 2, 2, 2], [2], [2]],
    f: (x, w, b) => batchNorm(x, w, b, zeros([2], f64), zeros([2], f64), true, 0.1, 1e-5, true),
  },
  'batchNorm: evaluation': {
    shapes: [[3, 2], [2], [2]],
    f: (x, w, b) => {
      const [mean, variance] = [tensor([0.3, -0.2], f64), tensor([0.5, 2], f64)];
      return batchNorm(x, w, b, mean, variance, false, 0.1, 1e-5, true);
    },
  },
  'fused batch norm': {
    shapes: [[2, 3, 3, 2], [3], [3], [2, 3, 3, 2]],
    f: (x, w, b, residual) => fusedBatchNorm(x, w, b, [null, null], residual, true, true),
  },
  'fused batch norm: evaluation': {
    shapes: [[4, 2], [2], [2]],
    f: (x, w, b) => {
      const running = [tensor([0.3, -0.2], f64), tensor([0.5, 2], f64)];
      return fusedBatchNorm(x, w, b, running, null, false, false);
    },
  },
  'addition and layer norm': {
    shapes: [[2, 3], [2, 3], [3], [3]],
    f: (x, branch, w, b) => {
      const args = [x, branch, b, w, b, 1e-5, false];
      return cat(call('la_ssl::add_layer_norm', ...args) as Tensor[]);
    },
  },
  'bias and GELU': { shapes: [[4, 3], [3]], f: (x, b) => call('la_ssl::bias_gelu', x, b) as Tensor },
  'self-attention': {
    shapes: [[2, 3, 12], [12]],
    f: (qkv, b) => call('la_ssl::self_attention', qkv, b, 2) as Tensor,
  },
  layerNorm: { shapes: [[2, 3], [3], [3]], f: (x, w, b) => layerNorm(x, [3], { weight: w, bias: b }) },
  maxPool2d: { shapes: images, f: (x) => maxPool2d(x, 3, { stride: 2, padding: 1 }) },
  avgPool2d: { shapes: images, f: (x) => avgPool2d(x, 2, { padding: 1, countIncludePad: false }) },
  adaptiveAvgPool2d: { shapes: images, f: (x) => adaptiveAvgPool2d(x, [2, 3]) },
  crossEntropyLoss: {
    shapes: [[3, 4]],
    f: (x) => crossEntropyLoss(x, index([1, 3, 1]), { labelSmoothing: 0.1, reduction: 'none' }),
  },
  'crossEntropyLoss: distributions': {
    shapes: [
      [3, 4],
      [3, 4],
    ],
    f: (x, y) => crossEntropyLoss(x, y.softmax(1)),
  },
  mseLoss: { shapes: pair, f: (x, y) => mseLoss(x, y, { reduction: 'sum' }) },
  cosineSimilarity: { shapes: pair, f: (x, y) => cosineSimilarity(x, y) },
  dropout: {
    shapes: [[4, 4]],
    f: (x) => {
      manualSeed(7);
      return dropout(x, 0.5, true);
    },
  },
  embedding: { shapes: [[4, 2]], f: (x) => embedding(x, index([3, 0, 3])) },
  gridSampler: {
    shapes: [
      [2, 2, 4, 3],
      [2, 3, 2, 2],
    ],
    f: (x, grid) => gridSampler(x, grid.tanh(), 0, 0, false).add(gridSampler(x, grid, 0, 2, true)),
  },
  affineGridGenerator: { shapes: [[2, 2, 3]], f: (x) => affineGridGenerator(x, [2, 1, 2, 3], false) },
  upsampleBilinear2d: { shapes: images, f: (x) => upsampleBilinear2d(x, [3, 7], false) },
};

/** Operators whose result no gradient flows through: booleans, integers, new tensors, random fills. */
const WITHOUT_GRADIENT = [
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'logicalAnd', 'logicalOr', 'logicalNot', 'isfinite', 'all', 'any'],
  ...['argmax', 'argmin', 'argsort', 'bincount', 'nonzero', 'uniform_', 'normal_', 'bernoulli_', 'detach'],
  ...['zeros', 'ones', 'empty', 'full', 'arange', 'linspace', 'eye', 'rand', 'randn', 'randint', 'randperm'],
  ...['zerosLike', 'onesLike', 'emptyLike'],
];

for (const [name, { shapes, f, domain }] of Object.entries(cases)) {
  test(`gradient of ${name}`, () => {
    const before = liveTensorCount();
    scope(() => {
      const generator = new Generator(11);
      const draw = (shape: readonly number[]) => randn(shape, { ...f64, generator });
      const inputs = shapes.map((shape) => {
        const x = draw(shape);
        return (domain ? domain(x) : x).requiresGrad_();
      });
      const apply = (values: Tensor[]) => f(...(values as [Tensor, Tensor, Tensor, Tensor]));
      const output = apply(inputs);
      const weights = draw(output.shape);
      output.mul(weights).sum().backward();
      for (const [position, input] of inputs.entries()) {
        const values = input.toFloat64Array();
        const objectiveAt = (element: number, offset: number): number =>
          scope(() => {
            const moved = values.slice();
            moved[element] = (values[element] as number) + offset;
            const changed = inputs.with(position, fromData(moved, input.shape));
            return noGrad(() => apply(changed))
              .mul(weights)
              .sum()
              .item();
          });
        const numeric = values.map(
          (_, i) => (objectiveAt(i, EPSILON) - objectiveAt(i, -EPSILON)) / (2 * EPSILON),
        );
        assert.ok(input.grad, `input ${position} has no gradient`);
        // Central differences are off by ε² times the third derivative and by rounding / ε, both about 1e-10.
        assertAllclose(input.grad, fromData(numeric, input.shape), { rtol: 1e-6, atol: 1e-8 });
      }
    });
    assert.equal(liveTensorCount(), before);
  });
}

test('every typed operator has its gradient tested, or none', async () => {
  const list = new URL('../scripts/operators.mjs', import.meta.url).href;
  const { methods, functions } = (await import(list)) as Record<'methods' | 'functions', [string][]>;
  const operators = [...methods, ...functions].map(([name]) => name);
  const covered = new Set([...Object.keys(cases).map((name) => name.split(':')[0]), ...WITHOUT_GRADIENT]);
  const missing = operators.filter((name) => !covered.has(name));
  assert.deepEqual(missing, [], 'add a case to gradients.test.ts');
});
