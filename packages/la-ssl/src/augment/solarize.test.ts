import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromData } from '@la-ssl/torch';
import { Random } from '../random.js';
import { toUnitRange } from './images.js';
import { applySolarize, sampleSolarize } from './solarize.js';
import { assertClose, assertMean, reference, sameExample } from './test-support.js';

const get = reference('color');
const images = toUnitRange(get('images'));

test("solarisation is torchvision's, where chosen", () => {
  assertClose(applySolarize(images, { applied: new Uint8Array(24).fill(1) }), get('output.solarize'), 1e-7);
  const applied = Uint8Array.from({ length: 24 }, (_, i) => i % 2);
  const view = applySolarize(images, { applied });
  for (let i = 0; i < 24; i++) assert.equal(sameExample(view, images, i), i % 2 === 0, `example ${i}`);
});

test('every byte becomes what PIL makes of it: from 128 on its complement', () => {
  const bytes = fromData(
    Uint8Array.from({ length: 256 }, (_, i) => i),
    [1, 1, 16, 16],
  );
  const solarised = applySolarize(toUnitRange(bytes), { applied: Uint8Array.of(1) });
  const expected = Float64Array.from({ length: 256 }, (_, i) => (i < 128 ? i : 255 - i));
  assert.deepEqual(solarised.mul(255).round().toFloat64Array(), expected);
});

test('one in five is chosen by default', () => {
  assertMean(sampleSolarize(20_000, {}, new Random(3)).applied, 0.2, 0.4);
  assertMean(sampleSolarize(20_000, { probability: 0.7 }, new Random(3)).applied, 0.7, Math.sqrt(0.21));
});
