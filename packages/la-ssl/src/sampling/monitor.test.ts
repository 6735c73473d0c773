import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { LearningSpeedMonitor } from './monitor.js';

describe('LearningSpeedMonitor', () => {
  it('weighs each observation by its age alone: the weighted mean of all', () => {
    for (const emaWeight of [0.001, 0.1, 0.5, 1]) {
      const monitor = new LearningSpeedMonitor({ count: 2, emaWeight });
      const observed = Array.from({ length: 400 }, (_, k) => 2 + Math.sin(k));
      for (const one of observed) monitor.observe([1], [one]);
      const weights = observed.map((_, k) => (1 - emaWeight) ** (observed.length - 1 - k));
      const sum = weights.reduce((a, b) => a + b);
      const mean = observed.reduce((total, one, k) => total + (one * weights[k]!) / sum, 0);
      assert.ok(
        Math.abs(monitor.speeds[1]! / mean - 1) < 1e-12,
        `${emaWeight}: ${monitor.speeds[1]}, ${mean}`,
      );
      assert.deepEqual([...monitor.seen], [0, 400]);
    }
  });

  it('without the correction takes the first observation whole and averages the later ones', () => {
    const monitor = new LearningSpeedMonitor({ count: 3, emaWeight: 0.25, biasCorrection: false });
    monitor.observe([2, 0], [8, 4]);
    assert.deepEqual([...monitor.speeds], [4, 0, 8]);
    assert.deepEqual([...monitor.seen], [1, 0, 1]);
    monitor.observe([0], [8]);
    assert.deepEqual([...monitor.speeds], [5, 0, 8]); // 0.75 · 4 + 0.25 · 8
    assert.deepEqual([...monitor.seen], [2, 0, 1]);
  });

  it('gives a new observation the weight 0.1 by default, and all of it where emaWeight is 1', () => {
    for (const [options, expected] of [
      [{}, 1 + 1 / 1.9],
      [{ biasCorrection: false }, 1.1],
      [{ emaWeight: 1 }, 2],
    ] as const) {
      const monitor = new LearningSpeedMonitor({ count: 1, ...options });
      monitor.observe([0], [1]);
      monitor.observe([0], [2]);
      assert.equal(monitor.speeds[0], expected);
    }
  });

  it('counts the repetitions within a batch as one observation, their mean, in any order', () => {
    const options = { count: 2, emaWeight: 0.5, biasCorrection: false };
    const repeated = new LearningSpeedMonitor(options);
    const shuffled = new LearningSpeedMonitor(options);
    for (const monitor of [repeated, shuffled]) monitor.observe([0], [2]);
    repeated.observe([0, 1, 0, 0], [4, 1, 6, 8]);
    shuffled.observe([0, 0, 1, 0], [8, 4, 1, 6]);
    assert.deepEqual([...repeated.speeds], [4, 1]); // 0.5 · 2 + 0.5 · mean(4, 6, 8)
    assert.deepEqual(shuffled.speeds, repeated.speeds);
    repeated.observe([0], [4]); // nothing of the batch before is left behind
    assert.equal(repeated.speeds[0], 4);
  });

  it('goes on from a saved state as if it had not stopped, through JSON', () => {
    const monitor = new LearningSpeedMonitor({ count: 3 });
    monitor.observe([0, 2], [Math.exp(1.7), Math.PI]);
    const resumed = new LearningSpeedMonitor({ count: 3 });
    resumed.restore(JSON.parse(JSON.stringify(monitor.state())));
    for (const each of [monitor, resumed]) each.observe([0, 1], [0.1, 0.2]);
    assert.deepEqual(resumed.speeds, monitor.speeds);
    assert.deepEqual(resumed.seen, monitor.seen);
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
    const { biasCorrection: _, ...old } = uncorrected.state(); // as from before there was a choice
    uncorrected.restore(old);
    assert.throws(
      () => new LearningSpeedMonitor({ count: 3 }).restore(old),
      /are not corrected.*resume with biasCorrection: false/,
    );
  });

  it('refuses what it cannot use, by name, and is left as it was', () => {
    const monitor = new LearningSpeedMonitor({ count: 3 });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 0, -1]) {
      assert.throws(() => monitor.observe([0, 2], [1, bad]), new RegExp(`example 2 is ${bad};`));
    }
    for (const bad of [-1, 3, 0.5, Number.NaN]) {
      assert.throws(() => monitor.observe([0, bad], [1, 1]), new RegExp(`Example ${bad} does not exist`));
    }
    assert.throws(() => monitor.observe([0, 1], [1]), /2 indices and 1 similarities/);
    assert.deepEqual([...monitor.speeds, ...monitor.seen], [0, 0, 0, 0, 0, 0]);
    assert.throws(() => new LearningSpeedMonitor({ count: 0 }), /count.*0/);
    assert.throws(() => new LearningSpeedMonitor({ count: 1, emaWeight: 0 }), /emaWeight.*0/);
    assert.throws(() => new LearningSpeedMonitor({ count: 1, emaWeight: 1.1 }), /emaWeight.*1.1/);
  });
});

