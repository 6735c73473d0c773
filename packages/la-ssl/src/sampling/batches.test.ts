import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../random.js';
import { batchesByValue } from './index.js';

/** Bounds of batches that differ in size by one at most, as the training loop has them. */
function startsOf(count: number, batches: number): number[] {
  return Array.from({ length: batches }, (_, i) => Math.round((i * count) / batches));
}

test('the draws stay as they are, batches are of one value but for one less than there are values', () => {
  const random = new Random(7);
  for (let trial = 0; trial < 300; trial++) {
    const count = 2 + random.below(200);
    const kinds = 1 + random.below(6);
    const values = Int32Array.from({ length: count }, () => random.below(kinds));
    const draws = Int32Array.from({ length: count }, () => random.below(count)); // with replacement
    const starts = startsOf(count, 1 + random.below(Math.max(1, count >> 1)));
    const ordered = batchesByValue({ draws, values, starts, random: new Random(trial) });
    assert.deepEqual(ordered.toSorted(), draws.toSorted());
    const batches = starts.map((start, i) => ordered.subarray(start, starts[i + 1] ?? count));
    const mixed = batches.filter((batch) => new Set(Array.from(batch, (i) => values[i])).size > 1);
    const drawn = new Set(Array.from(draws, (i) => values[i])).size;
    assert.ok(mixed.length <= drawn - 1, `${mixed.length} mixed batches of ${drawn} values`);
  }
});

test('the order is that of the key, and another by another key', () => {
  const draws = Int32Array.from({ length: 60 }, (_, i) => i);
  const values = draws.map((i) => i % 3);
  const starts = startsOf(60, 10);
  const order = (key: number): Int32Array =>
    batchesByValue({ draws, values, starts, random: new Random(key) });
  assert.deepEqual(order(1), order(1));
  assert.notDeepEqual(order(1), order(2));
});

test('every value is as likely in the first batch as its share of the draws', () => {
  const draws = Int32Array.from({ length: 40 }, (_, i) => i);
  const values = draws.map((i) => (i < 10 ? 0 : 1)); // a quarter
  const starts = startsOf(40, 8);
  const trials = 4000;
  let first = 0;
  for (let key = 0; key < trials; key++) {
    if (values[batchesByValue({ draws, values, starts, random: new Random(key, 1) })[0]!] === 0) first++;
  }
  // Five standard deviations of a binomial.
  assert.ok(Math.abs(first / trials - 0.25) < 5 * Math.sqrt((0.25 * 0.75) / trials), `${first / trials}`);
});
