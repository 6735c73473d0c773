/** @file Batches in parts, clipping, decay that goes up, and the terms of a loss in the metrics. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scope } from '@la-ssl/torch';
import type { TrainOptions } from './config.js';
import { createRun } from './setup.js';
import { dataset, goOn, newRun, tinyConfig } from './tiny-run.test.support.js';
import { type StepOutcome, trainStep } from './train-step.js';

/** A method in which no example looks at another, so that parts of a batch add up to the whole. */
const MAE = {
  ...{ method: 'mae', encoder: 'vit-tiny', stem: undefined, width: undefined, projections: undefined },
  ...{ patchSize: 8, depth: 1, decoderWidth: 16, decoderDepth: 1, optimizer: 'sgd', lr: 0.1 },
} as const satisfies TrainOptions;

/** One step on eight examples; what came out, and the weights after it by name. */
function step(
  options: TrainOptions,
  progress = 0,
): { outcome: StepOutcome; weights: Map<string, Float64Array> } {
  const config = tinyConfig(options);
  const { method, optimizer, makeViews } = createRun(config, dataset);
  const indices = Int32Array.of(5, 9, 2, 40, 31, 8, 17, 3);
  const parts = { method, optimizer, makeViews, dataset, online: null };
  const outcome = trainStep(config, parts, { indices, step: 0, epoch: 0, progress, lr: config.lr });
  const weights = new Map(
    [...method.namedParameters()].map(([name, parameter]) => [name, parameter.toFloat64Array()]),
  );
  scope(() => {
    for (const tensor of optimizer.stateDict().values()) tensor.dispose();
    method.dispose();
  });
  return { outcome, weights };
}

function greatestDifference(a: Map<string, Float64Array>, b: Map<string, Float64Array>): number {
  return Math.max(
    ...[...a].map(([name, values]) =>
      values.reduce((most, value, i) => Math.max(most, Math.abs(value - b.get(name)![i]!)), 0),
    ),
  );
}

describe('a step', () => {
  // The views of a part are drawn by where it starts, so only what is not random can be compared: no crop, no flip; the
  // masks come from one stream for the whole batch.
  const still = { ...MAE, cropScale: 1, flipProbability: 0, momentum: 0, weightDecay: 0 } as const;

  it('in parts is the step of the whole batch', () => {
    const whole = step(still);
    for (const accumulate of [2, 3]) {
      const parts = step({ ...still, accumulate });
      assert.ok(Math.abs(parts.outcome.loss - whole.outcome.loss) < 1e-5 * whole.outcome.loss);
      assert.ok(greatestDifference(parts.weights, whole.weights) < 1e-5, `${accumulate} parts`);
    }
    assert.ok(
      greatestDifference(step({ ...still, lr: 0.2 }).weights, whole.weights) > 1e-4,
      'a test that can fail',
    );
  });

  it('moves no further than the clipped gradient', () => {
    const start = step({ ...still, lr: 1e-30 }).weights;
    const lengths = (options: TrainOptions): number[] =>
      [...step({ ...still, ...options }).weights].map(([name, values]) =>
        Math.sqrt(values.reduce((sum, value, i) => sum + (value - start.get(name)![i]!) ** 2, 0)),
      );
    const all = Math.hypot(...lengths({ clipGradient: 0.01, lr: 1 }));
    assert.ok(Math.abs(all - 0.01) < 1e-4, `of all ${all}`);
    const each = lengths({ clipEachGradient: 0.01, lr: 1 });
    assert.ok(each.every((length) => length < 0.0101) && Math.hypot(...each) > 0.02);
  });

  it('decays the more the later, where weightDecayEnd says so', () => {
    const decayed = (progress: number): Map<string, Float64Array> =>
      step({ ...still, weightDecay: 0, weightDecayEnd: 1, decayExempt: 'nothing' }, progress).weights;
    assert.ok(greatestDifference(decayed(0), step(still).weights) < 1e-7);
    assert.ok(greatestDifference(decayed(0.999), step(still).weights) > 0.05);
  });
});

describe('the metrics', () => {
  it("hold the loss's terms, whose weighted sum is the loss", async (t) => {
    const run = await newRun(t, {
      method: 'vicreg',
      hidden: 16,
      epochs: 1,
      accumulate: 2,
      sampler: 'uniform',
    });
    await goOn(run);
    const steps = run.folder.readMetrics().flatMap((event) => (event.kind === 'step' ? [event] : []));
    assert.equal(steps.length, 2);
    for (const { loss, terms } of steps) {
      const { invariance, variance, covariance } = terms as Record<string, number>;
      const sum = 25 * invariance! + 25 * variance! + covariance!;
      assert.ok(Math.abs(sum - loss) < 1e-4 * loss, `${sum}, ${loss}`);
    }
  });
});
