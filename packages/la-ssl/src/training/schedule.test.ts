/** @file Schedules against their closed forms, and step by step against PyTorch and official code (`fixtures/schedules/make.py`). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cosine } from '../cosine.js';
import { cosineLr } from './schedule.js';

const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-12, `${a}, must be ${b}`);

type Values = readonly number[];
const { steps, ...reference } = JSON.parse(
  readFileSync(new URL('../../fixtures/schedules/reference.json', import.meta.url), 'utf8'),
) as { steps: number } & Record<
  | 'dinoLr'
  | 'dinoWeightDecay'
  | 'dinoMomentum'
  | 'soloLearnLr'
  | 'soloLearnMomentum'
  | 'pytorchLr'
  | 'barlowTwinsLr',
  Values
>;

/** Asserts that `at` gives each value, from step `first` on. */
function assertSteps(values: Values, at: (step: number) => number, first = 0): void {
  assert.ok(values.length >= steps);
  for (const [step, value] of values.entries()) if (step >= first) near(at(step), value);
}

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

test('rate, weight decay and momentum of every step are those of DINO', () => {
  const lr = { peak: 5e-4, final: 1e-6, start: 0, steps, warmupSteps: 14 };
  assertSteps(reference.dinoLr, (step) => cosineLr(step, lr));
  assertSteps(reference.dinoWeightDecay, (step) => cosine(step / steps, { from: 0.04, to: 0.4 }));
  assertSteps(reference.dinoMomentum, (step) => cosine(step / steps, { from: 0.996, to: 1 }));
});

test('rate and momentum of every step are those of solo-learn', () => {
  const lr = { peak: 0.4, final: 1e-3, start: 3e-5, steps, warmupSteps: 10 };
  assertSteps(reference.soloLearnLr, (step) => cosineLr(step, lr));
  assertSteps(reference.soloLearnMomentum, (step) => cosine(step / steps, { from: 0.99, to: 1 }));
});

test('without warm-up the rate of every step is that of CosineAnnealingLR', () => {
  assertSteps(reference.pytorchLr, (step) =>
    cosineLr(step, { peak: 0.3, final: 0.01, steps, warmupSteps: 0 }),
  );
});

test('after the warm-up the rate of every step is that of BarlowTwins', () => {
  const lr = { peak: 0.2, final: 0.2 * 0.001, steps: 98, warmupSteps: 70 };
  assertSteps(reference.barlowTwinsLr, (step) => cosineLr(step, lr), 70);
});

test('a warm-up from a given start ends at the peak, and one of a single step is the start', () => {
  const lr = { peak: 1, start: 0.1, steps: 30, warmupSteps: 10 };
  for (let step = 0; step < 10; step++) near(cosineLr(step, lr), (step + 1) / 10); // the start that is the default
  near(cosineLr(0, { ...lr, warmupSteps: 1 }), 0.1);
});
