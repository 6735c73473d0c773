import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { liveTensorCount, loadSafetensors, scope } from '@la-ssl/torch';
import type { TrainOptions } from './config.js';
import type { EpochEvent, MetricsEvent, StepEvent, TrainEvent, UpdateEvent } from './events.js';
import { pretrain } from './pretrain.js';
import { cosineLr } from './schedule.js';
import { readSpeeds } from './speeds-file.js';
import { dataset, goOn, MODES, nameOf, newRun, tinyConfig } from './tiny-run.test.support.js';

async function train(t: TestContext, options: TrainOptions) {
  const run = await newRun(t, options);
  const events: TrainEvent[] = [];
  assert.equal(await goOn(run, (event) => events.push(event) < 0), 'finished');
  const metrics = events.filter((event): event is MetricsEvent => event.kind !== 'progress');
  return {
    ...run,
    events,
    metrics,
    steps: metrics.filter((event): event is StepEvent => event.kind === 'step'),
    epochs: metrics.filter((event): event is EpochEvent => event.kind === 'epoch'),
    updates: metrics.filter((event): event is UpdateEvent => event.kind === 'update'),
  };
}

describe('pretrain', () => {
  for (const mode of MODES) {
    it(`${nameOf(mode)}: events in order, steps and warm-up as with uniform draws`, async (t) => {
      const live = liveTensorCount();
      const run = await train(t, mode);
      assert.equal(liveTensorCount(), live, 'every tensor was freed');
      const trained = run.metrics.filter(({ kind }) => kind !== 'online' && kind !== 'warning');
      const lines = trained.map((event) => [event.kind, event.epoch, 'step' in event ? event.step : null]);
      assert.deepEqual(lines, [
        ...[
          ['step', 0, 3],
          ['step', 0, 4],
          ['epoch', 0, 4],
          ['update', 1, null],
        ],
        ...[
          ['step', 1, 7],
          ['step', 1, 8],
          ['epoch', 1, 8],
          ['update', 2, null],
        ],
        ...[
          ['step', 2, 11],
          ['step', 2, 12],
          ['epoch', 2, 12],
        ],
      ]);
      assert.deepEqual(run.folder.readMetrics(), run.metrics);
      const uniform = await train(t, { sampler: 'uniform' });
      assert.deepEqual(run.steps.slice(0, 2), uniform.steps.slice(0, 2), 'the same draws and views');
      const { loss, similarity, conflictingDraws } = uniform.epochs[0]!;
      assert.deepEqual({ ...run.epochs[0], loss, similarity, conflictingDraws }, run.epochs[0]);
      for (const { step, lr } of run.steps) {
        assert.equal(lr, cosineLr(step - 1, { peak: 0.06, steps: 12, warmupSteps: 0 }));
      }
      for (const { epoch, loss } of run.epochs) {
        const [first, rest] = run.steps.filter((event) => event.epoch === epoch) as [StepEvent, StepEvent];
        assert.ok(Math.abs((3 * first.loss + rest.loss) / 4 - loss) < 1e-9, 'a mean over the steps since');
      }
      const progress = run.events.filter((event) => event.kind === 'progress');
      assert.ok(progress.every(({ done }, i) => done > (progress[i - 1]?.done ?? 0)));
      assert.ok(Math.abs(progress.at(-1)!.done - progress[0]!.total) < 1e-6);
    });
  }

  it('writes the speeds of each update, which are those that its probabilities follow from', async (t) => {
    const { folder, updates } = await train(t, { sampler: 'la-ssl', gamma: 1, r: 0.5 });
    assert.deepEqual(readdirSync(folder.file('speeds')).sort(), ['epoch-0001.parquet', 'epoch-0002.parquet']);
    for (const update of updates) {
      const { epoch, speeds } = await readSpeeds(folder.file(`speeds/epoch-000${update.epoch}.parquet`));
      assert.equal(epoch, update.epoch);
      const sorted = [...speeds].sort((a, b) => a - b);
      assert.equal(sorted.length, 48);
      assert.ok(Math.abs((sorted[23]! + sorted[24]!) / 2 - update.threshold!) < 1e-9, 'the median');
      assert.equal(update.uniformBecause, null);
      assert.ok(update.effectiveSampleShare < 1);
    }
    assert.deepEqual(
      updates.map(({ rankCorrelation }) => rankCorrelation === null),
      [true, false],
    );
  });

  it('holds a target effective sample size with each scaling function, and says what it chose', async (t) => {
    for (const scaling of ['linear', 'power', 'exponential', 'rank', 'top-share'] as const) {
      const { updates, metrics } = await train(t, { scaling, targetEss: 0.5, epochs: 2 });
      assert.equal(updates.length, 1);
      const { chosen, effectiveSampleShare, byGroup } = updates[0]!;
      assert.ok(chosen!.reached && chosen!.value > 0, scaling);
      assert.ok(Math.abs(effectiveSampleShare - 0.5) < 0.001, `${scaling}: ${effectiveSampleShare}`);
      const shares = Object.values(byGroup!).map(({ drawShare }) => drawShare);
      assert.ok(Math.abs(shares.reduce((a, b) => a + b) - 1) < 1e-9);
      assert.ok(metrics.every(({ kind }) => kind !== 'warning'));
    }
  });

  it('warns once of a failure that lasts', async (t) => {
    // 2.4 of 48 examples: 2.4² / (2 + 0.4²) / 48
    const { metrics } = await train(t, { scaling: 'top-share', slowestShare: 0.05, epochs: 4 });
    const warnings = metrics.filter((event) => event.kind === 'warning');
    const found = warnings.filter(({ sign }) => sign === 'few-dominate');
    assert.deepEqual(
      found.map(({ epoch, text }) => [epoch, text.slice(0, 40)]),
      [[1, 'effective sample size fell to 5.6 %: few']],
    );
    assert.deepEqual(
      (await train(t, { scaling: 'rank', power: 1, epochs: 4 })).metrics.filter(
        (event) => event.kind === 'warning',
      ),
      [],
    );
  });

  it('high-loss draws in proportion to the last loss of each example', async (t) => {
    const { updates, folder } = await train(t, { sampler: 'high-loss' });
    const { epoch, speeds, probabilities } = await readSpeeds(folder.file('speeds/epoch-0001.parquet'));
    const losses = speeds.map((speed) => -Math.log(speed));
    const sum = losses.reduce((a, b) => a + b);
    losses.forEach((loss, i) => {
      assert.ok(Math.abs(probabilities[i]! - loss / sum) < 1e-12);
    });
    // All examples were trained on once in the epoch before: their mean loss is that of its steps, batches of 12.
    const told = folder.readMetrics().find((event) => event.kind === 'epoch')!;
    assert.ok(Math.abs(sum / 48 - told.loss) < 1e-5, `${sum / 48} and ${told.loss}`);
    assert.equal(epoch, updates[0]!.epoch);
  });

  it('class-balanced draws every class equally often', async (t) => {
    const { updates } = await train(t, { sampler: 'class-balanced', epochs: 2 });
    const shares = new Map<string, number>();
    for (const [name, { drawShare }] of Object.entries(updates[0]!.byGroup!)) {
      const label = name.split(',')[0]!;
      shares.set(label, (shares.get(label) ?? 0) + drawShare);
    }
    assert.equal(shares.size, 4);
    for (const share of shares.values()) assert.ok(Math.abs(share - 0.25) < 1e-9);
  });

  it('the oracle draws conflicting examples at their share, uniform draws have what there is', async (t) => {
    const shares = async (options: TrainOptions) =>
      (await train(t, { epochs: 6, ...options })).epochs.map(({ conflictingDraws }) => conflictingDraws!);
    assert.deepEqual(await shares({ sampler: 'uniform' }), new Array(6).fill(0.25));
    const [warmup, ...after] = await shares({ sampler: 'oracle', conflictingShare: 0.9 });
    assert.equal(warmup, 0.25);
    const mean = after.reduce((a, b) => a + b, 0) / after.length;
    const sd = Math.sqrt((0.9 * 0.1) / (5 * 48));
    assert.ok(Math.abs(mean - 0.9) < 4 * sd, `${mean}`);
  });

  it('saves the encoder alone, with the weights of the last checkpoint under its own names', async (t) => {
    const { folder } = await train(t, { sampler: 'uniform' });
    scope(() => {
      const prefix = 'model.encoder.';
      const checkpoint = [...loadSafetensors(folder.checkpointFile).tensors].filter(([name]) =>
        name.startsWith(prefix),
      );
      const encoder = loadSafetensors(folder.encoderFile).tensors;
      assert.deepEqual(
        [...encoder].map(([name, tensor]) => [prefix + name, tensor.tolist()]),
        checkpoint.map(([name, tensor]) => [name, tensor.tolist()]),
      );
      assert.ok(encoder.has('layer4.1.bn2.running_var'));
    });
  });

  it('stops with a clear word when the network diverges, whatever meets it first', async (t) => {
    const met = new Set<string>();
    for (const mode of MODES) {
      // One step an epoch: then it is the scoring, or the checkpoint, that comes next.
      for (const [batchSize, lr] of [
        [12, 1e30],
        [48, 1e30],
        [48, 1e38],
      ] as const) {
        const run = await newRun(t, { ...mode, batchSize, lr });
        await assert.rejects(goOn(run), ({ message }: Error) => {
          met.add(/^Training diverged: (.*), in epoch [12] of 3, /.exec(message)?.[1] ?? message);
          return message.includes(`Start another run with a lower lr than ${lr}`);
        });
        if (!existsSync(run.folder.checkpointFile)) continue;
        scope(() => {
          for (const tensor of loadSafetensors(run.folder.checkpointFile).tensors.values()) {
            assert.ok(tensor.toFloat64Array().every(Number.isFinite));
          }
        });
      }
    }
    const all = ['similarities became NaN', 'the loss became NaN', 'weights became infinite or NaN'];
    assert.deepEqual([...met].sort(), all);
  });

  it('rescores those of which the least is known, a share of all for every epoch since the last update', async (t) => {
    const rescored = async (rescoreShare: number, own = {}) => {
      const run = await train(t, { sampler: 'la-ssl', scoring: 'in-step', rescoreShare, ...own });
      const progress = run.events.filter((event) => event.kind === 'progress');
      const examples = Array.from({ length: run.config.epochs }, () => 0); // before each epoch
      for (const [i, { phase, epoch, done }] of progress.entries()) {
        // A view scored takes a sixth of the time of an example trained.
        if (phase === 'score') examples[epoch]! += 3 * (done - (progress[i - 1]?.done ?? 0));
      }
      const weights = scope(() =>
        loadSafetensors(run.folder.checkpointFile).tensors.get('monitor.weights')!.toFloat64Array(),
      );
      return { examples: examples.map(Math.round), least: Math.min(...weights) };
    };
    const { count } = dataset.shape;
    const all = await rescored(1);
    assert.deepEqual(all.examples, [0, count, count]);
    assert.ok(all.least > 1 + 0.9 + 0.8, 'a step of the warm-up, and both passes');
    const half = await rescored(0.5);
    assert.deepEqual(half.examples, [0, count / 2, count / 2]);
    assert.ok(
      half.least > 1 + 0.8,
      'who was left out before the first update was rescored before the second',
    );
    assert.deepEqual(await rescored(0), { examples: [0, 0, 0], least: 1 });
    const slow = { epochs: 5, warmupEpochs: 2, updateEvery: 2 };
    assert.deepEqual((await rescored(0.25, slow)).examples, [0, 0, count / 2, 0, count / 2]);
    assert.deepEqual((await rescored(1, slow)).examples, [0, 0, count, 0, count], 'never more than all');
  });

  it('says what a data set lacks', async (t) => {
    const unlabelled = { ...dataset, attributes: [] };
    const { folder } = await newRun(t);
    const oracle = tinyConfig({ sampler: 'oracle', conflictingShare: 0.5 });
    await assert.rejects(pretrain(oracle, { dataset: unlabelled, folder }), /which examples are conflicting/);
    const one = { ...dataset, shape: { ...dataset.shape, count: 1 } };
    await assert.rejects(pretrain(tinyConfig(), { dataset: one, folder }), /needs at least 2/);
  });
});