describe('stale', () => {
  it('gives those that were not observed since the last takeNews, never observed ones first', () => {
    const monitor = new LearningSpeedMonitor({ count: 6 });
    const random = new Random(0);
    assert.deepEqual([...monitor.stale(6, random)], [0, 1, 2, 3, 4, 5]);
    monitor.observe([0, 1, 2, 4], [1, 1, 1, 1]);
    assert.deepEqual([...monitor.stale(6, random)], [3, 5]);
    monitor.takeNews();
    monitor.observe([1], [1]);
    assert.deepEqual([...monitor.stale(6, random)], [0, 2, 3, 4, 5]);
    const chosen = new Set<number>();
    for (let k = 0; k < 50; k++) {
      const [a, b, c, ...others] = [...monitor.stale(3, random)].sort(
        (x, y) => Number(x !== 3 && x !== 5) - Number(y !== 3 && y !== 5) || x - y,
      );
      assert.deepEqual([a, b, others], [3, 5, []]);
      chosen.add(c!);
    }
    assert.deepEqual([...chosen].sort(), [0, 2, 4]);
    assert.deepEqual([...monitor.stale(0, random)], []);
  });

  it('needs the news', () => {
    const monitor = new LearningSpeedMonitor({ count: 1, news: false });
    assert.throws(() => monitor.stale(1, new Random(0)), /news: false/);
  });
});

describe('takeNews', () => {
  it('gives the mean of what was observed since the last call, and goes on from a saved state', () => {
    const monitor = new LearningSpeedMonitor({ count: 3 });
    monitor.observe([0, 1], [2, 3]);
    assert.deepEqual([...monitor.takeNews()], [2, 3, Number.NaN]);
    monitor.observe([0, 0, 2], [4, 6, 1]); // one observation of example 0, the mean
    const resumed = new LearningSpeedMonitor({ count: 3 });
    resumed.restore(JSON.parse(JSON.stringify(monitor.state())));
    for (const each of [monitor, resumed]) {
      each.observe([0], [8]);
      assert.deepEqual([...each.takeNews()], [6.5, Number.NaN, 1]);
      assert.deepEqual([...each.takeNews()], [Number.NaN, Number.NaN, Number.NaN]);
    }
  });

  it('is not kept where that is not wanted, and the speeds are the same', () => {
    const monitors = [
      new LearningSpeedMonitor({ count: 3, news: false }),
      new LearningSpeedMonitor({ count: 3 }),
    ];
    for (const monitor of monitors) monitor.observe([2, 0, 2], [1, 2, 4]);
    const [without, usual] = monitors;
    assert.deepEqual(without!.speeds, usual!.speeds);
    assert.throws(() => without!.takeNews(), /news: false/);
    const resumed = new LearningSpeedMonitor({ count: 3, news: false });
    resumed.restore(JSON.parse(JSON.stringify(without!.state())));
    assert.deepEqual(resumed.speeds, usual!.speeds);
  });
});
