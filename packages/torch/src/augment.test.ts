/** @file What the operator `la_ssl::augment` refuses, and the least of what it does; la-ssl holds it against ATen's operators. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, fromData, liveTensorCount, noGrad, rand, scope, type Tensor, zeros } from './index.js';

const images = fromData(
  Uint8Array.from({ length: 2 * 3 * 4 * 5 }, (_, i) => 2 * i),
  [2, 3, 4, 5],
);
const crops = fromData(Int32Array.of(0, 1, 0, 2, 4, 3, 5, 3, 0, 1), [5, 2]);
const BLUR = 6;

/** @param change - arguments other than these, by name */
function augment(change: Record<string, unknown> = {}): Tensor {
  const all = {
    ...{ images, crops, size: [4, 5] },
    ...{
      operations: fromData(Uint8Array.of(1, 2), [1, 2]),
      amounts: fromData(Float32Array.of(0.5, 1), [1, 2]),
    },
    ...{ blurSize: 3, mean: [0, 0, 0], std: [1, 1, 1] },
    ...change,
  };
  return call('la_ssl::augment', ...Object.values(all)) as Tensor;
}

test('bytes come out in [0, 1]; a crop of the whole image by a factor, another mirrored', () => {
  const whole = augment().select(0, 0).flatten().mul(255).toFloat64Array();
  for (const [i, value] of whole.entries())
    assert.ok(Math.abs(value - i) < 1e-4, `${value} instead of half of ${2 * i}`);
  const row = augment({ size: [3, 3] })
    .select(0, 1)
    .select(0, 0)
    .select(0, 0)
    .mul(255)
    .round();
  assert.deepEqual(row.tolist(), [138, 136, 134]); // row 1 of image 1, columns 4 to 2; a contrast of 1 is no change
});

test('no images and no steps are fine; no tensor stays behind', () => {
  const none = zeros([0, 3, 4, 5]);
  const nothing = { operations: zeros([0, 2], { dtype: 'uint8' }), amounts: zeros([0, 2]) };
  const before = liveTensorCount();
  scope(() => {
    const steps = { operations: zeros([1, 0], { dtype: 'uint8' }), amounts: zeros([1, 0]) };
    assert.deepEqual(augment({ images: none, crops: null, ...steps }).shape, [0, 3, 4, 5]);
    assert.deepEqual(augment({ crops: null, ...nothing, mean: [], std: [] }).shape, [2, 3, 4, 5]);
    assert.equal(augment({ crops: null, ...nothing }).dtype, 'float32');
  });
  assert.equal(liveTensorCount(), before);
});

test('images that require a gradient are refused, unless nothing is recorded', () => {
  const trained = rand([2, 3, 4, 5]).requiresGrad_();
  assert.throws(() => augment({ images: trained }), /gradient.*detach.*noGrad/s);
  assert.equal(noGrad(() => augment({ images: trained })).requiresGrad, false);
});

const int32 = (...values: number[]) => fromData(Int32Array.of(...values), [5, 2]);
const refused: Record<string, [Record<string, unknown>, RegExp]> = {
  'three dimensions': [{ images: zeros([3, 4, 5]) }, /uint8 or float32 \[N, C, H, W\]/],
  float64: [{ images: zeros([2, 3, 4, 5], { dtype: 'float64' }) }, /Double/],
  'two channels': [{ images: zeros([2, 2, 4, 5]) }, /1 or 3 channels/],
  'no pixels': [{ images: zeros([2, 3, 0, 5]) }, /at least a pixel/],
  'a size of nothing': [{ size: [0, 5] }, /two positive numbers/],
  'a negative size': [{ size: [4, -5] }, /two positive numbers/],
  'a size too few': [{ size: [4] }, /two positive numbers/],
  'a size without crops': [{ crops: null, size: [5, 4] }, /without crops/],
  'a crop beyond the bottom': [{ crops: int32(0, 1, 0, 2, 4, 4, 5, 3, 0, 1) }, /crop of example 1 \(top 1/],
  'a crop before the left': [{ crops: int32(0, 1, -1, 2, 4, 3, 5, 3, 0, 1) }, /crop of example 0/],
  'an empty crop': [{ crops: int32(0, 1, 0, 2, 4, 0, 5, 3, 0, 1) }, /crop of example 1/],
  'a crop that overflows': [{ crops: int32(2 ** 31 - 1, 1, 0, 2, 2 ** 31 - 1, 3, 5, 3, 0, 1) }, /example 0/],
  'crops for others': [{ crops: zeros([5, 3], { dtype: 'int32' }) }, /crops must be Int \[5, 2\]/],
  'crops of int64': [{ crops: zeros([5, 2], { dtype: 'int64' }) }, /crops must be Int/],
  'operations for others': [
    { operations: zeros([1, 3], { dtype: 'uint8' }) },
    /operations must be Byte \[1, 2\]/,
  ],
  'operations in one row': [{ operations: zeros([2], { dtype: 'uint8' }) }, /\[steps, N\]/],
  'amounts for other steps': [{ amounts: zeros([2, 2]) }, /amounts must be Float \[1, 2\]/],
  'an unknown operation': [{ operations: fromData(Uint8Array.of(1, 8), [1, 2]) }, /from 0 to 7, got 8/],
  'a mean too few': [{ mean: [0, 0] }, /3 channels/],
  'no std': [{ std: [] }, /3 channels/],
};
const blurs = fromData(Uint8Array.of(BLUR, 0), [1, 2]);
for (const size of [0, -1, 4, 9, 2 ** 40 + 1]) {
  refused[`a blur of ${size}`] = [{ operations: blurs, blurSize: size }, /blur_size must be odd/];
}
for (const sigma of [0, -1, Number.NaN, Infinity]) {
  refused[`a deviation of ${sigma}`] = [
    { operations: blurs, amounts: fromData(Float32Array.of(sigma, 1), [1, 2]) },
    /sigma.*positive/,
  ];
}
for (const [name, [change, message]] of Object.entries(refused)) {
  test(`${name} is refused`, () => {
    assert.throws(
      () => augment(change),
      (error: Error) => {
        assert.match(error.message, message);
        assert.match(error.message, /la_ssl::augment/);
        return true;
      },
    );
  });
}
