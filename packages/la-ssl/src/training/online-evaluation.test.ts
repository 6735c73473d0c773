import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { fromData, liveTensorCount, loadSafetensors, scope } from '@la-ssl/torch';
import { evalTransform } from '../augment/index.js';
import { extractFeatures, knnAccuracy } from '../evaluation/index.js';
import { METHODS } from '../methods/index.js';
import { Random } from '../random.js';
import type { TrainOptions } from './config.js';
import type { OnlineEvent } from './events.js';
import { OnlineEvaluation, onlinePlan } from './online-evaluation.js';
import { OnlineProbe } from './online-probe.js';
import { pretrain } from './pretrain.js';
import type { RunFolder } from './run-folder.js';
import { createMethod } from './setup.js';
import { dataset, goOn, newRun, resultOf, tinyConfig, withoutTimes } from './tiny-run.test.support.js';

const eventsOf = (folder: RunFolder): OnlineEvent[] =>
  folder.readMetrics().filter((event): event is OnlineEvent => event.kind === 'online');

describe('the plan of an online evaluation', () => {
  const config = { method: 'simclr', onlineEvaluation: true, epochs: 50, seed: 3 } as const;
  const labelled = (count: number) => ({
    name: 'toy',
    labels: Int32Array.from({ length: count }, (_, i) => i % 10),
  });

  it('takes about 1 % of the work, in at most 4,000 examples, the first and the last encoder always among them', () => {
    for (const method of ['mae', 'simclr'] as const) {
      const { views } = METHODS[method];
      for (const epochs of [1, 6, 20, 100]) {
        for (const count of [2000, 10_000, 50_000]) {
          const { bank, queries, after } = onlinePlan({ ...config, method, epochs }, labelled(count))!;
          const passes = (bank.length + queries.length) * after.size;
          const work = epochs * count * views * 3;
          const name = `${method}, ${epochs} epochs of ${count}: ${bank.length} + ${queries.length}, ${after.size} times`;
          assert.ok(passes <= Math.max(0.0101 * work, 300), name);
          assert.ok(bank.length + queries.length <= 4000 && after.size <= epochs + 1, name);
          if (0.01 * work > 800) assert.ok(passes > 0.004 * work || after.size === epochs + 1, name);
          assert.ok(after.has(epochs) && (after.size === 1 || after.has(0)), name);
        }
      }
    }
    const { after } = onlinePlan(config, labelled(10_000))!;
    assert.deepEqual([...after], [0, 8, 17, 25, 33, 42, 50]);
  });

  it('keeps bank and queries apart, the same for the same seed, and among the labelled', () => {
    const data = labelled(5000);
    for (let i = 0; i < 5000; i += 3) data.labels[i] = -1;
    const plan = onlinePlan(config, data)!;
    const all = [...plan.bank, ...plan.queries];
    assert.equal(new Set(all).size, plan.bank.length + plan.queries.length);
    assert.ok(all.every((i) => i % 3 !== 0));
    assert.deepEqual(onlinePlan(config, data), plan);
    assert.notDeepEqual(onlinePlan({ ...config, seed: 4 }, data)?.queries, plan.queries);
  });

  it('goes by what is asked, and refuses more than there is', () => {
    const asked = { ...config, epochs: 7, knnExamples: 60, knnQueries: 40, knnEvery: 3 };
    const plan = onlinePlan(asked, labelled(100))!;
    assert.deepEqual([plan.bank.length, plan.queries.length, [...plan.after]], [60, 40, [0, 3, 6, 7]]);
    const sizes = (options: object, count: number) => {
      const { bank, queries } = onlinePlan({ ...config, ...options }, labelled(count))!;
      return [bank.length, queries.length];
    };
    assert.deepEqual(sizes({ knnQueries: 100 }, 2000), [300, 100]);
    assert.deepEqual(sizes({ knnExamples: 900 }, 2000), [900, 300]);
    assert.deepEqual(sizes({ knnExamples: 1900 }, 2000), [1900, 100]);
    assert.throws(() => sizes({ knnQueries: 2000 }, 2000), /1 known examples and 2000 queries/);
    assert.throws(
      () => onlinePlan(asked, labelled(90)),
      /60 known examples and 40 queries, and toy has 90 .* Give lower knnExamples/,
    );
  });

  it('is none without labels, with one class, or switched off', () => {
    assert.equal(onlinePlan(config, { name: 'toy' }), null);
    assert.equal(onlinePlan(config, { name: 'toy', labels: new Int32Array(50) }), null);
    assert.equal(onlinePlan({ ...config, onlineEvaluation: false }, labelled(50)), null);
  });
});

