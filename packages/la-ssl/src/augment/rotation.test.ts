import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../random.js';
import { toUnitRange } from './images.js';
import { applyRotation, sampleRotation } from './rotation.js';
import { assertClose, assertMean, reference, sameExample } from './test-support.js';

for (const name of ['square', 'odd']) {
  test(`rotation is torchvision's, by every angle: ${name}`, () => {
    const get = reference(`rotation-${name}`);
    const degrees = get('degrees').data() as Float32Array;
    // Places come out 1e-6 of a pixel apart, and neighbours differ by up to 1.
    assertClose(applyRotation(toUnitRange(get('images')), { degrees }), get('output'), 2e-5);
  });
}

test('angles are uniform up to the limit on both sides, and 0 leaves an image as it is', () => {
  const { degrees } = sampleRotation(20_000, { limit: 10 }, new Random(4));
  assertMean(degrees, 0, 20 / Math.sqrt(12));
  assertMean(degrees.map(Math.abs), 5, 10 / Math.sqrt(12));
  assert.ok(degrees.every((angle) => Math.abs(angle) <= 10));
  const images = toUnitRange(reference('color')('images'));
  const none = applyRotation(images, sampleRotation(24, { limit: 0 }, new Random(4)));
  assertClose(none, images);
});

test('an example is turned by its own angle, whatever the others are', () => {
  const images = toUnitRange(reference('color')('images'));
  const degrees = sampleRotation(24, { limit: 45 }, new Random(1)).degrees;
  const turned = applyRotation(images, { degrees });
  const alone = applyRotation(images, { degrees: degrees.map((angle, i) => (i === 5 ? angle : 0)) });
  assert.ok(sameExample(turned, alone, 5));
  assert.ok(!sameExample(turned, alone, 6));
});

test('wrong angles and batches are refused', () => {
  assert.throws(
    () => sampleRotation(1, { limit: 181 }, new Random(0)),
    /rotation must be from 0 to 180.*181/,
  );
  assert.throws(() => sampleRotation(1, { limit: Number.NaN }, new Random(0)), /rotation.*NaN/);
  const images = toUnitRange(reference('color')('images'));
  assert.throws(() => applyRotation(images, { degrees: new Float32Array(3) }), /24 images.*parameters for 3/);
});
