import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FUZZED_TABLES, fuzzTables } from './table-fuzz.test.support.js';

for (const name of FUZZED_TABLES) {
  test(`${name} with broken bytes gives a table or an error`, async () => {
    const cases = 100;
    const { good } = await fuzzTables(name, cases);
    assert.ok(good > 0 && good < cases, `${good} gave a table`);
  });
}
