/** Methods through the whole of a run: LA-SSL with each, stopped and gone on with; what their options and rates become. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadSafetensors, scope } from '@la-ssl/torch';
import type { TrainOptions } from './config.js';
import { createRun } from './setup.js';
import { dataset, goOn, newRun, resultOf, tinyConfig } from './tiny-run.test.support.js';

/** A small form of each. */
const RUNS = [
  { method: 'barlow-twins', hidden: 16 },
  { method: 'simsiam', hidden: 16, predictorHidden: 4 },
  { method: 'vicreg', hidden: 16 },
  { method: 'byol', hidden: 16, predictorHidden: 12 },
  { method: 'moco-v3', hidden: 16, predictorHidden: 12 },
  { method: 'late-tvg', lateLayers: 3, accumulate: 2, clipGradient: 1 },
  { method: 'conditional', batchBy: 'attribute' },
  { method: 'adversarial', adversaryWeight: 0.5, accumulate: 2, attribute: 'ground' },
  { method: 'dino', projections: undefined, hidden: 16, bottleneck: 4, prototypes: 6, localCrops: 2 },
  {
    ...{ method: 'mae', encoder: 'vit-tiny', stem: undefined, width: undefined, projections: undefined },
    ...{ patchSize: 8, depth: 1, decoderWidth: 16, decoderDepth: 1, speed: 'features', scoring: 'in-step' },
  },
] as const satisfies TrainOptions[];

/** LA-SSL of one update, between two epochs of four steps. */
const BRIEF = { sampler: 'la-ssl', epochs: 2, batchSize: 12 } as const satisfies TrainOptions;

describe('a run of', () => {
  for (const options of RUNS) {
    it(`${options.method}: measures speeds, goes by them, and goes on after a stop to the same numbers`, async (t) => {
      const whole = await newRun(t, { ...BRIEF, ...options });
      assert.equal(await goOn(whole), 'finished');
      const metrics = whole.folder.readMetrics();
      const updates = metrics.flatMap((event) => (event.kind === 'update' ? [event] : []));
      assert.equal(updates.length, 1);
      for (const { threshold, uniformBecause } of updates) {
        assert.equal(uniformBecause, null);
        assert.ok(threshold !== null && threshold > 0, `threshold ${threshold}`);
      }
      const run = await newRun(t, { ...BRIEF, ...options });
      let steps = 0;
      const inSecondEpoch = (phase: string, epoch: number): boolean =>
        phase === 'train' && epoch === 1 && ++steps === 2;
      const stopped = await goOn(
        run,
        (event) => event.kind === 'progress' && inSecondEpoch(event.phase, event.epoch),
      );
      assert.equal(stopped, 'interrupted');
      assert.equal(await goOn(run), 'finished');
      assert.deepEqual(resultOf(run.folder), resultOf(whole.folder));
    });
  }
});

describe('the recipe of', () => {
  it('simsiam leaves the rate of its predictor alone', () =>
    scope(() => {
      const { method, optimizer } = createRun(
        tinyConfig({ method: 'simsiam', hidden: 16, lr: 0.1 }),
        dataset,
      );
      const before = new Map(
        [...method.namedParameters()].map(([name, one]) => [name, one.detach().clone()]),
      );
      for (const parameter of method.parameters()) parameter.grad = parameter.detach().mul(0).add(1);
      optimizer.lr = 0;
      optimizer.step();
      const moved = [...method.namedParameters()].filter(
        ([name, one]) => one.sub(before.get(name)!).abs().sum().item() > 0,
      );
      const names = moved.map(([name]) => name);
      assert.deepEqual(names, [...(method.constantRate ?? [])]);
      assert.equal(names.length, 5);
      method.dispose();
    }));

  it('dino keeps the teacher, whose weights no optimizer has', async (t) => {
    const run = await newRun(t, { ...BRIEF, ...RUNS.find(({ method }) => method === 'dino'), epochs: 1 });
    assert.equal(await goOn(run), 'finished');
    scope(() => {
      const { tensors } = loadSafetensors(run.folder.checkpointFile);
      const kept = loadSafetensors(run.folder.encoderFile).tensors;
      const named = (prefix: string): unknown => tensors.get(`${prefix}.conv1.weight`)!.tolist();
      assert.deepEqual(kept.get('conv1.weight')!.tolist(), named('model.momentum_encoder'));
      assert.notDeepEqual(named('model.momentum_encoder'), named('model.encoder'));
      assert.ok(tensors.has('optimizer.encoder.conv1.weight.momentum_buffer'));
      assert.ok([...tensors.keys()].every((name) => !name.startsWith('optimizer.momentum_')));
    });
  });

  it('barlow-twins and vicreg are LARS with warm-up, and can be overruled', () => {
    for (const method of ['barlow-twins', 'vicreg'] as const) {
      const { optimizer, lr, lrWarmupEpochs, trustCoefficient, clipTrust, decayExempt } = tinyConfig({
        method,
        hidden: 16,
      });
      assert.deepEqual({ optimizer, lr, lrWarmupEpochs }, { optimizer: 'lars', lr: 0.3, lrWarmupEpochs: 10 });
      assert.deepEqual(
        { trustCoefficient, clipTrust, decayExempt },
        {
          trustCoefficient: 0.02,
          clipTrust: true,
          decayExempt: 'bias-and-norm',
        },
      );
      const other = tinyConfig({ method, optimizer: 'sgd', lr: 0.03 });
      assert.deepEqual([other.optimizer, other.lr, other.decayExempt], ['sgd', 0.03, 'nothing']);
    }
    assert.throws(
      () => tinyConfig({ method: 'vicreg', lambda: 1 }),
      /vicreg has no such option.*barlow-twins/,
    );
  });
});
