/** @file Runs a command line in this process and keeps what it printed; for tests of the commands. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { main } from './main.js';

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** What the command that is running in this asynchronous context printed; the test runner's own report goes on. */
const running = new AsyncLocalStorage<Outcome>();

for (const name of ['stdout', 'stderr'] as const) {
  const stream = process[name];
  const write = stream.write;
  stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
    const outcome = running.getStore();
    if (!outcome) return write.call(stream, chunk, ...rest);
    outcome[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    return true;
  }) as typeof write;
}

/** `la-ssl <args>`. */
export async function laSsl(...args: string[]): Promise<Outcome> {
  const outcome = { status: 0, stdout: '', stderr: '' };
  outcome.status = await running.run(outcome, () => main(['node', 'la-ssl', ...args]));
  process.exitCode = undefined;
  return outcome;
}

/** Trains a tiny run on drawn shapes, one epoch, before which every example has a speed. @returns its folder */
export async function trainTiny(runs: string, name: string): Promise<string> {
  const size = ['--examples', '96', '--test-examples', '48', '--width', '8', '--stem', 'imagenet'];
  const outcome = await laSsl(
    ...['train', '--dataset', 'shapes', ...size, '--epochs', '1', '--batch-size', '48'],
    ...['--aligned-share', '0.75', '--warmup-epochs', '0', '--scoring', 'full-pass'],
    ...['--threads', '1', '--precision', 'float32'],
    ...['--runs', runs, '--name', name, '--json'],
  );
  if (outcome.status !== 0) throw new Error(`la-ssl train failed: ${outcome.stderr}`);
  return (JSON.parse(outcome.stdout) as { run: string }).run;
}
