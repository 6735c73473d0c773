import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import type { StudyResult } from '../study/index.js';
import { PRUNED_STUDIES, TINY_STUDY, writeStudy } from '../study/study.test.support.js';
import { RunFolder } from '../training/index.js';
import { laSsl } from './main.test.support.js';

test('a study runs what is not done, and nothing twice', async (t) => {
  const { file, folder } = writeStudy(t);
  const runs = join(folder, 'runs');
  const study = (...flags: string[]) => laSsl('study', file, '--runs', runs, '--parallel', '1', ...flags);

  const first = await study('--json');
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stderr, /^uniform-seed0 begins \| 0\/2 runs \| measuring the time$/m);
  assert.match(first.stderr, /^la-ssl-seed0 is done \| 2\/2 runs \| 0:00 left$/m);
  const result = JSON.parse(first.stdout) as StudyResult;
  const saved = JSON.parse(readFileSync(join(runs, 'uniform-seed0/probe.json'), 'utf8')) as {
    biased: { metrics: { overall: { value: number } } };
  };
  assert.equal(result.cells[0]!.metrics['biased.overall']!.value, saved.biased.metrics.overall.value);
  assert.equal(
    Math.fround(result.cells[0]!.metrics['update.effectiveSampleShare']!.value),
    1,
    'uniform draws',
  );
  const difference = result.cells[1]!.differences['biased.overall']!.value;
  const [a, b] = result.runs.map(({ metrics }) => metrics['biased.overall']!);
  assert.equal(difference, b! - a!);

  const encoder = join(runs, 'uniform-seed0/encoder.safetensors');
  const made = statSync(encoder).mtimeMs;
  const tables = () =>
    ['study.json', 'study.md', 'study.csv'].map((name) => readFileSync(join(runs, name), 'utf8'));
  const before = tables();
  assert.match(readFileSync(join(runs, 'report.html'), 'utf8'), /What was run[\s\S]*libtorch/, 'the page');
  const second = await study();
  assert.equal(second.status, 0);
  assert.equal(second.stderr, '', 'nothing was left to do');
  assert.match(
    second.stdout,
    /Does it run\?[\s\S]*la-ssl +la-ssl +uniform +1 [\s\S]*Written: .*report\.html, .*study\.md/,
  );
  assert.equal(statSync(encoder).mtimeMs, made);
  assert.deepEqual(tables(), before);

  // A run that is gone is made again, to the same numbers; how long it takes is known from the other.
  rmSync(join(runs, 'la-ssl-seed0'), { recursive: true });
  const dry = await study('--dry-run');
  assert.match(dry.stdout, /^uniform-seed0 +done +0:00$/m);
  assert.match(dry.stdout, /^la-ssl-seed0 +to train and probe +\d+:\d\d$/m);
  assert.match(dry.stdout, /1 of 2 runs are left, 1 at a time in .*: about \d+:\d\d\./);
  assert.ok(!existsSync(join(runs, 'la-ssl-seed0')), 'a dry run runs nothing');
  assert.equal((await study()).status, 0);
  assert.deepEqual(tables(), before);

  // One whose encoder was cut short, though its probe is there, too.
  truncateSync(join(runs, 'la-ssl-seed0/encoder.safetensors'), 1000);
  assert.match((await study('--dry-run')).stdout, /^la-ssl-seed0 +to train and probe /m);
  assert.equal((await study()).status, 0);
  assert.deepEqual(tables(), before);

  // Other code: asked what to do.
  const machine = new RunFolder(join(runs, 'uniform-seed0'));
  await machine.writeJson('run.json', { started: '2026-01-01', code: 'other' });
  const refused = await study();
  assert.equal(refused.status, 2);
  assert.match(
    refused.stderr,
    /Other code made these runs of .*: uniform-seed0\. Give --old-runs keep .* repeat/,
  );
  assert.equal((await study('--old-runs', 'keep')).status, 0);
  assert.equal(statSync(encoder).mtimeMs, made);

  // Other options, another study, another budget, another process.
  writeFileSync(file, stringify({ ...TINY_STUDY, base: { ...TINY_STUDY.base, epochs: 4 } }));
  assert.match(
    (await study()).stderr,
    /other options than the study has now: uniform-seed0 and 1 more.*--runs/,
  );
  assert.match(
    (await study('--budget', 'full')).stderr,
    /belongs to the study tiny \(small\), not to tiny \(full\)/,
  );
  writeFileSync(join(folder, 'else.yaml'), stringify(TINY_STUDY));
  const other = await laSsl('study', join(folder, 'else.yaml'), '--runs', runs);
  assert.match(other.stderr, /belongs to the study tiny \(small\), not to else/);
  assert.match((await laSsl('study', file, '--runs', folder)).stderr, /holds something else than this study/);
});

test('a run that another study has is copied, unless it is wanted anew', async (t) => {
  const { file, folder } = writeStudy(t);
  const study = (name: string, ...flags: string[]) =>
    laSsl('study', file, '--runs', join(folder, 'runs', name), '--parallel', '1', ...flags);
  const first = await study('first', '--json');
  writeFileSync(file, stringify({ ...TINY_STUDY, axes: { sampler: ['uniform', 'oracle'] } }));
  const dry = await study('second', '--dry-run');
  assert.match(dry.stdout, /^uniform-seed0 +to copy from .*first\/uniform-seed0 /m);
  assert.match(dry.stdout, /^oracle-seed0 +to train and probe /m);
  const anew = await study('second', '--no-reuse', '--dry-run');
  assert.match(anew.stdout, /^uniform-seed0 +to train and probe /m);
  const second = await study('second', '--json');
  assert.match(second.stderr, /^Copied from .*runs\/first, with the same options and code: 1 of 2 runs/);
  assert.doesNotMatch(second.stderr, /uniform-seed0 begins/);
  const [a, b] = [first, second].map(({ stdout }) => (JSON.parse(stdout) as StudyResult).runs[0]);
  assert.deepEqual(a, b);
});

