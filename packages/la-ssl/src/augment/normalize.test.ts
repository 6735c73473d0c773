import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evalTransform } from './eval.js';
import { toUnitRange } from './images.js';
import { applyNormalize, CIFAR10_NORMALIZATION, GRAY_NORMALIZATION, toBytes } from './normalize.js';
import { assertClose, reference } from './test-support.js';

const get = reference('color');
const bytes = get('images');
const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };

test("normalisation is torchvision's, and so is the evaluation transform from bytes", () => {
  assertClose(applyNormalize(toUnitRange(bytes), normalization), get('output.normalize'));
  assertClose(evalTransform(normalization)(bytes), get('output.normalize'));
  assertClose(evalTransform(normalization)(toUnitRange(bytes)), get('output.normalize'));
});

test('by default CIFAR-10 for three channels, and ½ and ¼ for one', () => {
  const unit = toUnitRange(bytes);
  assertClose(evalTransform()(bytes), applyNormalize(unit, CIFAR10_NORMALIZATION), 0);
  const gray = bytes.narrow(1, 0, 1);
  assertClose(evalTransform()(gray), applyNormalize(toUnitRange(gray), GRAY_NORMALIZATION), 0);
  assertClose(evalTransform()(gray), toUnitRange(gray).sub(0.5).mul(4));
});

test('what does not fit is refused by name', () => {
  const unit = toUnitRange(bytes);
  assert.throws(() => applyNormalize(unit, { mean: [0.5], std: [1, 1, 1] }), /mean.*3 channels.*\[0\.5\]/);
  assert.throws(() => applyNormalize(unit, { mean: [0, 0, 0], std: [1, 0, 1] }), /std must be positive/);
  assert.throws(() => applyNormalize(unit, { mean: [0, Number.NaN, 0], std: [1, 1, 1] }), /mean.*NaN/);
  assert.throws(() => evalTransform()(bytes.to('int64')), /uint8, or float32 in \[0, 1\], got int64/);
});

test('normalised images come back to the very bytes, and what is out of range is limited', () => {
  const normalised = evalTransform(normalization)(bytes);
  assert.deepEqual(toBytes(normalised, normalization), bytes.data());
  assert.ok(toBytes(normalised.add(100), normalization).every((byte) => byte === 255));
  assert.ok(toBytes(normalised.sub(100), normalization).every((byte) => byte === 0));
});
