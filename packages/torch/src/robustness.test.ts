/** @file Wrong use: an Error that names the operator with its schema, and a process that lives on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  call,
  conv2d,
  crossEntropyLoss,
  type DType,
  embedding,
  fromData,
  Generator,
  gridSampler,
  liveTensorCount,
  type MemoryFormat,
  manualSeed,
  ones,
  rand,
  randint,
  randn,
  scope,
  setThreads,
  type Tensor,
  takeShared,
  tensor,
  zeros,
} from './index.js';

const int64 = { dtype: 'int64' } as const;
const index = (...values: number[]) => tensor(values, int64);
const matrix = () => ones([2, 3]);
const leaf = () => ones([2]).requiresGrad_();
/** What TypeScript would refuse, and JavaScript can still pass. */
const wrong = <T>(value: unknown): T => value as T;

/** What is done, and what its message must hold: the reason, and the operator's schema. */
const mistakes: Record<string, [() => unknown, RegExp, string]> = {
  'unknown operator': [() => call('aten::nonsense', matrix()), /no operator 'aten::nonsense'/, 'lookup('],
  'unknown overload': [
    () => call('aten::add.Nonsense', matrix()),
    /no operator 'aten::add.Nonsense'/,
    'lookup(',
  ],
  'a name that is no string': [() => call(wrong(Symbol('x'))), /no operator 'Symbol\(x\)'/, 'lookup('],
  'no argument': [
    () => call('aten::relu'),
    /argument 'self': expected a Tensor, got undefined/,
    'aten::relu(',
  ],
  'too many arguments': [() => call('aten::relu', matrix(), 1), /too many arguments/, 'aten::relu('],
  'a string for a tensor': [
    () => matrix().mm(wrong('x')),
    /'mat2': expected a Tensor, got the string 'x'/,
    'aten::mm(',
  ],
  'null for a tensor': [
    () => matrix().add(wrong(null)),
    /'other': expected a Tensor, got null/,
    'aten::add.Tensor(',
  ],
  'an array for a tensor': [() => matrix().mm(wrong([[1]])), /expected a Tensor, got an array/, 'aten::mm('],
  'an object for a tensor': [
    () => matrix().mm(wrong({ handle: 1 })),
    /no Tensor of this thread/,
    'aten::mm(',
  ],
  'a generator for a tensor': [
    () => matrix().mm(wrong(new Generator(1))),
    /expected a Tensor, got a Tensor or another native handle/,
    'aten::mm(',
  ],
  'a tensor for a generator': [
    () => rand([2], { generator: wrong(matrix()) }),
    /expected a Generator/,
    'aten::rand.',
  ],
  'a tensor for a list': [
    () => matrix().reshape(wrong(matrix())),
    /'shape': expected an array/,
    'aten::reshape(',
  ],
  'a string in a list': [
    () => zeros(wrong([2, 'x'])),
    /expected an integer or a reduction .*, got the string 'x'/,
    'aten::zeros(',
  ],
  'a number for a boolean': [
    () => gridSampler(ones([1, 1, 2, 2]), ones([1, 1, 1, 2]), 0, 0, wrong(1)),
    /'align_corners': expected true or false, got the number 1/,
    'aten::grid_sampler(',
  ],
  'a symbol for a number': [
    () => matrix().add(wrong(Symbol('x'))),
    /expected a number, got a symbol/,
    'aten::add.Scalar(',
  ],
  'NaN for an integer': [
    () => zeros([Number.NaN]),
    /'size': expected an integer, got the number NaN/,
    'aten::zeros(',
  ],
  'a fraction for an integer': [
    () => matrix().select(0.5, 0),
    /expected an integer, got the number 0.5/,
    'aten::select.int(',
  ],
  'an integer beyond 2^53': [() => matrix().select(0, 2 ** 60), /expected an integer/, 'aten::select.int('],
  'an unknown dtype': [
    () => matrix().to(wrong<DType>('float99')),
    /expected a dtype \('float32', .*got the string 'float99'/,
    'aten::to.dtype(',
  ],
  'a reduction for a dtype': [
    () => zeros([2], { dtype: wrong<DType>('mean') }),
    /expected a dtype/,
    'aten::zeros(',
  ],
  'a number for a dtype': [() => matrix().to(wrong<DType>(6)), /expected a dtype/, 'aten::to.dtype('],
  'an unknown memory format': [
    () => matrix().contiguous({ memoryFormat: wrong<MemoryFormat>('channels_last') }),
    /expected a memory format \('contiguous'/,
    'aten::contiguous(',
  ],
  'an unknown device': [() => zeros([2], { device: 'banana' }), /banana/, 'aten::zeros('],
  'a device that is not there': [() => zeros([2], { device: 'cuda:99' }), /CUDA/i, 'aten::zeros('],
  'shapes that do not broadcast': [() => matrix().add(ones([4])), /must match the size/, 'aten::add.Tensor('],
  'matrices that do not multiply': [() => matrix().mm(matrix()), /2x3 and 2x3/, 'aten::mm('],
  'a wrong number of elements': [
    () => matrix().reshape([5]),
    /invalid for input of size 6/,
    'aten::reshape(',
  ],
  'a dimension out of range': [() => matrix().sum(2), /Dimension out of range/, 'aten::sum.dim_IntList('],
  'a channels-last matrix': [
    () => matrix().contiguous({ memoryFormat: 'channelsLast' }),
    /rank 4/,
    'aten::contiguous(',
  ],
  'a negative size': [() => zeros([-1]), /negative dimension/, 'aten::zeros('],
  '1e15 elements': [() => zeros([1e15]), /memory/, 'aten::zeros('],
  'a size beyond 64 bits': [() => zeros([2 ** 40, 2 ** 40]), /overflow/i, 'aten::zeros('],
  'repeats beyond 64 bits': [
    () => ones([2048]).repeatInterleave(2 ** 53),
    /too large/,
    'aten::repeat_interleave.',
  ],
  'an index out of range: select': [() => matrix().select(0, 2), /out of range/, 'aten::select.int('],
  'an index out of range: index': [() => matrix().index([index(7)]), /out of bounds/, 'aten::index.Tensor('],
  'an index out of range: indexSelect': [
    () => matrix().indexSelect(0, index(7)),
    /out of range/,
    'aten::index_select(',
  ],
  'an index out of range: gather': [
    () => matrix().gather(1, tensor([[7]], int64)),
    /out of bounds/,
    'aten::gather(',
  ],
  'an index out of range: scatter': [
    () => matrix().scatter(1, tensor([[7]], int64), 1),
    /out of bounds/,
    'aten::scatter.value(',
  ],
  'an index out of range: indexAdd': [
    () => matrix().indexAdd(0, index(7), ones([1, 3])),
    /out of range|out of bounds/,
    'aten::index_add(',
  ],
  'an index out of range: indexCopy_': [
    () => matrix().indexCopy_(0, index(7), ones([1, 3])),
    /out of bounds/,
    'aten::index_copy_(',
  ],
  'an index out of range: embedding': [
    () => embedding(matrix(), index(7)),
    /out of range/,
    'aten::embedding(',
  ],
  'an index out of range: crossEntropyLoss': [
    () => crossEntropyLoss(matrix(), index(0, 7)),
    /out of bounds/,
    'aten::cross_entropy_loss(',
  ],
  'a negative class': [
    () => crossEntropyLoss(matrix(), index(0, -1)),
    /out of bounds/,
    'aten::cross_entropy_loss(',
  ],
  'indices that are no integers': [
    () => matrix().indexSelect(0, ones([1])),
    /int32 or int64/,
    'aten::index_select(',
  ],
  'a negative count': [() => index(-1).bincount(), /non-negative/, 'aten::bincount('],
  'the least integer by -1': [
    () =>
      zeros([1], int64)
        .fill_(-(2 ** 63))
        .remainder(-1),
    /the least int64/,
    'aten::remainder.Scalar(',
  ],
  'an integer division by zero': [
    () => index(1).divRounded(0, { roundingMode: 'floor' }),
    /ZeroDivision/,
    'aten::div.Scalar_mode(',
  ],
  'no groups': [
    () => conv2d(ones([1, 2, 3, 3]), ones([2, 2, 1, 1]), { groups: 0 }),
    /groups is 0/,
    'aten::conv2d(',
  ],
  'more groups than channels': [
    () => conv2d(ones([1, 2, 3, 3]), ones([2, 2, 1, 1]), { groups: 2 ** 53 }),
    /groups is 9007199254740992/,
    'aten::conv2d(',
  ],
  'scales that contradict the sizes': [
    () => call('aten::upsample_bilinear2d', ones([1, 1, 4, 4]), [4, 4], false, 1e-8, 1e-8),
    /leave scales_h and scales_w out/,
    'aten::upsample_bilinear2d(',
  ],
  'an empty range': [() => randint(5, 5, [1]), /from|low/, 'aten::randint.low_generator('],
  'a freed tensor': [
    () => {
      const x = matrix();
      x.dispose();
      x.dispose();
      return x.add(1);
    },
    /'self': this Tensor was freed/,
    'aten::add.Scalar(',
  ],
  "a freed tensor's shape": [
    () => {
      const x = matrix();
      x.dispose();
      return x.shape;
    },
    /this Tensor was freed/,
    'shape(Tensor self)',
  ],
  'backward without a graph': [() => ones([]).backward(), /does not require grad/, 'backward(Tensor self'],
  'backward of many elements': [
    () => leaf().mul(2).backward(),
    /only for scalar outputs/,
    'backward(Tensor self',
  ],
  'backward twice': [
    () => {
      const loss = leaf().square().sum();
      loss.backward();
      loss.backward();
    },
    /second time/,
    'backward(Tensor self',
  ],
  'backward with a gradient of another shape': [
    () =>
      leaf()
        .mul(2)
        .backward({ gradient: ones([3]) }),
    /shape/,
    'backward(Tensor self',
  ],
  'a leaf that requires grad, in place': [
    () => leaf().add_(1),
    /a leaf Variable that requires grad/,
    'aten::add_.Scalar(',
  ],
  'what backward needs, changed in place': [
    () => {
      const x = leaf().mul(1);
      const loss = x.square().sum();
      x.add_(1);
      loss.backward();
    },
    /modified by an inplace operation/,
    'backward(Tensor self',
  ],
  'a gradient for integers': [() => index(1).requiresGrad_(), /floating point/, 'aten::requires_grad_('],
  'a gradient of another shape': [
    () => {
      leaf().grad = ones([3]);
    },
    /shape and dtype of its tensor/,
    'setGrad(',
  ],
  'a tensor as its own gradient': [
    () => {
      const x = leaf();
      x.grad = x;
    },
    /not its own gradient/,
    'setGrad(',
  ],
  'data of another size': [
    () => fromData(new Float32Array(3), [2]),
    /12 bytes, its shape and dtype need 8/,
    'fromBytes(',
  ],
  'data of a negative shape': [() => fromData(new Float32Array(3), [-3]), /negative/, 'fromBytes('],
  'no thread': [() => setThreads(0), /at least 1/, 'setThreads('],
  'a seed that is no integer': [() => manualSeed(0.5), /expected an integer/, 'seedGenerator('],
  'no seed': [() => new Generator(wrong(undefined)), /expected an integer, got undefined/, 'newGenerator('],
  'a state that is none': [() => new Generator(1).setState(ones([3])), /state/i, 'setGeneratorState('],
  'a ticket of nobody': [() => takeShared(12345), /no tensor is shared under this number/, 'take('],
};

for (const [mistake, [act, reason, schema]] of Object.entries(mistakes)) {
  test(`throws on ${mistake}`, () => {
    const before = liveTensorCount();
    scope(() =>
      assert.throws(act, (error) => {
        assert.ok(error instanceof Error);
        assert.match(error.message, reason);
        assert.ok(error.message.includes(schema), `no ${schema} in: ${error.message}`);
        assert.doesNotMatch(error.message, /frame #\d/); // no C++ backtrace
        return true;
      }),
    );
    assert.equal(liveTensorCount(), before);
  });
}

test('TypeScript-side checks name the function and what to do', () => {
  assert.throws(() => tensor([[1], [1, 2]]), /tensor\(\): the nested arrays are ragged.*\[2, 1\]/);
  assert.throws(() => tensor([1, [2]]), /ragged/);
  assert.throws(() => tensor([[], [1]]), /ragged/);
  assert.throws(() => tensor(wrong(['a'])), /takes numbers in nested arrays, got a/);
  assert.throws(() => tensor(wrong(null)), /got null/);
  const circular: unknown[] = [];
  circular.push(circular);
  assert.throws(() => tensor(wrong(circular)), /ragged/);
  assert.throws(() => fromData(new Uint32Array(1)), /Uint32Array has no dtype of its own/);
  assert.throws(() => fromData(new Float32Array(1), [1], 'int32'), /Float32Array does not hold int32/);
  assert.throws(() => fromData(new Float32Array(1), [1], wrong<DType>('float99')), /float99/);
  assert.throws(() => fromData(wrong([1, 2])), /Array has no dtype/);
  assert.throws(() => matrix().item(), /item\(\) takes a tensor of one element, got shape \[2, 3\]/);
});

test('more bytes than an ArrayBuffer can have are refused', () => {
  const huge = zeros([1], { dtype: 'uint8' }).expand([2 ** 52]);
  assert.throws(() => huge.data(), RangeError);
});

test('a tensor of a dtype that JavaScript has no array for throws', () => {
  const complex: Tensor = call('aten::complex', ones([2]), ones([2])) as Tensor;
  assert.equal(complex.dtype, 'ComplexFloat');
  assert.throws(() => complex.data(), /ComplexFloat has no typed array/);
});

// With other seeds and half a million calls it found what native/checks.h now refuses.
test('random calls of random operators never end the process', { timeout: 120_000 }, () => {
  const script = fileURLToPath(new URL('../scripts/fuzz.mjs', import.meta.url));
  const child = spawnSync(process.execPath, [script, '--seed', '1', '--calls', '4000'], { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  const { calls, succeeded, left } = JSON.parse(child.stdout) as Record<string, number>;
  assert.equal(calls, 4000);
  assert.equal(left, 0);
  assert.ok((succeeded as number) > 1000 && (succeeded as number) < 3000, `${succeeded} calls succeeded`);
});

test('random numbers are unaffected by failed calls', () => {
  const draw = (fail: boolean) => {
    const generator = new Generator(3);
    const first = randn([2], { generator });
    if (fail) assert.throws(() => randn([-2], { generator }));
    return [first.tolist(), randn([2], { generator }).tolist()];
  };
  assert.deepEqual(draw(true), draw(false));
});
