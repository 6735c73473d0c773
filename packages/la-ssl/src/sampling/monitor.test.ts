import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LearningSpeedMonitor } from './monitor.js';

describe('LearningSpeedMonitor', () => {
  it('takes the first observation whole and averages the later ones', () => {
    const monitor = new LearningSpeedMonitor({ count: 3, emaWeight: 0.25 });
    monitor.observe([2, 0], [8, 4]);
    assert.deepEqual([...monitor.speeds], [4, 0, 8]);
    assert.deepEqual([...monitor.seen], [1, 0, 1]);
    monitor.observe([0], [8]);
    assert.deepEqual([...monitor.speeds], [5, 0, 8]); // 0.75 · 4 + 0.25 · 8
  });

  it('gives a new observation the weight 0.1 by default, and all of it where emaWeight is 1', () => {
    for (const [options, expected] of [
      [{}, 1.1],
      [{ emaWeight: 1 }, 2],
    ] as const) {
      const monitor = new LearningSpeedMonitor({ count: 1, ...options });
      monitor.observe([0], [1]);
      monitor.observe([0], [2]);
      assert.equal(monitor.speeds[0], expected);
    }
  });

  it('counts the repetitions within a batch as one observation, their mean, in any order', () => {
    const repeated = new LearningSpeedMonitor({ count: 2, emaWeight: 0.5 });
    const shuffled = new LearningSpeedMonitor({ count: 2, emaWeight: 0.5 });
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