describe('the online probe', () => {
  const random = new Random(8);
  const values = Float32Array.from({ length: 6 * 4 }, () => random.normal());
  const indices = Int32Array.of(5, 0, 1, 2, 3, 4);
  const labels = Int32Array.of(0, 2, 1, 0, 2, 1);
  const make = (lr: number) => new OnlineProbe({ features: 4, classes: 3, labels, lr });

  it('makes its first step down the gradient of the cross-entropy: (1/K − y) x̂ / N', () => {
    const probe = make(0.5);
    scope(() => probe.learn(fromData(values, [6, 4]), indices));
    const weight = probe.stateDict().get('linear.weight')!.tolist() as number[][];
    const column = (f: number) => Array.from({ length: 6 }, (_, i) => values[4 * i + f]!);
    for (let f = 0; f < 4; f++) {
      const mean = column(f).reduce((a, b) => a + b) / 6;
      const variance = column(f).reduce((sum, x) => sum + (x - mean) ** 2, 0) / 6;
      const normalised = column(f).map((x) => (x - mean) / Math.sqrt(variance + 1e-6));
      for (let c = 0; c < 3; c++) {
        const gradient = normalised.reduce(
          (sum, x, i) => sum + ((1 / 3 - (labels[indices[i]!] === c ? 1 : 0)) * x) / 6,
          0,
        );
        assert.ok(Math.abs(weight[c]![f]! + 0.5 * gradient) < 1e-6, `${c}, ${f}`);
      }
    }
    probe.dispose();
  });

  it('learns classes that can be told apart, of features of any scale, and leaves no tensor behind', () => {
    const live = liveTensorCount();
    for (const scale of [1e-3, 1e3]) {
      const known = Int32Array.from({ length: 60 }, (_, i) => i % 3);
      const features = Float32Array.from(
        { length: 60 * 4 },
        (_, j) => scale * (5 + random.normal() + (j % 4 === known[Math.floor(j / 4)]! ? 6 : 0)),
      );
      const probe = new OnlineProbe({ features: 4, classes: 3, labels: known, lr: 0.1 });
      const everyone = Int32Array.from(known.keys());
      // So many that the running variance forgets that it began at 1.
      for (let step = 0; step < 150; step++) scope(() => probe.learn(fromData(features, [60, 4]), everyone));
      assert.deepEqual(probe.predict(features, 60), known);
      probe.dispose();
    }
    assert.equal(liveTensorCount(), live);
  });

  it('sends no gradient to the features', () => {
    scope(() => {
      const probe = make(0.1);
      const features = fromData(values, [6, 4]).requiresGrad_();
      probe.learn(features, indices);
      assert.equal(features.grad, null);
      probe.dispose();
    });
  });

  it('goes on from its state to the same numbers', () => {
    const [whole, first, second] = [make(0.1), make(0.1), make(0.1)];
    const learn = (probe: OnlineProbe, times: number) => {
      for (let i = 0; i < times; i++) scope(() => probe.learn(fromData(values, [6, 4]), indices));
    };
    learn(whole, 5);
    learn(first, 2);
    second.loadStateDict(first.stateDict());
    learn(second, 3);
    const numbers = (probe: OnlineProbe) => [...probe.stateDict()].map(([name, t]) => [name, t.tolist()]);
    assert.deepEqual(numbers(second), numbers(whole));
    for (const probe of [whole, first, second]) probe.dispose();
  });

  it('learns nothing from the labels of the queries', () => {
    const config = tinyConfig();
    const plan = onlinePlan(config, dataset)!;
    const other = { ...dataset, labels: Int32Array.from(dataset.labels!) };
    for (const query of plan.queries) other.labels[query] = 1 - dataset.labels![query]!;
    const method = createMethod(config, dataset.shape);
    const features = Float32Array.from({ length: 48 * method.encoder.features }, () => random.normal());
    const everyone = Int32Array.from({ length: 48 }, (_, i) => i);
    const weights = [dataset, other].map((data) => {
      const { probe } = new OnlineEvaluation(plan, config, data, method.encoder);
      scope(() => probe.learn(fromData(features, [48, method.encoder.features]), everyone));
      const weight = probe.stateDict().get('linear.weight')!.tolist();
      probe.dispose();
      return weight;
    });
    assert.deepEqual(weights[0], weights[1]);
    method.dispose();
  });
});

