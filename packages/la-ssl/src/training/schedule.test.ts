import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosineLr } from './schedule.js';

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, must be ${b}`);

test('the rate falls from the peak along half a cosine', () => {
  const at = (step: number): number => cosineLr(step, { peak: 0.6, steps: 120, warmupSteps: 0 });
  near(at(0), 0.6);
  near(at(20), (0.6 * (1 + Math.sqrt(3) / 2)) / 2); // cos 30°
  near(at(40), 0.45); // cos 60° = 1/2
  near(at(60), 0.3);
  near(at(80), 0.15);
  near(at(120), 0);
  for (let step = 1; step < 120; step++) assert.ok(at(step) < at(step - 1) && at(step) > 0);
});

test('the warm-up rises in equal steps to the peak, from which the cosine starts', () => {
  const at = (step: number): number => cosineLr(step, { peak: 1, steps: 30, warmupSteps: 10 });
  for (let step = 0; step < 10; step++) near(at(step), (step + 1) / 10);
  near(at(10), 1);
  near(at(20), 0.5);
  near(at(30), 0);
});

test('a warm-up as long as the run never leaves the line', () => {
  for (let step = 0; step < 5; step++) {
    near(cosineLr(step, { peak: 2, steps: 5, warmupSteps: 10 }), (2 * (step + 1)) / 10);
  }
});
