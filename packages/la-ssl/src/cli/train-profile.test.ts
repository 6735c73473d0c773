/** @file `la-ssl train --profile`: the table, the JSON, Ctrl-C. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PROFILE_PARTS, profileOf, RunFolder } from '../training/index.js';
import { laSsl } from './main.test.support.js';

const SIZE =
  '--dataset shapes --examples 48 --test-examples 4 --width 4 --stem imagenet --batch-size 12 --threads 1 --precision float32';

/** The seconds of each line, and what the shares add up to. */
function readTable(text: string): { seconds: Map<string, number>; shares: number } {
  const lines = [...text.matchAll(/^(\w+) +(\d+\.\d\d) +(\d+\.\d)$/gm)];
  return {
    seconds: new Map(lines.map(([, name, seconds]) => [name!, Number(seconds)])),
    shares: lines.slice(0, -1).reduce((sum, [, , , share]) => sum + Number(share), 0),
  };
}

test('train --profile says where the time went, after Ctrl-C too, and over both stretches', async (t) => {
  const runs = mkdtempSync(join(tmpdir(), 'la-ssl-profile-'));
  t.after(() => rmSync(runs, { recursive: true, force: true }));
  const folder = new RunFolder(join(runs, 'run'));
  const program = fileURLToPath(new URL('../../bin/la-ssl.js', import.meta.url));
  const args = ['train', ...SIZE.split(' '), '--epochs', '6', '--runs', runs, '--name', 'run', '--profile'];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  t.after(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const closed = once(child, 'close');
  while (!folder.readMetrics().some(({ kind }) => kind === 'epoch') && child.exitCode === null)
    await setTimeout(2);
  child.kill('SIGINT');
  assert.deepEqual(await closed, [130, null], stderr);
  const stopped = readTable(stderr);
  assert.deepEqual([...stopped.seconds.keys()], [...PROFILE_PARTS, 'all']);
  assert.ok(Math.abs(stopped.shares - 100) <= 0.05 * PROFILE_PARTS.length, 'but for rounding');

  const {
    status,
    stdout,
    stderr: rest,
  } = await laSsl('train', '--resume', folder.path, '--profile', '--json');
  assert.equal(status, 0, rest);
  assert.doesNotMatch(rest, /where the time went/);
  const { outcome, profile } = JSON.parse(stdout) as { outcome: string; profile: Record<string, number> };
  assert.equal(outcome, 'finished');
  assert.deepEqual(profile, profileOf(folder.readMetrics()));
  assert.ok(profile.forward! > stopped.seconds.get('forward')! - 0.005, 'of both stretches');
});

test('train without --profile says nothing of it', async (t) => {
  const runs = mkdtempSync(join(tmpdir(), 'la-ssl-profile-'));
  t.after(() => rmSync(runs, { recursive: true, force: true }));
  const args = ['--epochs', '1', '--runs', runs, '--name', 'run', '--json'];
  const { status, stdout, stderr } = await laSsl('train', ...SIZE.split(' '), ...args);
  assert.equal(status, 0, stderr);
  assert.deepEqual(Object.keys(JSON.parse(stdout) as object), ['run', 'outcome']);
  assert.equal(profileOf(new RunFolder(join(runs, 'run')).readMetrics()), null);
});
