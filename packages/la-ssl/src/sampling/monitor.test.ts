import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { LearningSpeedMonitor } from './monitor.js';

describe('LearningSpeedMonitor', () => {
  it('weighs each observation by its age in epochs alone: the weighted mean of all', () => {
    for (const emaWeight of [0.001, 0.1, 0.5, 1]) {
      const monitor = new LearningSpeedMonitor({ count: 2, emaWeight });
      // Some epochs show the example twice, every third does not show it.
      const observed = Array.from({ length: 400 }, (_, k) => ({
        epoch: Math.floor(k / 2) + Math.floor(k / 4),
        value: 2 + Math.sin(k),
      }));
      for (const { epoch, value } of observed) monitor.observe([1], [value], epoch);
      const last = observed.at(-1)!.epoch;
      const weights = observed.map(({ epoch }) => (1 - emaWeight) ** (last - epoch));
      const sum = weights.reduce((a, b) => a + b);
      const mean = observed.reduce((total, { value }, k) => total + (value * weights[k]!) / sum, 0);
      const near = (a: number, b: number): boolean => Math.abs(a / b - 1) < 1e-6; // weights are kept in float32
      assert.ok(near(monitor.speeds[1]!, mean), `${emaWeight}: ${monitor.speeds[1]}, ${mean}`);
      assert.ok(near(monitor.weights[1]!, sum), `${emaWeight}: ${monitor.weights[1]}, ${sum}`);
      assert.equal(monitor.weights[0], 0);
    }
  });

  it('with one observation an epoch is an exponential moving average with the correction of Adam', () => {
    const monitor = new LearningSpeedMonitor({ count: 1, emaWeight: 0.25 });
    let average = 0;
    for (let epoch = 0; epoch < 50; epoch++) {
      const observed = 2 + Math.cos(epoch);
      monitor.observe([0], [observed], epoch);
      average = 0.75 * average + 0.25 * observed;
      assert.ok(Math.abs(monitor.speeds[0]! / (average / (1 - 0.75 ** (epoch + 1))) - 1) < 1e-6);
    }
  });

  it('without the correction takes the first observation whole and averages the later ones', () => {
    const monitor = new LearningSpeedMonitor({ count: 3, emaWeight: 0.25, biasCorrection: false });
    monitor.observe([2, 0], [8, 4], 0);
    assert.deepEqual([...monitor.speeds], [4, 0, 8]);
    assert.deepEqual([...monitor.weights], [1, 0, 1]);
    monitor.observe([0], [8], 5);
    assert.deepEqual([...monitor.speeds], [5, 0, 8]); // 0.75 · 4 + 0.25 · 8
  });

  it('lets an observation count 0.9 times as much an epoch later by default, and not at all where emaWeight is 1', () => {
    for (const [options, expected] of [
      [{}, 1 + 1 / 1.9],
      [{ biasCorrection: false }, 1.1],
      [{ emaWeight: 1 }, 2],
    ] as const) {
      const monitor = new LearningSpeedMonitor({ count: 1, ...options });
      monitor.observe([0], [1], 3);
      monitor.observe([0], [2], 4);
      assert.ok(Math.abs(monitor.speeds[0]! - expected) < 1e-7);
    }
  });

  it('counts the repetitions within a batch as one observation, their mean, in any order', () => {
    const options = { count: 2, emaWeight: 0.5, biasCorrection: false };
    const repeated = new LearningSpeedMonitor(options);
    const shuffled = new LearningSpeedMonitor(options);
    for (const monitor of [repeated, shuffled]) monitor.observe([0], [2], 0);
    repeated.observe([0, 1, 0, 0], [4, 1, 6, 8], 1);
    shuffled.observe([0, 0, 1, 0], [8, 4, 1, 6], 1);
    assert.deepEqual([...repeated.speeds], [4, 1]); // 0.5 · 2 + 0.5 · mean(4, 6, 8)
    assert.deepEqual(shuffled.speeds, repeated.speeds);
    repeated.observe([0], [4], 2); // nothing of the batch before is left behind
    assert.equal(repeated.speeds[0], 4);
  });

  it('goes on from a saved state as if it had not stopped, through JSON', () => {
    const monitor = new LearningSpeedMonitor({ count: 3 });
    monitor.observe([0, 2], [Math.exp(1.7), Math.PI], 1);
    const resumed = new LearningSpeedMonitor({ count: 3 });
    resumed.restore(JSON.parse(JSON.stringify(monitor.state())));
    for (const each of [monitor, resumed]) each.observe([0, 1], [0.1, 0.2], 4);
    assert.deepEqual(resumed.speeds, monitor.speeds);
    assert.deepEqual(resumed.weights, monitor.weights);
  });

  it('refuses a state of other settings or another data set', () => {
    const state = new LearningSpeedMonitor({ count: 3 }).state();
    assert.throws(() => new LearningSpeedMonitor({ count: 4 }).restore(state), /3 speeds.*this one 4/);
    assert.throws(
      () => new LearningSpeedMonitor({ count: 3, emaWeight: 0.5 }).restore(state),
      /emaWeight 0.1.*0.5/,
    );
    const uncorrected = new LearningSpeedMonitor({ count: 3, biasCorrection: false });
    assert.throws(
      () => uncorrected.restore(state),
      /are corrected.*are not; resume with biasCorrection: true/,
    );
    assert.throws(
      () => new LearningSpeedMonitor({ count: 3 }).restore(uncorrected.state()),
      /are not corrected.*resume with biasCorrection: false/,
    );
  });

  it('refuses what it cannot use, by name, and is left as it was', () => {
    const monitor = new LearningSpeedMonitor({ count: 3 });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 0, -1]) {
      assert.throws(() => monitor.observe([0, 2], [1, bad], 0), new RegExp(`example 2 is ${bad};`));
    }
    for (const bad of [-1, 3, 0.5, Number.NaN]) {
      assert.throws(() => monitor.observe([0, bad], [1, 1], 0), new RegExp(`Example ${bad} does not exist`));
    }
    assert.throws(() => monitor.observe([0, 1], [1], 0), /2 indices and 1 similarities/);
    assert.deepEqual([...monitor.speeds, ...monitor.weights], [0, 0, 0, 0, 0, 0]);
    for (const bad of [-1, 0.5, 2 ** 16, Number.NaN]) {
      assert.throws(() => monitor.observe([0], [1], bad), new RegExp(`epoch.*0 to 65535, got ${bad}`));
    }
    monitor.observe([1], [2], 5);
    assert.throws(
      () => monitor.observe([0, 1], [1, 1], 4),
      /Example 1 was observed in epoch 5, and now in epoch 4/,
    );
    assert.deepEqual([...monitor.speeds], [0, 2, 0]);
    assert.throws(() => new LearningSpeedMonitor({ count: 0 }), /count.*0/);
    assert.throws(() => new LearningSpeedMonitor({ count: 1, emaWeight: 0 }), /emaWeight.*0/);
    assert.throws(() => new LearningSpeedMonitor({ count: 1, emaWeight: 1.1 }), /emaWeight.*1.1/);
  });
});