describe('a run with the online evaluation', () => {
  const finished = async (t: TestContext, options: TrainOptions) => {
    const run = await newRun(t, options);
    assert.equal(await goOn(run), 'finished');
    return run;
  };

  // One that compares pairs, one with local crops and a teacher, one that draws patches with a transformer.
  const none = { projections: undefined, stem: undefined, width: undefined } as const;
  const dino = { hidden: 8, bottleneck: 4, prototypes: 16, localCrops: 2, projections: undefined } as const;
  const mae = { encoder: 'vit-tiny', depth: 1, decoderDepth: 1, decoderWidth: 16, ...none } as const;
  for (const [method, own] of [
    ['simclr', {}],
    ['dino', dino],
    ['mae', mae],
  ] as const) {
    it(`${method}: trains the very encoder that it trains without, to the bit`, async (t) => {
      const options: TrainOptions = { method, sampler: 'uniform', ...own };
      const [on, off] = [
        await finished(t, options),
        await finished(t, { ...options, onlineEvaluation: false }),
      ];
      const [withIt, without] = [resultOf(on.folder), resultOf(off.folder)];
      assert.equal(withIt.encoder, without.encoder);
      const rest = on.folder.readMetrics().filter(({ kind }) => kind !== 'online');
      assert.deepEqual(rest.map(withoutTimes), without.metrics);
      assert.equal(eventsOf(off.folder).length, 0);
      assert.deepEqual(
        eventsOf(on.folder).map(({ epoch, step, queries }) => [epoch, step, queries]),
        [
          [0, 0, 12],
          [2, 8, 12],
          [3, 12, 12],
        ],
      );
    });
  }

  it('reports what the saved encoder gives, and nothing of the probe before it has learned', async (t) => {
    const { folder, config } = await finished(t, {});
    const { bank, queries } = onlinePlan(config, dataset)!;
    const method = createMethod(config, dataset.shape);
    scope(() => method.encoder.loadStateDict(loadSafetensors(folder.encoderFile).tensors));
    const part = async (indices: Int32Array) => ({
      features: await extractFeatures(method.encoder, dataset, { transform: evalTransform(), indices }),
      labels: indices.map((i) => dataset.labels![i]!),
      classes: dataset.classNames.length,
    });
    const neighbours = Math.ceil(bank.length / dataset.classNames.length);
    const expected = knnAccuracy(await part(bank), await part(queries), { neighbours });
    method.dispose();
    const [untrained, , last] = eventsOf(folder);
    assert.equal(last?.knnAccuracy, expected);
    assert.equal(untrained?.probeAccuracy, null);
    assert.ok(last.probeAccuracy !== null && last.probeAccuracy >= 0 && last.probeAccuracy <= 1);
  });

  it('stops amid an evaluation, and goes on to the same numbers', async (t) => {
    const expected = resultOf((await finished(t, {})).folder);
    const run = await newRun(t, {});
    const isLastStep = (last: number) => (event: { kind: string; step?: number }) =>
      event.kind === 'step' && event.step === last;
    // The signal comes with the last step of an epoch, so that the evaluation meets it.
    assert.equal(await goOn(run, isLastStep(8)), 'interrupted');
    assert.equal(eventsOf(run.folder).length, 1);
    assert.equal(await goOn(run, isLastStep(12)), 'interrupted');
    assert.equal(await goOn(run), 'finished');
    assert.deepEqual(resultOf(run.folder), expected);
  });

  it('does without where there are no labels', async (t) => {
    const { labels: _, ...unlabelled } = dataset;
    const { folder, config } = await newRun(t, { sampler: 'uniform' });
    assert.equal(await pretrain(config, { dataset: unlabelled, folder }), 'finished');
    assert.equal(eventsOf(folder).length, 0);
  });
});
