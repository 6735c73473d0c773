/** A run that was stopped or killed at any moment gives the numbers of one that was not, to the bit. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { subsetOf } from '../data/index.js';
import { Random } from '../random.js';
import type { TrainOptions } from './config.js';
import type { TrainEvent } from './events.js';
import { pretrain } from './pretrain.js';
import { RunFolder } from './run-folder.js';
import {
  dataset,
  goOn,
  MODES,
  nameOf,
  newRun,
  resultOf,
  TINY,
  temporaryFolder,
} from './tiny-run.test.support.js';

async function uninterrupted(t: TestContext, options: TrainOptions = {}) {
  const run = await newRun(t, options);
  assert.equal(await goOn(run), 'finished');
  return resultOf(run.folder);
}

describe('a run that was stopped', () => {
  for (const mode of [...MODES, { sampler: 'la-ssl-shuffled' } as const, { sampler: 'high-loss' } as const]) {
    it(`${nameOf(mode)}: goes on to the same numbers`, async (t) => {
      const expected = await uninterrupted(t, mode);
      const random = new Random(5, MODES.indexOf(mode) + 1);
      const run = await newRun(t, mode);
      const machine = readFileSync(run.folder.file('run.json'), 'utf8');
      let stops = 0;
      for (let outcome = 'interrupted'; outcome === 'interrupted'; stops++) {
        let left = 1 + random.below(8); // events, of scoring too; some fall on an update or the end of an epoch
        outcome = await goOn(run, () => --left === 0);
      }
      assert.ok(stops > 2, `${stops}`);
      assert.deepEqual(resultOf(run.folder), expected);
      assert.equal(readFileSync(run.folder.file('run.json'), 'utf8'), machine, 'written once');
    });
  }

  it('after every single step gives the same lines', async (t) => {
    const options = { sampler: 'la-ssl', scoring: 'in-step', rescoreShare: 0 } as const;
    const expected = await uninterrupted(t, options);
    const run = await newRun(t, options);
    let stops = 0;
    while ((await goOn(run, ({ kind }) => kind === 'progress')) === 'interrupted') stops++;
    assert.equal(stops, 12, 'the last before the evaluation at the end');
    assert.deepEqual(resultOf(run.folder), expected);
  });

  it('between the update and the first step does not score or update a second time', async (t) => {
    const expected = await uninterrupted(t, { sampler: 'la-ssl' });
    const run = await newRun(t, { sampler: 'la-ssl' });
    assert.equal(await goOn(run, ({ kind }) => kind === 'update'), 'interrupted');
    const scored: number[] = [];
    const isScore = (event: TrainEvent): boolean =>
      event.kind === 'progress' && event.phase === 'score' && scored.push(event.epoch) < 0;
    assert.equal(await goOn(run, isScore), 'finished');
    assert.deepEqual(new Set(scored), new Set([2]), 'epoch 1 was scored before the stop');
    assert.deepEqual(resultOf(run.folder), expected);
  });

  it('in the midst of scoring makes the whole pass again', async (t) => {
    const options = { sampler: 'la-ssl', scoring: 'full-pass' } as const;
    const expected = await uninterrupted(t, options);
    const run = await newRun(t, options);
    for (const epoch of [0, 2]) {
      const stopAt = goOn(run, (event) => {
        return event.kind === 'progress' && event.phase === 'score' && event.epoch === epoch;
      });
      assert.equal(await stopAt, 'interrupted');
    }
    assert.equal(await goOn(run), 'finished');
    assert.deepEqual(resultOf(run.folder), expected);
  });

  it('before its encoder was written only writes that', async (t) => {
    const run = await newRun(t, { sampler: 'la-ssl' });
    await goOn(run);
    const expected = resultOf(run.folder);
    rmSync(run.folder.encoderFile);
    let events = 0;
    assert.equal(await goOn(run, () => ++events < 0), 'finished');
    assert.equal(events, 0);
    assert.deepEqual(resultOf(run.folder), expected);
  });
});

const PROGRAM = fileURLToPath(new URL('../../bin/la-ssl.js', import.meta.url));
const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const flagsOf = (options: TrainOptions): string[] =>
  Object.entries(options).flatMap(([name, value]) => [flag(name), String(value)]);

/** Starts `la-ssl train`; a limit stands for a full disk: no file may grow beyond so many blocks of 512 bytes. */
function startTraining(t: TestContext, args: string[], limit = 'unlimited'): ChildProcess {
  const child = spawn(
    'sh',
    ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, PROGRAM, 'train', ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, OMP_NUM_THREADS: '1' },
    },
  );
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** @returns the exit status and what was written to the standard error */
async function ended(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; text: string }> {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, text };
}

