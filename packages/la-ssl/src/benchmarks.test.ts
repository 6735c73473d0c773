import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const benchmarks = new URL('../../../benchmarks/', import.meta.url);
const file = (name: string): string => fileURLToPath(new URL(name, benchmarks));

interface Measured {
  works: {
    name: string;
    sides: { name: string; role: string; ms: { median: number }; cpuMs: number }[];
    ratios: { to: string; role: string; ratio: number; target?: number; reached?: boolean }[];
    conditions: { reached: boolean }[];
  }[];
  failed: { name: string; error: string }[];
}

function bench(...args: string[]): { status: number | null; stderr: string; measured: Measured } {
  const options = ['--tiny', '--json', '--threads', '1', ...args];
  const run = spawnSync(process.execPath, [file('run.mjs'), ...options], { encoding: 'utf8' });
  return { status: run.status, stderr: run.stderr, measured: JSON.parse(run.stdout) };
}

test('our side of the benchmark of a training step warms up, and does as many steps as it is told', () => {
  const options = ['--width', '4', '--pairs', '4', '--warmup', '3', '--threads', '1'];
  const args = [file('sides/simclr-step.mjs'), ...options];
  const side = spawnSync(process.execPath, args, { input: '2\n', encoding: 'utf8' });
  assert.equal(side.status, 0, side.stderr);
  const [warm, round] = side.stdout.trim().split('\n');
  const { losses, threads } = JSON.parse(warm!);
  assert.equal(threads, 1);
  assert.ok(losses.length === 3 && losses.every(Number.isFinite), warm);
  assert.ok(losses[2] < losses[0], 'it learns');
  assert.equal(JSON.parse(round!).ms.length, 2);
});

test('the driver measures our side and the peers that it finds, which compute alike, and judges by targets', () => {
  const { status, stderr, measured } = bench('sampling-1m', 'sampling-100m');
  assert.equal(status, 0, stderr);
  assert.deepEqual(measured.failed, []);
  assert.deepEqual(
    measured.works.map(({ name }) => name),
    ['sampling-1m', 'sampling-100m'],
  );
  for (const { name, sides, ratios } of measured.works) {
    assert.equal(sides.filter(({ role }) => role === 'ours').length, 1, name);
    for (const { ms, cpuMs } of sides) assert.ok(ms.median > 0 && cpuMs > 0, name);
    const ours = sides.find(({ role }) => role === 'ours')!;
    for (const { to, role, ratio, target, reached } of ratios) {
      const peer = sides.find((side) => side.name === to)!;
      // There is one round, so that ratio is that of the medians.
      assert.ok(Math.abs(ratio - peer.ms.median / ours.ms.median) < 1e-9 * ratio, to);
      if (role === 'peer') assert.equal(reached, ratio >= target!, to);
    }
  }
  const alone = measured.works[1]!;
  assert.deepEqual([alone.ratios, alone.conditions.length], [[], 2]);
});

test('ratios are kept by processor, and those that fell below all rounds are told', async () => {
  const { fallenRatios, saveRatios } = await import(file('ratios.mjs'));
  const folder = mkdtempSync(join(tmpdir(), 'ratios-'));
  const kept = join(folder, 'ratios.json');
  const work = (name: string, ratio: number) => ({
    name,
    ratios: [{ to: 'peer', role: 'peer', ratio, least: ratio - 0.1, most: ratio + 0.1 }],
  });
  const here = { processor: 'one', cores: 2 };
  assert.equal(fallenRatios([work('a', 2)], here, kept), null);
  saveRatios([work('a', 2), work('b', 3)], here, kept);
  saveRatios([work('b', 4)], here, kept);
  assert.deepEqual(fallenRatios([work('a', 1.95), work('b', 4.5)], here, kept), []);
  const fallen = fallenRatios([work('a', 1.95), work('b', 3.8)], here, kept);
  assert.deepEqual(
    fallen.map(({ work, to, now }: { work: string; to: string; now: number }) => [work, to, now]),
    [['b', 'peer', 3.8]],
  );
  const other = { processor: 'another', cores: 2 };
  assert.equal(fallenRatios([work('a', 1)], other, kept), null);
  saveRatios([work('a', 1)], other, kept);
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(kept, 'utf8')).works), ['a']);
  rmSync(folder, { recursive: true });
});

test('a side that fails ends its work with a reason, and one that hangs with its time limit', async () => {
  const { measure } = await import(file('measure.mjs'));
  const folder = mkdtempSync(join(tmpdir(), 'side-'));
  const script = join(folder, 'side.mjs');
  const context = { python: undefined, quick: true, threads: 1, say: () => {} };
  const work = (minutes: number) => ({
    ...{ name: 'w', title: 'w', unit: 'ms', minutes },
    sides: () => [{ name: 'ours', role: 'ours', command: process.execPath, args: [script] }],
  });
  writeFileSync(script, 'process.exit(3)');
  await assert.rejects(measure(work(1), context), /ours ended before it answered/);
  writeFileSync(script, "process.stdin.on('data', () => {}); setInterval(() => {}, 1000);");
  await assert.rejects(measure(work(0.02), context), /took longer than 0.02 minutes/);
  rmSync(folder, { recursive: true });
});
