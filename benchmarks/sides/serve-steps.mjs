/** What our sides share whose work is a training step: their options, and how they are driven. */
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { getThreads, libtorchVersion, setThreads } from '@la-ssl/torch';
import { serve, timed } from './serve.mjs';

/**
 * @param own - a side's own options with their defaults, texts as all
 * @returns those and what all have; so many threads are used from then on
 */
export function stepOptions(own) {
  const shared = { precision: 'float32', threads: String(getThreads()), warmup: '10' };
  const withDefaults = Object.entries({ ...shared, ...own });
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(withDefaults.map(([name, value]) => [name, { type: 'string', default: value }])),
      export: { type: 'string' },
    },
  });
  setThreads(Number(values.threads));
  return { ...values, bfloat16: values.precision === 'bfloat16' };
}

/**
 * A training step: `warmup` of them first, then as many as a line says. The readiness has the losses of the first three, an answer
 * `{ ms: [...], cpuMs }`, of the latter the mean.
 * @param step - gives the loss
 */
export async function serveSteps(step, warmup) {
  const losses = Array.from({ length: warmup }, step).slice(0, 3);
  await serve({ version: libtorchVersion, threads: getThreads(), losses }, async (line) => {
    const ms = [];
    const { cpuMs } = await timed(async () => {
      for (let i = 0; i < Number(line); i++) {
        ms.push((await timed(step)).ms);
        await setImmediate(); // as the training loop does
      }
    });
    return { ms, cpuMs: cpuMs / ms.length };
  });
}
