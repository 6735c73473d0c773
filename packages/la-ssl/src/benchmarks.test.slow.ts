import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('every work of the benchmark runs, at sizes that say nothing of speed, and both sides compute alike', () => {
  const driver = fileURLToPath(new URL('../../../benchmarks/run.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [driver, '--tiny', '--json'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout).failed, []);
});
