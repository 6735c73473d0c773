/** @file Runs a command line in this process and keeps what it printed; for tests of the commands. */
import { main } from './main.js';

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** `la-ssl <args>`. */
export async function laSsl(...args: string[]): Promise<Outcome> {
  const outcome = { status: 0, stdout: '', stderr: '' };
  const restores = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write;
    // Text is the command's; bytes are the test runner's own report, which goes on.
    stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
      if (typeof chunk !== 'string') return write.call(stream, chunk, ...rest);
      outcome[name] += chunk;
      return true;
    }) as typeof write;
    return () => {
      stream.write = write;
    };
  });
  try {
    outcome.status = await main(['node', 'la-ssl', ...args]);
  } finally {
    for (const restore of restores) restore();
    process.exitCode = undefined;
  }
  return outcome;
}

/** Trains a tiny run on drawn shapes, one epoch. @returns its folder */
export async function trainTiny(runs: string, name: string): Promise<string> {
  const size = ['--examples', '96', '--test-examples', '48', '--width', '8', '--stem', 'imagenet'];
  const outcome = await laSsl(
    ...['train', '--dataset', 'shapes', ...size, '--epochs', '1', '--batch-size', '48'],
    ...['--aligned-share', '0.75', '--warmup-epochs', '0', '--threads', '1', '--precision', 'float32'],
    ...['--runs', runs, '--name', name, '--json'],
  );
  if (outcome.status !== 0) throw new Error(`la-ssl train failed: ${outcome.stderr}`);
  return (JSON.parse(outcome.stdout) as { run: string }).run;
}
