import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../random.js';
import { applyGrayscale, sampleGrayscale } from './grayscale.js';
import { toUnitRange } from './images.js';
import { assertClose, assertMean, reference, sameExample } from './test-support.js';

const get = reference('color');
const images = toUnitRange(get('images'));

test("grayscale is torchvision's, where chosen", () => {
  assertClose(applyGrayscale(images, { applied: new Uint8Array(24).fill(1) }), get('output.grayscale'));
  const applied = Uint8Array.from({ length: 24 }, (_, i) => i % 2);
  const view = applyGrayscale(images, { applied });
  for (let i = 0; i < 24; i++) assert.equal(sameExample(view, images, i), i % 2 === 0);
});

test('images of one channel stay as they are', () => {
  const gray = images.narrow(1, 1, 1);
  assertClose(applyGrayscale(gray, { applied: new Uint8Array(24).fill(1) }), gray, 0);
});

test('one in five is chosen by default', () => {
  assertMean(sampleGrayscale(20_000, {}, new Random(1)).applied, 0.2, 0.4);
  assertMean(sampleGrayscale(20_000, { probability: 0.9 }, new Random(1)).applied, 0.9, 0.3);
});
