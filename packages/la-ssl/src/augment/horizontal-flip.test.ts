import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../random.js';
import { applyHorizontalFlip, sampleHorizontalFlip } from './horizontal-flip.js';
import { toUnitRange } from './images.js';
import { assertClose, assertMean, reference, sameExample } from './test-support.js';

const get = reference('color');
const images = toUnitRange(get('images'));

test("flip is torchvision's, where chosen", () => {
  assertClose(applyHorizontalFlip(images, { applied: new Uint8Array(24).fill(1) }), get('output.flip'), 0);
  const applied = Uint8Array.from({ length: 24 }, (_, i) => i % 2);
  const view = applyHorizontalFlip(images, { applied });
  for (let i = 0; i < 24; i++) assert.ok(sameExample(view, i % 2 ? get('output.flip') : images, i));
});

test('one in two is chosen by default, none at 0, all at 1', () => {
  assertMean(sampleHorizontalFlip(20_000, {}, new Random(2)).applied, 0.5, 0.5);
  const chosen = (probability: number) => [
    ...sampleHorizontalFlip(99, { probability }, new Random(2)).applied,
  ];
  assert.deepEqual(new Set(chosen(0)), new Set([0]));
  assert.deepEqual(new Set(chosen(1)), new Set([1]));
});
