/** @file Ctrl-C: the first asks the work to stop cleanly, the second ends the process. */
import { onParentGone } from './parent.js';

/**
 * Runs `work` with a signal that Ctrl-C, a termination or the end of the process that started this one aborts.
 * @param notice - printed when that happens
 */
export async function interruptible<T>(
  notice: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write(`\n${notice} (again: stop at once)\n`);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
  const stay = onParentGone(stop);
  try {
    return await work(controller.signal);
  } finally {
    stay();
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  }
}
