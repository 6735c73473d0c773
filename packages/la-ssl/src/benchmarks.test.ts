import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('our side of the benchmark of a training step warms up, and does as many steps as it is told', () => {
  const script = fileURLToPath(new URL('../../../benchmarks/simclr-step.mjs', import.meta.url));
  const options = ['--width', '4', '--pairs', '4', '--warmup', '3', '--threads', '1'];
  const side = spawnSync(process.execPath, [script, ...options], { input: '2\n', encoding: 'utf8' });
  assert.equal(side.status, 0, side.stderr);
  const [warm, round] = side.stdout.trim().split('\n');
  const { losses, threads } = JSON.parse(warm!);
  assert.equal(threads, 1);
  assert.ok(losses.length === 3 && losses.every(Number.isFinite), warm);
  assert.ok(losses[2] < losses[0], 'it learns');
  assert.equal(JSON.parse(round!).ms.length, 2);
});

test('the benchmark of sampling measures our side, and all that it finds, and draws alike', () => {
  const script = fileURLToPath(new URL('../../../benchmarks/sampling.mjs', import.meta.url));
  const options = ['--json', '--examples', '20000', '--alone', '300000', '--rounds', '1', '--warmup', '1'];
  const run = spawnSync(process.execPath, [script, ...options], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const { results } = JSON.parse(run.stdout);
  assert.deepEqual(
    [results[0], results.at(-1)].map(({ name, examples }) => [name, examples]),
    [
      ['la-ssl', 20_000],
      ['la-ssl', 300_000],
    ],
  );
  for (const { name, ms, cpuMs, faster } of results) {
    assert.ok(ms > 0 && cpuMs > 0, name);
    if (name !== 'la-ssl') assert.ok(faster.ratio > 0, name);
  }
});
