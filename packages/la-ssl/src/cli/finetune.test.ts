/** A fine-tuning that was stopped or killed at any moment gives the numbers of one that was not. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-finetune-'));
after(() => rmSync(folder, { recursive: true }));
const PROGRAM = fileURLToPath(new URL('../../bin/la-ssl.js', import.meta.url));
const options = ['--epochs', '30', '--batch-size', '12', '--lr', '0.05'];
const checkpointOf = (run: string): string => join(run, 'finetune.checkpoint.safetensors');
const resultOf = (run: string): string => readFileSync(join(run, 'finetune.json'), 'utf8');
let expected: string;

before(async () => {
  const trained = await laSsl(
    ...['train', '--dataset', 'shapes', '--examples', '48', '--test-examples', '32', '--epochs', '1'],
    ...['--batch-size', '24', '--stem', 'imagenet', '--width', '4', '--projections', '8', '--threads', '1'],
    ...['--precision', 'float32', '--runs', folder, '--name', 'whole'],
  );
  assert.equal(trained.status, 0, trained.stderr);
  for (const name of ['killed', 'stopped']) copy(name);
  const outcome = await laSsl('finetune', join(folder, 'whole'), ...options);
  assert.equal(outcome.status, 0, outcome.stderr);
  expected = resultOf(join(folder, 'whole'));
  assert.equal(existsSync(checkpointOf(join(folder, 'whole'))), false);
});

/** A run with the same encoder, written at the same time. */
function copy(name: string): void {
  cpSync(join(folder, 'whole'), join(folder, name), { recursive: true, preserveTimestamps: true });
}

/** Starts a fine-tuning and sends a signal once `moment` says so. @returns its status and what it wrote to stderr */
async function cut(run: string, signal: NodeJS.Signals, moment: () => boolean) {
  const child = spawn(process.execPath, [PROGRAM, 'finetune', run, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  const closed = once(child, 'close');
  while (!moment() && child.exitCode === null) await setTimeout(1);
  child.kill(signal);
  const [status, by] = (await closed) as [number | null, string | null];
  return { status, by, text };
}

const sameNumbers = (one: string, other: string): void => {
  const numbers = ({ encoder: _, ...rest }: { encoder: number }) => rest; // when it was written
  assert.deepEqual(numbers(JSON.parse(one)), numbers(JSON.parse(other)));
};

test('killed with SIGKILL it goes on by the same command to the same numbers', async () => {
  const run = join(folder, 'killed');
  const { by } = await cut(run, 'SIGKILL', () => existsSync(checkpointOf(run)));
  assert.equal(by, 'SIGKILL', 'it was still at work');
  assert.equal(existsSync(join(run, 'finetune.json')), false);
  const other = await laSsl('finetune', run, ...options, '--seed', '3');
  assert.equal(other.status, 1);
  assert.match(
    other.stderr,
    /checkpoint\.safetensors is of .* stopped: seed was 0 and is now 3\. .* --again/,
  );
  const outcome = await laSsl('finetune', run, ...options);
  assert.equal(outcome.status, 0, outcome.stderr);
  sameNumbers(resultOf(run), expected);
  assert.equal(existsSync(checkpointOf(run)), false);
});

test('stopped with SIGTERM, as by Ctrl-C, it says how to go on; a damaged checkpoint is named', async () => {
  const run = join(folder, 'stopped');
  const { status, text } = await cut(run, 'SIGTERM', () => existsSync(checkpointOf(run)));
  assert.equal(status, 130, text);
  assert.match(
    text,
    /Stopping after this step, with a checkpoint[\s\S]*Stopped\. Go on with the same command\./,
  );
  const whole = readFileSync(checkpointOf(run));
  truncateSync(checkpointOf(run), 1000);
  const damaged = await laSsl('finetune', run, ...options);
  assert.equal(damaged.status, 1);
  assert.match(
    damaged.stderr,
    /finetune\.checkpoint\.safetensors is no valid safetensors.* Begin anew: --again/,
  );
  assert.ok(whole.length > 1000);
  const outcome = await laSsl('finetune', run, ...options, '--again');
  assert.equal(outcome.status, 0, outcome.stderr);
  sameNumbers(resultOf(run), expected);
});

test('finished it says so and tells the same, anew by --again', async () => {
  const run = join(folder, 'whole');
  const told = await laSsl('finetune', run, ...options, '--json');
  assert.match(told.stderr, /is fine-tuned with these options already/);
  sameNumbers(JSON.stringify({ ...JSON.parse(told.stdout), run: undefined }), expected);
  const again = await laSsl('finetune', run, ...options, '--again');
  assert.doesNotMatch(again.stderr, /already/);
  sameNumbers(resultOf(run), expected);
});

test('what cannot be fine-tuned is refused by file or option, with what to do', async () => {
  const run = join(folder, 'refused');
  copy('refused');
  const refusal = async (path: string, ...given: string[]) => {
    const { status, stderr } = await laSsl('finetune', path, '--epochs', '1', ...given);
    assert.notEqual(status, 0);
    return stderr;
  };
  assert.match(await refusal(join(folder, 'none')), /none is no run: .* la-ssl runs <folder>/);
  assert.match(await refusal(run, '--lr', '0'), /'--lr <number>' .* It takes a number above 0\./);
  assert.match(await refusal(run, '--crop-scale', '3'), /'--crop-scale <number>' .* of 1 at most/);
  writeFileSync(join(run, 'finetune.json'), '{');
  assert.match(await refusal(run), /finetune\.json is damaged .* Fine-tune anew: --again/);
  truncateSync(join(run, 'encoder.safetensors'), 2000);
  assert.match(
    await refusal(run, '--again'),
    /encoder\.safetensors is no valid safetensors file: .* la-ssl train --resume .*refused/,
  );
  // What is said helps: the checkpoint has the weights.
  rmSync(join(run, 'encoder.safetensors'));
  assert.equal((await laSsl('train', '--resume', run)).status, 0);
  const encoders = [run, join(folder, 'whole')].map((one) => readFileSync(join(one, 'encoder.safetensors')));
  assert.deepEqual(encoders[0], encoders[1]);
});
