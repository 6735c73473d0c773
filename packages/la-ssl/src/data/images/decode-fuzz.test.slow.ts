import { test } from 'node:test';
import { FUZZED, fuzz } from './decode-fuzz.test.support.js';

for (const name of FUZZED) {
  test(`10,000 × ${name} with broken bytes give an image or a reason`, async (t) => {
    t.diagnostic(`${await fuzz(name, 10_000)} gave an image`);
  });
}