describe('leastKnown', () => {
  it('gives those that were never observed, then those of old or few observations, and chance decides among equals', () => {
    const monitor = new LearningSpeedMonitor({ count: 6 });
    const random = new Random(0);
    const chosen = (most: number): number[] => [...monitor.leastKnown(most, 7, random)];
    monitor.observe([0, 1, 2, 4], [1, 1, 1, 1], 0);
    monitor.observe([2], [1], 0);
    monitor.observe([4], [1], 7);
    assert.deepEqual(chosen(0), []);
    assert.deepEqual(chosen(2), [3, 5]);
    assert.deepEqual(chosen(4), [0, 1, 3, 5]);
    assert.deepEqual(chosen(5), [0, 1, 2, 3, 5]); // two of epoch 0 count less than one of now with one of epoch 0
    for (const all of [6, 7]) assert.deepEqual(chosen(all), [0, 1, 2, 3, 4, 5]);
    const [ones, threes] = [new Set<number>(), new Set<number>()];
    for (let k = 0; k < 50; k++) {
      ones.add(chosen(1)[0]!);
      const [a, b, c] = chosen(3);
      threes.add(a!);
      assert.deepEqual([b, c], [3, 5]);
    }
    assert.deepEqual([...ones].sort(), [3, 5]);
    assert.deepEqual([...threes].sort(), [0, 1]);
  });

  it('is right among many', () => {
    const count = 20_000;
    const random = new Random(1);
    const monitor = new LearningSpeedMonitor({ count });
    for (let epoch = 0; epoch < 4; epoch++) {
      const shown = Array.from({ length: count / 2 }, () => random.below(count));
      monitor.observe(shown, new Float64Array(count / 2).fill(1), epoch);
    }
    const chosen = monitor.leastKnown(3000, 4, random);
    assert.equal(new Set(chosen).size, 3000);
    assert.deepEqual(chosen, chosen.toSorted());
    const isChosen = new Set(chosen);
    const known = (of: boolean): number[] =>
      [...monitor.weights.keys()].filter((i) => isChosen.has(i) === of).map((i) => monitor.weights[i]!);
    const unseen = monitor.weights.filter((weight) => weight === 0).length;
    assert.equal(known(true).filter((weight) => weight === 0).length, Math.min(3000, unseen));
  });
});

describe('takeNews', () => {
  it('gives the mean of what was observed since the last call, and goes on from a saved state', () => {
    const monitor = new LearningSpeedMonitor({ count: 3 });
    monitor.observe([0, 1], [2, 3], 0);
    assert.deepEqual([...monitor.takeNews()], [2, 3, Number.NaN]);
    monitor.observe([0, 0, 2], [4, 6, 1], 1); // one observation of example 0, the mean
    const resumed = new LearningSpeedMonitor({ count: 3 });
    resumed.restore(JSON.parse(JSON.stringify(monitor.state())));
    for (const each of [monitor, resumed]) {
      each.observe([0], [8], 1);
      assert.deepEqual([...each.takeNews()], [6.5, Number.NaN, 1]);
      assert.deepEqual([...each.takeNews()], [Number.NaN, Number.NaN, Number.NaN]);
    }
  });

  it('is not kept where that is not wanted, and the speeds are the same', () => {
    const monitors = [
      new LearningSpeedMonitor({ count: 3, news: false }),
      new LearningSpeedMonitor({ count: 3 }),
    ];
    for (const monitor of monitors) monitor.observe([2, 0, 2], [1, 2, 4], 0);
    const [without, usual] = monitors;
    assert.deepEqual(without!.speeds, usual!.speeds);
    assert.throws(() => without!.takeNews(), /news: false/);
    const resumed = new LearningSpeedMonitor({ count: 3, news: false });
    resumed.restore(JSON.parse(JSON.stringify(without!.state())));
    assert.deepEqual(resumed.speeds, usual!.speeds);
  });
});
