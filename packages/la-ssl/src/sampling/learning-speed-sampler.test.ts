import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LearningSpeedSampler } from './learning-speed-sampler.js';
import { LearningSpeedMonitor } from './monitor.js';
import { samplingProbabilities } from './probabilities.js';
import { UniformSampler } from './sampler.js';

const count = 40;
const indices = Int32Array.from({ length: count }, (_, i) => i);
const options = { seed: 11, r: 0.5, gamma: 2, warmupEpochs: 2, updateEvery: 3 };

/** A training loop in miniature: the speeds depend on what was drawn, so that any difference grows. */
function train(epochs: number[], monitor: LearningSpeedMonitor, sampler: LearningSpeedSampler): number[][] {
  return epochs.map((epoch) => {
    sampler.update(epoch);
    const draws = sampler.drawsFor(epoch);
    monitor.observe(
      draws,
      draws.map((i, k) => 1 + ((i * 7 + k + epoch) % 13)),
      epoch,
    );
    return [...draws];
  });
}

function start(changed: Partial<typeof options> = {}) {
  const monitor = new LearningSpeedMonitor({ count });
  return { monitor, sampler: new LearningSpeedSampler({ monitor, ...options, ...changed }) };
}

describe('LearningSpeedSampler', () => {
  it('updates before epoch W and then every T epochs', () => {
    const { monitor, sampler } = start();
    monitor.observe(
      indices,
      indices.map((i) => i + 1),
      0,
    );
    const updated: number[] = [];
    for (let epoch = 0; epoch < 10; epoch++) {
      const due = sampler.updateDue(epoch);
      const update = sampler.update(epoch);
      assert.equal(due, update !== null);
      assert.equal(sampler.updateDue(epoch), false);
      if (update) updated.push(update.epoch);
    }
    assert.deepEqual(updated, [2, 5, 8]);
  });

  it('draws the warm-up as the uniform sampler of its seed does', () => {
    const { sampler } = start();
    const uniform = new UniformSampler({ count, seed: options.seed });
    for (const epoch of [0, 1]) {
      assert.deepEqual(sampler.drawsFor(epoch), uniform.drawsFor(epoch));
      assert.deepEqual(sampler.probabilitiesFor(epoch), uniform.probabilitiesFor(epoch));
    }
  });

  it('draws by the speeds of the last update, with replacement, until the next', () => {
    const { monitor, sampler } = start();
    const speeds = Float64Array.from(indices, (i) => (i < 4 ? 1 : 100));
    monitor.observe(indices, speeds, 1);
    const update = sampler.update(2);
    assert.equal(update?.threshold, 100);
    assert.deepEqual(update?.probabilities, samplingProbabilities(speeds, { r: 0.5, gamma: 2 }));
    monitor.observe(
      indices,
      speeds.map((speed) => 101 - speed),
      2,
    );
    assert.equal(sampler.update(3), null);
    assert.deepEqual(sampler.probabilitiesFor(4), update?.probabilities);
    // Weights 298 and 100: the four slow ones should have 24.9 % of the draws, not 10 %.
    let slow = 0;
    for (const epoch of [2, 3, 4]) slow += sampler.drawsFor(epoch).filter((i) => i < 4).length;
    assert.ok(Math.abs(slow / (3 * count) - 0.249) < 0.12); // three standard deviations
    assert.notDeepEqual(sampler.drawsFor(2), sampler.drawsFor(3));
  });

  it('resumes exactly, from any epoch, through JSON', () => {
    const epochs = Array.from({ length: 9 }, (_, epoch) => epoch);
    const whole = start();
    const expected = train(epochs, whole.monitor, whole.sampler);
    for (const stop of epochs) {
      const first = start();
      train(epochs.slice(0, stop), first.monitor, first.sampler);
      const saved = JSON.stringify([first.monitor.state(), first.sampler.state()]);
      const second = start();
      const [monitorState, samplerState] = JSON.parse(saved);
      second.monitor.restore(monitorState);
      second.sampler.restore(samplerState);
      assert.deepEqual(train(epochs.slice(stop), second.monitor, second.sampler), expected.slice(stop));
      assert.deepEqual(second.monitor.speeds, whole.monitor.speeds);
    }
  });

  it('draws from so many examples as from few: by the speeds, each epoch its own, again after a resumption', () => {
    const many = 300_000;
    const monitor = new LearningSpeedMonitor({ count: many });
    const every = Int32Array.from({ length: many }, (_, i) => i);
    monitor.observe(
      every,
      Float64Array.from(every, (i) => 1 + (i % 10)),
      0,
    );
    const shape = { ...options, uniformShare: 0.1, warmupEpochs: 1, updateEvery: 2 };
    const sampler = new LearningSpeedSampler({ monitor, ...shape });
    assert.deepEqual(sampler.drawsFor(0).toSorted(), every);
    const { probabilities } = sampler.update(1)!;
    const [draws, later] = [sampler.drawsFor(1), sampler.drawsFor(2)];
    assert.notDeepEqual(later, draws);
    for (let slowness = 0; slowness < 10; slowness++) {
      const share = probabilities[slowness]! * (many / 10);
      const found = draws.filter((i) => i % 10 === slowness).length / many;
      assert.ok(
        Math.abs(found - share) <= 5 * Math.sqrt((share * (1 - share)) / many),
        `${found}, not ${share}`,
      );
    }
    const resumed = new LearningSpeedSampler({
      monitor: new LearningSpeedMonitor({ count: many }),
      ...shape,
    });
    resumed.restore(sampler.state());
    assert.deepEqual(resumed.drawsFor(2), later);
  });

  it('resumes within an epoch without a second update from later speeds', () => {
    const { monitor, sampler } = start();
    train([0, 1, 2], monitor, sampler);
    const draws = sampler.drawsFor(2);
    const resumed = start();
    resumed.monitor.restore(monitor.state());
    resumed.sampler.restore(sampler.state());
    assert.equal(resumed.sampler.update(2), null);
    assert.deepEqual(resumed.sampler.drawsFor(2), draws);
  });

  it('refuses to draw where an update was left out, and says which', () => {
    const { sampler } = start();
    assert.throws(() => sampler.drawsFor(3), /Epoch 3 needs the update due before epoch 2.*none/);
    sampler.update(2);
    assert.equal(sampler.drawsFor(4).length, count);
    assert.throws(() => sampler.drawsFor(5), /due before epoch 5.*was for 2/);
    assert.throws(() => sampler.probabilitiesFor(5), /due before epoch 5/);
  });

  it('starts at once without a warm-up, uniform as long as nothing was observed', () => {
    const { sampler } = start({ warmupEpochs: 0 });
    assert.equal(sampler.update(0)?.uniformBecause, 'no-speed-known');
    assert.deepEqual(sampler.probabilitiesFor(0), new Float64Array(count).fill(1 / count));
  });

  it('has the defaults of the paper: γ = 10, r = 0.1, T = 2, W = 10', () => {
    const sampler = new LearningSpeedSampler({ monitor: new LearningSpeedMonitor({ count }), seed: 0 });
    assert.deepEqual(sampler.state().settings, {
      seed: 0,
      r: 0.1,
      gamma: 10,
      warmupEpochs: 10,
      updateEvery: 2,
      uniformShare: 0,
    });
    const epochs = Array.from({ length: 15 }, (_, epoch) => epoch);
    assert.deepEqual(
      epochs.filter((epoch) => sampler.updateDue(epoch)),
      [10, 12, 14],
    );
  });

  it('refuses a state of other settings or another data set, by name', () => {
    const state = start().sampler.state();
    assert.throws(() => start({ gamma: 3 }).sampler.restore(state), /gamma 2, this one 3/);
    assert.throws(() => start({ seed: 12 }).sampler.restore(state), /seed 11, this one 12/);
    const other = new LearningSpeedSampler({ monitor: new LearningSpeedMonitor({ count: 3 }), ...options });
    assert.throws(() => other.restore(state), /40 examples, this one 3/);
  });

  it('names the option that is out of range at once, not after the warm-up', () => {
    assert.throws(() => start({ r: 2 }), /r.*got 2/);
    assert.throws(() => start({ gamma: -1 }), /gamma.*got -1/);
    assert.throws(() => start({ warmupEpochs: -1 }), /warmupEpochs.*got -1/);
    assert.throws(() => start({ updateEvery: 0 }), /updateEvery.*got 0/);
    assert.throws(() => start({ seed: 0.5 }), /seed.*got 0.5/);
  });
});
