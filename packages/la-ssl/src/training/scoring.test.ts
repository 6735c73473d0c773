import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromData, liveTensorCount, noGrad, scope } from '@la-ssl/torch';
import { imagesAt } from '../data/index.js';
import { Random } from '../random.js';
import { type ScoringOptions, scoreExamples } from './scoring.js';
import { createRun } from './setup.js';
import { dataset, tinyConfig } from './tiny-run.test.support.js';
import { SCORING_VIEWS } from './views.js';

const { method, makeViews, sampler } = createRun(tinyConfig(), dataset);
const options: ScoringOptions = {
  method,
  dataset,
  makeViews,
  seed: 0,
  batchSize: 20,
  viewsPerScore: 2,
  pass: 3,
};

describe('scoreExamples', () => {
  it("gives the method's similarity of fresh views, in evaluation mode, batch by batch", async () => {
    for (const viewsPerScore of [2, 3]) {
      const speeds = await scoreExamples({ ...options, viewsPerScore });
      method.eval();
      for (const start of [0, 20, 40]) {
        const indices = Array.from({ length: Math.min(20, 48 - start) }, (_, i) => start + i);
        scope(() => {
          const images = fromData(imagesAt(dataset, indices), [indices.length, 3, 24, 24]);
          const views = makeViews(images, { purpose: SCORING_VIEWS, step: 3, part: start }, viewsPerScore);
          const expected = noGrad(() => method.similarity(views, new Random(0))).toFloat64Array();
          assert.deepEqual(speeds.subarray(start, start + 20), expected);
        });
      }
    }
  });

  it('leaves weights, buffers, mode and draws as they were, and no tensor behind', async () => {
    const state = () => [...method.stateDict()].map(([name, tensor]) => [name, tensor.toFloat64Array()]);
    const before = { state: state(), draws: sampler.drawsFor(0) };
    for (const training of [true, false]) {
      method.train(training);
      const live = liveTensorCount();
      await scoreExamples(options);
      assert.equal(liveTensorCount(), live);
      assert.equal(method.training, training);
      assert.equal(method.encoder.training, training);
      assert.deepEqual({ state: state(), draws: sampler.drawsFor(0) }, before);
    }
  });

  it('makes the same views for the same pass, and others for another', async () => {
    const [first, again, other] = [
      await scoreExamples(options),
      await scoreExamples(options),
      await scoreExamples({ ...options, pass: 4 }),
    ];
    assert.deepEqual(again, first);
    assert.ok(other.every((speed, i) => speed !== first[i]));
  });

  it('stops between batches with the reason of the signal, the mode restored', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const batches: number[] = [];
    const onBatch = (examples: number): void => {
      batches.push(examples);
      if (batches.length === 2) controller.abort(reason);
    };
    method.train();
    await assert.rejects(scoreExamples({ ...options, onBatch, signal: controller.signal }), reason);
    assert.deepEqual(batches, [20, 20]);
    assert.equal(method.training, true);
  });
});
