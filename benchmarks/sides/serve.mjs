/** What our sides share: they say that they are ready, and then answer each line that they are sent. */
import { createInterface } from 'node:readline';

const print = (answer) => console.log(JSON.stringify(answer));

/**
 * @param ready - what is said first
 * @param answer - of a line, to what it is answered with; `peakMB`, the most memory so far, is added
 */
export async function serve(ready, answer) {
  print(ready);
  for await (const line of createInterface({ input: process.stdin })) {
    const answered = await answer(line);
    print({ ...answered, peakMB: process.resourceUsage().maxRSS / 1024 });
  }
}

/** @returns `{ ms, cpuMs, result }`: time that passed, time of the processor, what `work` gave */
export async function timed(work) {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - started, cpuMs: (user + system) / 1000, result };
}
