import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Random } from '../random.js';
import { wilsonInterval } from './intervals.js';
import { unbiasedAccuracy } from './unbiased-accuracy.js';

it('counts each group alike, and passes over empty ones', () => {
  const estimate = unbiasedAccuracy([
    { right: 90, count: 100 },
    { right: 1, count: 10 },
    { right: 0, count: 0 },
  ]);
  assert.ok(estimate && Math.abs(estimate.value - 0.5) < 1e-15);
  assert.equal(estimate.count, 110);
  assert.equal(unbiasedAccuracy([{ right: 0, count: 0 }]), null);
});

it("is Wilson's interval for one group, and that over √G for G equal ones", () => {
  const group = { right: 30, count: 100 };
  const one = unbiasedAccuracy([group])!;
  const wilson = wilsonInterval(group);
  assert.ok(Math.abs(one.low - wilson.low) < 1e-15 && Math.abs(one.high - wilson.high) < 1e-15);
  const four = unbiasedAccuracy([group, group, group, group])!;
  assert.ok(Math.abs(four.high - 0.3 - (wilson.high - 0.3) / 2) < 1e-12);
});

it('keeps its coverage with small groups, some always right', () => {
  const truth = [0.05, 0.5, 0.99, 1];
  const mean = truth.reduce((a, b) => a + b) / 4;
  const random = new Random(11);
  let held = 0;
  for (let trial = 0; trial < 2000; trial++) {
    const { low, high } = unbiasedAccuracy(truth.map((p) => ({ right: random.binomial(12, p), count: 12 })))!;
    if (low <= mean && mean <= high) held++;
  }
  // Binomial deviation at 95 % of 2000 is 0.5 %; conservative is allowed, as intervals of counts are.
  assert.ok(held / 2000 > 0.935, `${held / 2000}`);
});
