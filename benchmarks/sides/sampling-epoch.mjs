/**
 * Our side of `works/sampling.mjs`: new probabilities from the speeds of all examples, and an epoch of draws by them. It prints
 * `{ version }` when it is ready, then for each line that it is sent `{ ms, cpuMs, meanSpeed, peakMB }`, with the mean speed of
 * what was drawn, to see that both sides draw alike.
 */
import { parseArgs } from 'node:util';
import { Random } from 'la-ssl/random';
import { LearningSpeedMonitor, LearningSpeedSampler } from 'la-ssl/sampling';
import { serve, timed } from './serve.mjs';

const { values: options } = parseArgs({ options: { examples: { type: 'string', default: '1000000' } } });
const count = Number(options.examples);
const BATCH = 2 ** 16;

const monitor = new LearningSpeedMonitor({ count, news: false });
const random = new Random(0);
for (let start = 0; start < count; start += BATCH) {
  const batch = new Int32Array(Math.min(BATCH, count - start)).map((_, k) => start + k);
  monitor.observe(
    batch,
    Float64Array.from(batch, () => Math.exp(0.3 * random.normal())),
    0,
  );
}
const sampler = new LearningSpeedSampler({
  ...{ monitor, seed: 0, warmupEpochs: 0, updateEvery: 1 },
  ...{ r: 0.1, gamma: 10, uniformShare: 0.1 },
});

let epoch = 0;
await serve({ version: process.version }, async () => {
  const { result: draws, ...time } = await timed(() => {
    sampler.update(epoch);
    return sampler.drawsFor(epoch++);
  });
  let sum = 0;
  for (let k = 0; k < count; k++) sum += monitor.speeds[draws[k]];
  return { ...time, meanSpeed: sum / count };
});