test('a run that fails is reported, and the others go on', async (t) => {
  const metrics = [...TINY_STUDY.metrics, 'biased.overal'];
  const { file, folder } = writeStudy(t, {
    axes: { lr: { wild: 1e30, usual: 0.06, lower: 0.05 } },
    baseline: undefined,
    metrics,
  });
  const runs = join(folder, 'runs');
  const { status, stderr, stdout } = await laSsl('study', file, '--runs', runs, '--parallel', '1', '--json');
  assert.equal(status, 1);
  assert.match(stderr, /^wild-seed0 failed \| .*\n( {4}.*\n)* {4}la-ssl: Training diverged/m);
  assert.match(stderr, /1 runs failed; their logs are in .*logs/);
  const { cells, runs: results } = JSON.parse(stdout) as StudyResult;
  assert.deepEqual(
    cells.map(({ seeds }) => seeds),
    [[], [0], [0]],
  );
  assert.match(
    stderr,
    /^usual-seed0 has no biased\.overal\. .*What there is: .*\bbiased\.overall\b[\s\S]*^lower-seed0 begins/m,
  );
  assert.match(stderr, /^No run has biased\.overal\. /m);
  assert.match(results[0]!.failed!.join('\n'), /Training diverged/);
});

test('a dry run with nothing to go by times a few steps', async (t) => {
  const { file, folder } = writeStudy(t, { base: { ...TINY_STUDY.base, epochs: 30 } });
  const runs = join(folder, 'runs');
  const { status, stdout, stderr } = await laSsl('study', file, '--runs', runs, '--dry-run', '--json');
  assert.equal(status, 0, stderr);
  assert.match(stderr, /Timing a few steps of la-ssl-seed0/);
  const plan = JSON.parse(stdout) as { seconds: number; runs: { state: string; seconds: number }[] };
  assert.ok(plan.seconds > 0);
  assert.deepEqual(
    plan.runs.map(({ state }) => state),
    ['new', 'new'],
  );
  const again = await laSsl('study', file, '--runs', runs, '--dry-run', '--json');
  assert.equal(again.stderr, '', 'kept from before');
  assert.deepEqual(JSON.parse(again.stdout), plan);
});

test('a search with pruning stops what is worse, says so, and is the same when asked again', async (t) => {
  const { file, folder } = writeStudy(t, PRUNED_STUDIES.halving);
  const runs = join(folder, 'runs');
  const study = (...flags: string[]) => laSsl('study', file, '--runs', runs, '--parallel', '1', ...flags);

  // Of five cells two go on after one epoch, then one after two: one cell with two seeds goes to its end.
  const dry = await study('--dry-run');
  assert.equal(dry.status, 0, dry.stderr);
  assert.match(
    dry.stdout,
    /^Pruning: of the first seeds of all cells the best 1 in 2 goes on, .* by epoch\.loss \(lower is better\) after 1, 2 epochs\. At least 2 of the 10 runs go to their end, in about \d+:\d\d \(of a failed run another may take the place\)\.$/m,
  );
  assert.match(dry.stdout, /^10 of 10 runs are left/m);

  const first = await study('--json');
  assert.equal(first.status, 0, first.stderr);
  const { cells, runs: results, comparisons } = JSON.parse(first.stdout) as StudyResult;
  assert.deepEqual(comparisons, [1, 2]);
  assert.deepEqual(cells.map(({ prunedAfter }) => prunedAfter ?? 3).sort(), [1, 1, 1, 2, 3]);
  // The rule by hand, from the losses that the first seeds wrote.
  const lossesOf = (name: string) =>
    new RunFolder(join(runs, name))
      .readMetrics()
      .flatMap((event) => (event.kind === 'epoch' ? [event.loss] : []));
  const firsts = results.filter(({ seed }) => seed === 0);
  const best = (names: string[], after: number, kept: number) =>
    names.sort((a, b) => lossesOf(a)[after - 1]! - lossesOf(b)[after - 1]!).slice(0, kept);
  const [winner] = best(
    best(
      firsts.map(({ name }) => name),
      1,
      2,
    ),
    2,
    1,
  );
  const done = results.filter(({ metrics }) => 'biased.overall' in metrics);
  const { cell } = firsts.find(({ name }) => name === winner)!;
  assert.deepEqual([...new Set(done.map((run) => run.cell))], [cell]);
  assert.equal(done.length, 2, 'both seeds of the best cell');
  for (const { name, pruned, seed } of results.filter((run) => run.pruned)) {
    if (seed === 0) assert.equal(pruned!.value, lossesOf(name)[pruned!.after - 1]);
    else assert.ok(!existsSync(join(runs, name)), `${name} was never begun`);
  }
  const page = readFileSync(join(runs, 'report.html'), 'utf8');
  assert.match(page, /Pruned: 4 of 5 cells were stopped/);

  const again = await study('--json');
  assert.equal(again.stdout, first.stdout);
  assert.match((await study('--dry-run')).stdout, /^0 of 10 runs are left/m);
});