describe('a process', () => {
  const killed: TrainOptions = { ...TINY, sampler: 'la-ssl', epochs: 6 };

  it('that was killed with SIGKILL, thrice, goes on to the same numbers', async (t) => {
    const { examples, ...options } = killed;
    const expected = await uninterrupted(t, { ...options, examples });
    const folder = new RunFolder(`${temporaryFolder(t)}/run`);
    const began = ['--runs', dirname(folder.path), '--name', basename(folder.path)];
    let args = [...began, ...flagsOf({ ...killed, checkpointMinutes: 0.001 })]; // so inside of epochs too
    const moments = [
      () => folder.status !== 'empty', // while it sets up, before a first checkpoint
      () => folder.readMetrics().length >= 2,
      () => folder.readMetrics().length >= 9, // of 23
    ];
    for (const moment of moments) {
      const child = startTraining(t, args);
      const end = ended(child);
      while (!moment() && child.exitCode === null) await setTimeout(2);
      child.kill('SIGKILL');
      assert.equal((await end).signal, 'SIGKILL', 'it was still at work');
      args = ['--resume', folder.path];
    }
    assert.equal(folder.status, 'unfinished');
    const { code, text } = await ended(startTraining(t, args));
    assert.equal(code, 0, text);
    assert.deepEqual(resultOf(folder), expected);
  });

  it('that cannot write a checkpoint says so, and the last one stays good', async (t) => {
    const expected = await uninterrupted(t, { sampler: 'la-ssl' });
    const run = await newRun(t, { sampler: 'la-ssl' });
    await goOn(run, ({ kind }) => kind === 'update');
    const before = readFileSync(run.folder.checkpointFile);
    const { code, text } = await ended(startTraining(t, ['--resume', run.folder.path], '200'));
    assert.equal(code, 1, text);
    assert.match(text, /checkpoint\.safetensors could not be written: EFBIG/);
    assert.ok(readFileSync(run.folder.checkpointFile).equals(before));
    assert.equal(await goOn(run), 'finished');
    assert.deepEqual(resultOf(run.folder), expected);
  });
});

describe('a checkpoint that does not fit', () => {
  const rejects = async (t: TestContext, options: TrainOptions, pattern: RegExp): Promise<void> => {
    const { folder } = await stopped(t);
    const { config } = await newRun(t, options);
    const named = ({ message }: Error): boolean =>
      message.startsWith(`${folder.checkpointFile} does not fit this run.`) && pattern.test(message);
    await assert.rejects(pretrain(config, { dataset, folder }), named);
  };
  const stopped = async (t: TestContext) => {
    const run = await newRun(t, { sampler: 'la-ssl' });
    assert.equal(await goOn(run, ({ kind }) => kind === 'epoch'), 'interrupted');
    assert.ok(existsSync(run.folder.checkpointFile));
    return run;
  };

  it('is refused with the options that changed', async (t) => {
    const options = { sampler: 'la-ssl' } as const;
    await rejects(t, { ...options, lr: 0.5 }, /lr was 0\.06 and is now 0\.5/);
    await rejects(
      t,
      { ...options, width: 8, gamma: 2 },
      /width was 4 and is now 8, gamma was 10 and is now 2/,
    );
    await rejects(t, { sampler: 'uniform' }, /sampler was la-ssl and is now uniform/);
  });

  it('is taken with other threads and minutes between checkpoints', async (t) => {
    const run = await stopped(t);
    const config = { ...run.config, checkpointMinutes: 3, threads: 2 };
    assert.equal(await pretrain(config, { dataset, folder: run.folder }), 'finished');
  });

  it('is refused with a data set of another size, and when it is cut short', async (t) => {
    const { folder, config } = await stopped(t);
    const half = subsetOf(
      dataset,
      Int32Array.from({ length: 24 }, (_, i) => i),
    );
    await assert.rejects(pretrain(config, { dataset: half, folder }), ({ message }: Error) =>
      /checkpoint\.safetensors does not fit this run\. .* 48 speeds, .* 24 examples/.test(message),
    );
    truncateSync(folder.checkpointFile, 1000);
    await assert.rejects(
      pretrain(config, { dataset, folder }),
      /checkpoint\.safetensors is no valid safetensors/,
    );
  });
});
