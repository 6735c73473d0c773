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

test('what is wrong with the command line of a benchmark is said in a line', () => {
  const said = (name: string, ...args: string[]): string => {
    const run = spawnSync(process.execPath, [file(name), ...args], { encoding: 'utf8' });
    assert.equal(run.status, 2, run.stderr);
    assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
    return run.stderr;
  };
  for (const name of ['run.mjs', 'scaling.mjs', 'scoring-cost.mjs', 'products.mjs']) {
    assert.match(said(name, '--nothing'), /'--nothing'\. See --help/);
  }
  assert.match(said('run.mjs', '--rounds'), /'--rounds <value>' argument missing\. See/);
  assert.match(said('run.mjs', '--rounds', '0'), /--rounds must be a positive whole number/);
  assert.match(said('scaling.mjs', 'nothing'), /no curve nothing\. There are: step-width/);
  assert.match(said('products.mjs', 'nothing'), /argument 'nothing'/);
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
  writeFileSync(
    script,
    "console.log('{}'); process.stdin.once('data', () => console.log(JSON.stringify({ ms: 7, cpuMs: 7 })));",
  );
  const { sides } = await measure(work(0.05), { ...context, rounds: 2 });
  assert.deepEqual(
    sides.map(({ rounds }: { rounds: object[] }) => rounds),
    [[{ ms: 7, cpuMs: 7 }]],
    'the rounds before the limit are told',
  );
  rmSync(folder, { recursive: true });
});

test('sides that share a round by slices stand still in those of others, and slices are what is counted', async () => {
  const { measure } = await import(file('measure.mjs'));
  const folder = mkdtempSync(join(tmpdir(), 'slices-'));
  const script = join(folder, 'side.mjs');
  // Busy until it has used so many ms of the processor; it has the processor to itself but for what else runs here.
  writeFileSync(
    script,
    `console.log('{}');
    process.stdin.on('data', () => {
      const [from, before] = [Date.now(), process.cpuUsage()];
      let cpuMs = 0;
      while (cpuMs < Number(process.argv[2])) {
        const { user, system } = process.cpuUsage(before);
        cpuMs = (user + system) / 1000;
      }
      console.log(JSON.stringify({ ms: Date.now() - from, ownMs: Date.now() - from, cpuMs }));
    });`,
  );
  const side = (name: string, role: string, ms: number) => ({
    ...{ name, role, command: process.execPath, args: [script, String(ms)] },
  });
  const work = {
    ...{ name: 'w', title: 'w', unit: 'ms', rounds: 1, minutes: 1, slice: 20 },
    sides: () => [
      side('long', 'ours', 400),
      side('short', 'peer', 200),
      side('endless', 'peer', Number.POSITIVE_INFINITY),
    ],
  };
  const context = { python: undefined, threads: 1, say: () => {} };
  await assert.rejects(measure({ ...work, minutes: 0.03 }, context), /took longer/);
  const two = { ...work, sides: () => work.sides().slice(0, 2) };
  const { sides, ratios } = await measure(two, context);
  const [long, short] = sides.map(
    ({ rounds: [round] }: { rounds: { ms: number; ownMs: number }[] }) => round,
  );
  assert.ok(
    long.ownMs >= long.ms + short.ms - 150,
    `${long.ownMs} ms in all, ${long.ms} and ${short.ms} in slices`,
  );
  assert.ok(long.ms >= 350 && short.ms >= 150, `${long.ms} and ${short.ms} ms in slices`);
  assert.ok(ratios[0].ratio < 0.9, `the short one takes ${ratios[0].ratio} of the time`);
  rmSync(folder, { recursive: true });
});

test('the growth of a power is its exponent, the fitted line that of a textbook, with its standard errors', async () => {
  const { fitLine, growth } = await import(file('scaling/growth.mjs'));
  const { exponent, factor, from, to } = growth(
    [1, 2, 4, 8, 16, 32].map((x) => [x, x < 4 ? 50 : 3 * x ** 1.5]), // the third below is not looked at
    1.5,
  );
  assert.deepEqual([from, to], [4, 32]);
  for (const [value, wanted] of [
    [exponent.value, 1.5],
    [exponent.low, 1.5],
    [factor, 3],
  ]) {
    assert.ok(Math.abs(value - wanted) < 1e-9, `${value} is not ${wanted}`);
  }
  const { overhead, slope } = growth(
    [1, 2, 3, 4].map((x) => [x, 7 + 0.5 * x ** 2]),
    2,
  );
  assert.ok(Math.abs(overhead.value - 7) < 1e-9 && Math.abs(slope.value - 0.5) < 1e-9);

  // F. J. Anscombe, Graphs in Statistical Analysis, 1973, the first set: 3.0001 (1.1247), 0.5001 (0.1179)
  const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
  const points = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5].map((x, i) => ({ x, y: y[i], weight: 2 }));
  const line = fitLine(points);
  const t = 2.262157; // 97.5 % of Student's t with 9 degrees of freedom
  assert.ok(Math.abs(line.intercept.value - 3.0001) < 1e-4 && Math.abs(line.slope.value - 0.5001) < 1e-4);
  assert.ok(Math.abs(line.intercept.high - 3.0001 - t * 1.1247) < 3e-4);
  assert.ok(Math.abs(line.slope.low - 0.5001 + t * 0.1179) < 3e-4);
});

test('a curve is measured point by point, and written as numbers and as plots', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scaling-'));
  const args = ['sampling', '--tiny', '--json', join(folder, 'scaling.json'), '--plots', folder];
  const run = spawnSync(process.execPath, [file('scaling.mjs'), ...args], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const [{ points, time, memory }] = JSON.parse(readFileSync(join(folder, 'scaling.json'), 'utf8')).curves;
  assert.deepEqual(
    points.map(({ x }: { x: number }) => x),
    [1000, 3000, 10_000],
  );
  for (const { ms, peakMB } of points) assert.ok(ms.median > 0 && peakMB > 10);
  for (const { exponent } of [time, memory]) assert.ok(exponent.low <= exponent.value);
  for (const [name, fit] of [
    ['time.svg', time],
    ['memory.svg', memory],
  ]) {
    const svg = readFileSync(join(folder, name), 'utf8');
    assert.ok(svg.startsWith('<svg') && svg.includes(`exponent ${fit.exponent.value.toFixed(2)}`), name);
  }
  rmSync(folder, { recursive: true });
  const wrong = spawnSync(process.execPath, [file('scaling.mjs'), 'speed'], { encoding: 'utf8' });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /no curve speed.*step-width/);
});
