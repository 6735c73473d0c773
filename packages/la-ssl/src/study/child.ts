/** @file A command of la-ssl in a process of its own, which ends when this one does. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/la-ssl.js', import.meta.url));
/** Lines of a log that are shown where it ends in an error. */
const LAST_LINES = 5;

/** As the command tells it: work that is done, of `total`. */
export interface ChildProgress {
  label: string;
  unit: string;
  done: number;
  total: number;
}

export interface ChildOutcome {
  outcome: 'finished' | 'interrupted' | 'failed';
  /** Of the log, where it failed. */
  lastLines: string[];
}

/**
 * Runs `la-ssl <args>`.
 * @param log - file to which its output is added, so that it can write even when this process is gone
 * @param threads - processors that it may use
 * @param signal - stops it cleanly
 */
export async function runChild(
  args: readonly string[],
  options: {
    log: string;
    threads: number;
    onProgress?: (progress: ChildProgress) => void;
    signal: AbortSignal;
  },
): Promise<ChildOutcome> {
  const { log, threads, onProgress, signal } = options;
  if (signal.aborted) return { outcome: 'interrupted', lastLines: [] };
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    detached: true, // a Ctrl-C of the terminal reaches this process alone, which passes it on
    stdio: ['ignore', output, output, 'ipc'],
    env: { ...process.env, LA_SSL_PARENT: '1', OMP_NUM_THREADS: String(threads) },
  });
  closeSync(output);
  child.on('message', (message) => onProgress?.(message as ChildProgress));
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('exit', resolve);
    });
    if (code === 0) return { outcome: 'finished', lastLines: [] };
    if (signal.aborted) return { outcome: 'interrupted', lastLines: [] };
    return { outcome: 'failed', lastLines: lastLinesOf(log) };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function lastLinesOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.filter((line) => line.trim() !== '').slice(-LAST_LINES);
}
