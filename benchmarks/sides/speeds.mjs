/**
 * What scoring has to do beside the encoder: it takes in the similarities of all examples, and finds the 15 % of which the least is
 * known. It prints `{ version }` when it is ready, then for each line that it is sent `{ ms, cpuMs, peakMB, chosen }`.
 */
import { parseArgs } from 'node:util';
import { Random } from 'la-ssl/random';
import { LearningSpeedMonitor } from 'la-ssl/sampling';
import { serve, timed } from './serve.mjs';

const { values: options } = parseArgs({ options: { examples: { type: 'string', default: '1000000' } } });
const count = Number(options.examples);
const BATCH = Math.min(2 ** 16, count);
const RESCORED = 0.15;

const monitor = new LearningSpeedMonitor({ count, news: false });
const random = new Random(0);
const similarities = Float64Array.from({ length: BATCH }, () => Math.exp(0.3 * random.normal()));
const batch = new Int32Array(BATCH);

let epoch = 0;
await serve({ version: process.version }, async () => {
  const { result, ...time } = await timed(() => {
    for (let start = 0; start < count; start += BATCH) {
      const size = Math.min(BATCH, count - start);
      for (let k = 0; k < size; k++) batch[k] = start + k;
      monitor.observe(batch.subarray(0, size), similarities.subarray(0, size), epoch);
    }
    return monitor.leastKnown(Math.round(RESCORED * count), ++epoch, random);
  });
  return { ...time, chosen: result.length };
});
