import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { samplingDiagnostics } from './diagnostics.js';
import { failureSigns, type WatchedSettings } from './failure-signs.js';
import { LearningSpeedSampler, type LearningSpeedSamplerOptions } from './learning-speed-sampler.js';
import { LearningSpeedMonitor } from './monitor.js';

const count = 4000;
const everyExample = Int32Array.from({ length: count }, (_, i) => i);

/** Twelve passes over examples of which each has a level of its own, and noise; the signs of the last update. */
function signsOf(
  { level, noise, emaWeight }: { level: number; noise: number; emaWeight: number },
  options: Partial<LearningSpeedSamplerOptions> = {},
) {
  const random = new Random(1);
  const levels = Float64Array.from({ length: count }, () => level * random.normal());
  const monitor = new LearningSpeedMonitor({ count, emaWeight });
  const sampler = new LearningSpeedSampler({
    monitor,
    seed: 0,
    warmupEpochs: 10,
    updateEvery: 2,
    ...options,
  });
  let previousSpeeds = new Float64Array(count);
  for (let epoch = 0; ; epoch++) {
    monitor.observe(
      everyExample,
      levels.map((own) => Math.exp(own + noise * random.normal())),
      epoch,
    );
    const update = sampler.update(epoch);
    if (!update) continue;
    const { speeds } = monitor;
    const news = monitor.takeNews();
    const diagnostics = samplingDiagnostics({ ...update, speeds, previousSpeeds, news });
    if (epoch === 12) return failureSigns({ ...diagnostics, ...update }, options as WatchedSettings);
    previousSpeeds = Float64Array.from(speeds);
  }
}
const names = (signs: ReturnType<typeof signsOf>) => signs.map(({ sign }) => sign);

describe('failureSigns', () => {
  it('finds nothing where examples differ, measurements repeat and the draws are spread', () => {
    assert.deepEqual(signsOf({ level: 0.5, noise: 0.5, emaWeight: 0.1 }, { gamma: 0.5 }), []);
  });

  it('tells speeds that jump from those that only wander', () => {
    const jumping = { level: 0.3, noise: 0.5, emaWeight: 1 };
    assert.deepEqual(names(signsOf(jumping, { gamma: 0.5 })), ['noisy-speeds']);
    assert.deepEqual(names(signsOf({ ...jumping, level: 0.5 }, { gamma: 0.5 })), []);
  });

  it('tells speeds that mean nothing, though smoothing keeps their order', () => {
    assert.deepEqual(names(signsOf({ level: 0, noise: 0.5, emaWeight: 0.1 }, { gamma: 0.5 })), [
      'speeds-mean-little',
    ]);
  });

  it('tells a few that dominate, with the figure and the remedy', () => {
    const [found, ...others] = signsOf({ level: 0.8, noise: 0.2, emaWeight: 0.1 }, { gamma: 100, r: 0.02 });
    assert.deepEqual(others, []);
    assert.match(found!.text, /^effective sample size fell to [\d.]+ %.*--gamma.*--uniform-share/);
  });

  it('names the option that the scaling function has', () => {
    const size = {
      effectiveSampleSize: 10,
      effectiveSampleShare: 0.01,
      rankCorrelation: null,
      agreement: null,
    };
    const remedy = (scaling: WatchedSettings['scaling']) => failureSigns(size, { scaling })[0]!.text;
    assert.match(remedy(undefined), /Lower --gamma/);
    assert.match(remedy('reciprocal-rank'), /Lower --power/);
    assert.match(remedy('exponential'), /Raise --scaling-temperature/);
    assert.match(remedy('top-share'), /Raise --slowest-share/);
    assert.match(remedy(null), /dominate\. Raise --uniform-share\.$/);
  });

  it('tells a target that cannot be had and what is nearest, and is quiet where it is held', () => {
    const data = { level: 0.8, noise: 0.2, emaWeight: 0.1 };
    const [missed] = signsOf(data, { targetEss: 0.02, r: 0.5 });
    assert.match(missed!.text, /size of 2\.0 % cannot be had.*nearest is \d+ %, with gamma/);
    assert.deepEqual(signsOf(data, { targetEss: 0.05, scaling: 'rank' }), []);
  });
});
