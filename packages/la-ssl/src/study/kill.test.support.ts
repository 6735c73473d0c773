/** @file A study that is killed again and again, against one that is not. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '../random.js';
import { writeStudy } from './study.test.support.js';

const PROGRAM = fileURLToPath(new URL('../../bin/la-ssl.js', import.meta.url));
const TABLES = ['study.json', 'study.md', 'study.csv'];
/** Seconds within which a kill falls, after the first run has begun. */
const WITHIN = 2;

/** Runs the study to its end, or until it is stopped by a signal so many seconds after its first run began. */
async function runOnce(
  file: string,
  runs: string,
  stop?: { signal: 'SIGKILL' | 'SIGINT'; after: number },
): Promise<'done' | 'stopped'> {
  const args = [PROGRAM, 'study', file, '--runs', runs, '--parallel', '2', '--no-reuse'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  const begun = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (/ (begins|goes on) \|/.test(text)) resolve();
    });
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  if (stop) {
    await Promise.race([begun, ended]);
    await Promise.race([setTimeout(1000 * stop.after), ended]);
    child.kill(stop.signal);
  }
  const [code, signal] = await ended;
  if (stop?.signal === 'SIGINT' && code === 130) {
    assert.match(text, /was stopped \|[\s\S]*Go on with the same command/);
    return 'stopped';
  }
  if (signal === 'SIGKILL') return 'stopped';
  assert.equal(code, 0, text);
  return 'done';
}

/**
 * Stops a study by Ctrl-C, then others by killing their process without warning, at random moments.
 * @param kills - how often it must be killed; where it is done before, it begins in another folder
 */
export async function checkKilledStudy(t: TestContext, kills: number, changes: object = {}): Promise<void> {
  const { file, folder } = writeStudy(t, changes);
  const tablesIn = (runs: string): string[] => TABLES.map((name) => readFileSync(join(runs, name), 'utf8'));
  const undisturbed = join(folder, 'undisturbed');
  assert.equal(await runOnce(file, undisturbed), 'done');
  const expected = tablesIn(undisturbed);
  const random = new Random(11);
  const runs = join(folder, 'interrupted');
  assert.equal(await runOnce(file, runs, { signal: 'SIGINT', after: 0 }), 'stopped');
  assert.equal(await runOnce(file, runs), 'done');
  assert.deepEqual(tablesIn(runs), expected);
  for (let attempt = 0, killed = 0; killed < kills; attempt++) {
    const runs = join(folder, `killed-${attempt}`);
    const kill = () => ({ signal: 'SIGKILL' as const, after: random.uniform(0, WITHIN) });
    while ((await runOnce(file, runs, killed < kills ? kill() : undefined)) === 'stopped') killed++;
    assert.deepEqual(tablesIn(runs), expected);
  }
}
