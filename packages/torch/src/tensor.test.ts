/** @file Data in and out, dtypes, layouts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arange,
  autocast,
  call,
  type DType,
  fromData,
  getThreads,
  hasFastBfloat16,
  libtorchVersion,
  ones,
  setThreads,
  Tensor,
  type TensorData,
  tensor,
  zeros,
} from './index.js';
import { assertAllclose } from './testing.js';

const DTYPES: Record<DType, { array: new (length: number) => TensorData; bytes: number }> = {
  uint8: { array: Uint8Array, bytes: 1 },
  int8: { array: Int8Array, bytes: 1 },
  int16: { array: Int16Array, bytes: 2 },
  int32: { array: Int32Array, bytes: 4 },
  int64: { array: BigInt64Array, bytes: 8 },
  float16: { array: Uint16Array, bytes: 2 },
  bfloat16: { array: Uint16Array, bytes: 2 },
  float32: { array: Float32Array, bytes: 4 },
  float64: { array: Float64Array, bytes: 8 },
  bool: { array: Uint8Array, bytes: 1 },
};

for (const [dtype, { array, bytes }] of Object.entries(DTYPES) as [DType, (typeof DTYPES)[DType]][]) {
  test(`${dtype}: numbers in, typed array out, and back`, () => {
    const x = tensor(
      [
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      { dtype },
    );
    assert.equal(x.dtype, dtype);
    assert.deepEqual(x.shape, [3, 2]);
    assert.equal(x.numel, 6);
    const data = x.data();
    assert.ok(data instanceof array);
    assert.equal(data.byteLength, 6 * bytes);
    const again = fromData(data, x.shape, dtype);
    assert.equal(again.dtype, dtype);
    assert.deepEqual(again.tolist(), [
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    assert.deepEqual(fromData(new Uint8Array(data.buffer), [6], dtype).tolist(), [0, 1, 1, 0, 1, 1]);
  });
}

test('a typed array says its dtype itself', () => {
  assert.equal(fromData(Float32Array.of(1)).dtype, 'float32');
  assert.equal(fromData(BigInt64Array.of(1n)).dtype, 'int64');
  assert.equal(fromData(Uint8ClampedArray.of(1)).dtype, 'uint8');
  assert.equal(fromData(Buffer.from([7])).item(), 7);
});

test('only the viewed part of a buffer is taken, a SharedArrayBuffer too, and it is copied', () => {
  const shared = new Float32Array(new SharedArrayBuffer(16), 4, 2);
  shared.set([1, 2]);
  const x = fromData(shared);
  shared.fill(9);
  assert.deepEqual(x.tolist(), [1, 2]);
});

test('bits of 16-bit floats', () => {
  assert.deepEqual([...tensor([1, -2], { dtype: 'bfloat16' }).data()], [0x3f80, 0xc000]);
  assert.deepEqual([...tensor([1, -2], { dtype: 'float16' }).data()], [0x3c00, 0xc000]);
});

test('int64 beyond 2^53 goes through data() unharmed', () => {
  const big = 2n ** 62n + 1n;
  const x = fromData(BigInt64Array.of(big));
  assert.deepEqual([...x.add(1).data()], [big + 1n]);
  assert.deepEqual([...(call('aten::add.Scalar', x, big) as Tensor).data()], [big * 2n - 2n ** 64n]);
});

test('data comes in row-major order from any layout', () => {
  const x = arange(0, 6).reshape([2, 3]);
  assert.deepEqual(x.t().tolist(), [
    [0, 3],
    [1, 4],
    [2, 5],
  ]);
  assert.deepEqual([...x.t().data()], [0n, 3n, 1n, 4n, 2n, 5n]);
  assert.deepEqual(x.slice({ dim: 1, step: 2 }).tolist(), [
    [0, 2],
    [3, 5],
  ]);
  assert.deepEqual(zeros([1]).expand([3]).tolist(), [0, 0, 0]);
  const images = arange(0, 24).reshape([1, 2, 3, 4]);
  const last = images.contiguous({ memoryFormat: 'channelsLast' });
  assert.deepEqual(last.strides, [24, 1, 8, 2]);
  assert.deepEqual(last.tolist(), images.tolist());
});

test('shapes of every kind, empty and 0-dimensional', () => {
  assert.equal(tensor(3).item(), 3);
  assert.deepEqual(tensor(3).shape, []);
  assert.deepEqual(tensor([]).shape, [0]);
  assert.deepEqual(tensor([[], []]).shape, [2, 0]);
  assert.deepEqual(tensor([[], []]).tolist(), [[], []]);
  assert.deepEqual(tensor([[[1]]]).tolist(), [[[1]]]);
  assert.equal(String(tensor([[1, 2]])), 'Tensor(shape=[1, 2], dtype=float32)');
});

test('a shape is read anew after an operator that changes it in place', () => {
  const x = zeros([2, 3]);
  assert.deepEqual(x.shape, [2, 3]);
  call('aten::resize_', x, [4]);
  assert.deepEqual(x.shape, [4]);
  assert.equal(x.data().length, 4);
});

test('to converts, and gives the same memory where nothing is to convert', () => {
  const x = tensor([1.7, -1.7]);
  assert.deepEqual(x.to('int32').tolist(), [1, -1]);
  x.to('float32').fill_(0);
  assert.deepEqual(x.tolist(), [0, 0]);
  x.to('float32', { copy: true }).fill_(1);
  assert.deepEqual(x.tolist(), [0, 0]);
  assert.equal(x.toDevice('cpu').device, 'cpu');
});

test('whole numbers are integers to ATen, fractions doubles', () => {
  assert.equal(arange(0, 3).dtype, 'int64');
  assert.equal(arange(0, 3, { step: 0.5 }).dtype, 'float32');
  assert.deepEqual(arange(0, 2, { step: 0.5 }).tolist(), [0, 0.5, 1, 1.5]);
});

test('call reaches operators that have no typed function', () => {
  const [values, indices] = call('aten::mode', tensor([1, 2, 2])) as [Tensor, Tensor];
  assert.equal(values.item(), 2);
  assert.ok(indices instanceof Tensor);
  assert.equal(call('aten::size.int', ones([2, 5]), 1), 5);
  assert.equal(call('aten::is_floating_point', ones([1])), true);
  assert.equal(call('aten::fill_.Scalar', ones([1]), 2), undefined);
  const parts = call('aten::split_with_sizes', ones([3]), [1, 2]) as Tensor[];
  assert.deepEqual(
    parts.map(({ shape }) => shape),
    [[1], [2]],
  );
});

test('autocast computes products in bfloat16, and their gradients arrive in float32', () => {
  const [a, b] = [ones([2, 3]).requiresGrad_(), ones([3, 2])];
  const product = autocast(() => a.mm(b));
  assert.equal(product.dtype, 'bfloat16');
  product.sum().backward();
  assert.equal(a.grad?.dtype, 'float32');
  assertAllclose(a.grad!, [
    [2, 2, 2],
    [2, 2, 2],
  ]);
  assert.equal(typeof hasFastBfloat16(), 'boolean');
});

test('threads and version', () => {
  const before = getThreads();
  setThreads(1);
  assert.equal(getThreads(), 1);
  setThreads(before);
  assert.match(libtorchVersion, /^(1\.13|2)\./);
});
