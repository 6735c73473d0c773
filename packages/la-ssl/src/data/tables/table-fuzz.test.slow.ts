import { test } from 'node:test';
import { FUZZED_TABLES, fuzzTables } from './table-fuzz.test.support.js';

for (const name of FUZZED_TABLES) {
  test(`10,000 × ${name} with broken bytes give a table or an error`, async (t) => {
    const { good, slowest } = await fuzzTables(name, 10_000);
    t.diagnostic(
      `${good} gave a table; case ${slowest.index} took longest, ${slowest.ms.toFixed(0)} ms of the processor`,
    );
  });
}
