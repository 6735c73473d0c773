import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../random.js';
import { shareOfMeans } from './fieller.js';
import { pairedTInterval, tInterval } from './intervals.js';

const gains = [0.12, 0.1, 0.16, 0.13];
const own = [0.04, 0.01, 0.06, 0.02];

test('the bounds of a share are where the paired interval of what is left over begins to hold zero', () => {
  const { value, low, high, count } = shareOfMeans(own, gains)!;
  assert.equal(count, 4);
  assert.ok(Math.abs(value - 0.13 / 0.51) < 1e-12);
  const leftOver = (share: number) =>
    pairedTInterval(
      gains.map((gain) => share * gain),
      own,
    );
  assert.ok(Math.abs(leftOver(low).low) < 1e-9);
  assert.ok(Math.abs(leftOver(high).high) < 1e-9);
});

test('of a whole that does not vary a share has the interval of its part', () => {
  const { low, high } = shareOfMeans(own, [0.2, 0.2, 0.2, 0.2])!;
  const part = tInterval(own);
  assert.ok(Math.abs(low - part.low / 0.2) < 1e-12);
  assert.ok(Math.abs(high - part.high / 0.2) < 1e-12);
});

test('there is no share of a whole that may be none, and of all there is just 1', () => {
  assert.equal(shareOfMeans(own, [0.3, -0.1, 0.2, 0.1]), null);
  const whole = shareOfMeans(gains, gains)!;
  for (const bound of [whole.low, whole.value, whole.high]) assert.ok(Math.abs(bound - 1) < 1e-9);
  assert.throws(() => shareOfMeans([1], [1]), /at least two seeds/);
});

test('the interval holds the true share as often as it says', () => {
  const random = new Random(5);
  let held = 0;
  let known = 0;
  for (let i = 0; i < 4000; i++) {
    const whole = Array.from({ length: 5 }, () => 1 + 0.3 * random.normal());
    const part = whole.map((gain) => 0.4 * gain + 0.2 * random.normal());
    const share = shareOfMeans(part, whole);
    if (!share) continue;
    known++;
    if (share.low <= 0.4 && share.high >= 0.4) held++;
  }
  assert.ok(known > 3900);
  assert.ok(Math.abs(held / known - 0.95) < 0.012, `${held / known}`);
});
