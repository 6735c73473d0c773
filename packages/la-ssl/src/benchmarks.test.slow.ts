import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const file = (name: string): string => fileURLToPath(new URL(`../../../benchmarks/${name}`, import.meta.url));

test('every work of the benchmark runs, at sizes that say nothing of speed, and both sides compute alike', () => {
  const run = spawnSync(process.execPath, [file('run.mjs'), '--tiny', '--json'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout).failed, []);
});

test('every curve of how the cost grows is measured, at sizes that say nothing of speed', () => {
  const run = spawnSync(process.execPath, [file('scaling.mjs'), '--tiny'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
});
