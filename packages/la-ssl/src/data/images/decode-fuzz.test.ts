import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FUZZED, fuzz } from './decode-fuzz.test.support.js';

for (const name of FUZZED) {
  test(`${name} with broken bytes gives an image or a reason`, async () => {
    const count = 400;
    const images = await fuzz(name, count);
    assert.ok(name === 'exif' ? images > 0 : images < count, `${images} gave an image`);
  });
}
