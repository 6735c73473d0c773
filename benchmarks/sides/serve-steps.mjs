/** What sides share whose work is a training step. */
import { setImmediate } from 'node:timers/promises';
import { getThreads, libtorchVersion } from '@la-ssl/torch';
import { serve, timed } from './serve.mjs';

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
