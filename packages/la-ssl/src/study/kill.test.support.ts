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

/** Runs the study to its end, or until it is killed. @returns whether it came to its end */
async function runOnce(file: string, runs: string, killAfter?: number): Promise<boolean> {
  const args = [PROGRAM, 'study', file, '--runs', runs, '--parallel', '2'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  const begun = new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (/ (begins|goes on) \|/.test(text)) resolve();
    });
  });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  if (killAfter !== undefined) {
    await Promise.race([begun, ended]);
    await Promise.race([setTimeout(1000 * killAfter), ended]);
    child.kill('SIGKILL');
  }
  const [code, signal] = await ended;
  if (signal !== 'SIGKILL') assert.equal(code, 0, text);
  return signal !== 'SIGKILL';
}

/**
 * Kills the process of a study without warning, at random moments.
 * @param kills - how often it must be killed; where it is done before, it begins in another folder
 */
export async function checkKilledStudy(t: TestContext, kills: number, changes: object = {}): Promise<void> {
  const { file, folder } = writeStudy(t, changes);
  const tablesIn = (runs: string): string[] => TABLES.map((name) => readFileSync(join(runs, name), 'utf8'));
  const undisturbed = join(folder, 'undisturbed');
  assert.ok(await runOnce(file, undisturbed));
  const expected = tablesIn(undisturbed);
  const random = new Random(11);
  let killed = 0;
  for (let attempt = 0; killed < kills; attempt++) {
    const runs = join(folder, `killed-${attempt}`);
    while (!(await runOnce(file, runs, killed < kills ? random.uniform(0, WITHIN) : undefined))) killed++;
    assert.deepEqual(tablesIn(runs), expected);
  }
}
