import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Cell, type RunResult, type StudyPlan, studyResult } from '../study/index.js';
import { curvesSection } from './section-study-curves.js';
import { readStudyResult, studyReport } from './study-report.js';
import { writeReport } from './write-report.js';

const cells = ['uniform', 'la-ssl'].map(
  (sampler): Cell => ({
    name: `sampler=${sampler}`,
    values: { sampler },
    overrides: {},
    baseline: sampler === 'uniform' ? null : 'sampler=uniform',
    oracle: null,
  }),
);
const VALUES: Record<string, number[]> = { uniform: [0.5, 0.6, 0.7], 'la-ssl': [0.6, 0.75, 0.75] };
const runs = cells.flatMap(({ name, values }) =>
  VALUES[values.sampler!]!.map(
    (value, seed): RunResult => ({
      ...{ name: `${values.sampler}-${seed}`, cell: name, seed, code: 'abc', failed: null },
      metrics: { 'biased.worstGroup': value },
    }),
  ),
);
const failed: RunResult = {
  ...{ name: 'la-ssl-3', cell: cells[1]!.name, seed: 3, code: null, metrics: {} },
  failed: ['first', 'out of <memory>'],
};
const study = {
  ...{ name: 'small', title: 'Does <it> help?', question: 'Is the worst group better?', budget: 'small' },
  ...{ metrics: ['biased.worstGroup'], base: { dataset: 'shapes', epochs: 4 }, axes: { sampler: [] } },
};

test('the page of a study has its tables, a chart a metric, failures and options', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const result = studyResult({ study, cells, runs: [] } as unknown as StudyPlan, [...runs, failed]);
  writeFileSync(join(folder, 'study.json'), JSON.stringify(result));
  const read = readStudyResult(folder)!;
  const { page, files } = await writeReport(await studyReport(read, folder), join(folder, 'report.html'));
  const text = readFileSync(page, 'utf8');
  assert.ok(text.includes('<h1>Does &lt;it&gt; help?</h1>'));
  assert.ok(text.includes('la-ssl-3 failed and is not in the tables: out of &lt;memory&gt;'));
  // mean of 0.5, 0.6, 0.7: 0.6 ± 4.3027 · 0.1 / √3
  assert.ok(text.includes('60.0 [35.2, 84.8]'), 'mean with its interval');
  assert.match(text, /\+10\.0 \[/);
  assert.ok(
    files.includes('mean-biased-worstgroup.svg') && files.includes('difference-biased-worstgroup.svg'),
  );
  const means = readFileSync(join(folder, 'report-files', 'means.csv'), 'utf8');
  assert.equal(means.trim().split('\r\n').length, 3);
});

/** Lines as a run of a sampler leaves them; each seed's figures are `seed / 10` higher. */
function writeLines(folder: string, { name, seed }: RunResult, updates: number): void {
  mkdirSync(join(folder, name));
  const lines = [
    ...[10, 20].map((step) => ({ kind: 'step', epoch: 0, step, loss: 2 - step / 20 + seed / 10, lr: 0.1 })),
    ...Array.from({ length: updates }, (_, epoch) => ({
      ...{ kind: 'update', epoch, effectiveSampleShare: 0.5 - epoch / 10 + seed / 10 },
      conflictingIsSlower: 0.6 + epoch / 10 + seed / 10,
    })),
  ];
  writeFileSync(
    join(folder, name, 'metrics.jsonl'),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
}

test('curves by cell are means over the seeds that are at hand, as far as all of them go', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const result = studyResult({ study, cells, runs: [] } as unknown as StudyPlan, runs);
  assert.equal(await curvesSection(result, folder), null, 'no run is there');
  for (const run of runs) {
    if (run.seed < 2) writeLines(folder, run, run.name.startsWith('uniform') ? 0 : 3 - run.seed);
  }
  const section = (await curvesSection(result, folder))!;
  const figures = section.parts.filter((part) => part.kind === 'figure');
  assert.deepEqual(
    figures.map(({ title }) => title),
    ['Do the speeds tell conflicting examples?', 'Effective sample size', 'Loss'],
    'no kNN: no run has it',
  );
  // Seeds 0 and 1: half of a tenth above seed 0; the second has one update less.
  assert.match(figures[0]!.svg, /sampler=la-ssl: from 0\.65 at 1 to 0\.75 at 2\./);
  assert.match(
    figures[1]!.caption,
    /^sampler=la-ssl: from 55\.0 % at 1 to 45\.0 % at 2 .* Mean over 2 seeds\./,
  );
  assert.match(
    figures[2]!.svg,
    /sampler=uniform: from 1\.55 at 10 to 1\.05 at 20; sampler=la-ssl: from 1\.55/,
  );
  const many = Array.from({ length: 13 }, (_, c) => ({ ...result.cells[0]!, name: `cell-${c}` }));
  const all = many.map((cell) => ({ ...runs[0]!, cell: cell.name }));
  const [note, ...others] = (await curvesSection({ cells: many, runs: all, axes: ['sampler'] }, folder))!
    .parts;
  assert.ok(note!.kind === 'note' && /lines of 13 cells/.test(note!.text));
  assert.equal(others.length, 0);

  // Two axes, each value of which has too many cells: a line for each value, over all cells that have it.
  const wide = Array.from({ length: 169 }, (_, c) => ({
    ...{ ...result.cells[0]!, name: `cell-${c}`, values: { r: `r${c % 13}`, g: c < 78 ? 'low' : 'high' } },
  }));
  const ofWide = wide.map((cell, c) => ({ ...runs[c < 78 ? 0 : 1]!, cell: cell.name }));
  const means = (await curvesSection({ cells: wide, runs: ofWide, axes: ['r', 'g'] }, folder))!.parts;
  const [told, only] = means;
  assert.ok(told?.kind === 'note' && /^169 cells, .* mean over all runs with that value/.test(told.text));
  assert.equal(means.length, 2, '13 values of r are too many');
  assert.ok(only?.kind === 'figure' && only.title === 'Loss (by g)');
  assert.match(only.svg, /\. low: from 1\.5 at 10 to 1 at 20; high: from 1\.6 at 10 to 1\.1 at 20\./);
  assert.match(only.caption, /low: Mean over 78 runs; high: Mean over 91 runs/);

  // An axis that parts them: a chart of each curve for each of its values, lines named by the rest.
  const values = (c: number) => ({ share: c < 7 ? '95' : '99', sampler: `s${c % 7}` });
  const grid = many.map((cell, c) => ({ ...cell, values: values(c) }));
  const { parts } = (await curvesSection({ cells: grid, runs: all, axes: ['sampler', 'share'] }, folder))!;
  const [first, second] = parts;
  assert.equal(parts.length, 2);
  assert.ok(first?.kind === 'figure' && second?.kind === 'figure');
  assert.deepEqual([first.title, second.title], ['Loss (share 95)', 'Loss (share 99)']);
  assert.match(first.svg, /\. s0: from 1\.5 at 10 to 1 at 20; s1: .*; s6: from 1\.5 at 10 to 1 at 20\./);
  assert.doesNotMatch(second.svg, /s6: from/);
});

test('the result of an older version has a page too, without heat maps', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { title, question, budget, metrics, base, ...now } = studyResult(
    { study, cells, runs: [] } as unknown as StudyPlan,
    runs,
  );
  const older = now.cells.map(({ values: _, told: __, ...cell }) => cell);
  const content = { ...{ study: 'small', title, question, budget, metrics, base }, cells: older, runs };
  writeFileSync(join(folder, 'study.json'), JSON.stringify(content));
  const { sections } = await studyReport(readStudyResult(folder)!, folder);
  const slugs = sections.flatMap(({ parts }) => parts.flatMap((part) => ('slug' in part ? part.slug : [])));
  assert.ok(slugs.includes('mean-biased-worstgroup') && slugs.includes('difference-table'));
  assert.ok(slugs.every((slug) => !slug.startsWith('heat')));
});

test('a folder that is no study gives null, another file of that name is refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.equal(readStudyResult(folder), null);
  writeFileSync(join(folder, 'study.json'), '{}');
  assert.throws(() => readStudyResult(folder), /study\.json is not the result of a study/);
  writeFileSync(join(folder, 'study.json'), '{');
  assert.throws(() => readStudyResult(folder), /study\.json is no JSON/);
});

test('the page of a study says code, machine and time of its runs, and shows the first seed of many', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const many = Array.from({ length: 4 }, (_, k) =>
    runs.map((run) => ({ ...run, name: `${run.name}-${k}`, seed: run.seed + 3 * k })),
  ).flat();
  const result = studyResult({ study, cells, runs: [] } as unknown as StudyPlan, many);
  for (const [r, { name }] of many.slice(0, 3).entries()) {
    mkdirSync(join(folder, name));
    const lines = [
      { kind: 'epoch', epoch: 0, step: 1, seconds: 50, scoringSeconds: 10 },
      { kind: 'online', epoch: 1, seconds: 30 * r },
    ];
    writeFileSync(
      join(folder, name, 'metrics.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    );
    const machine = { started: `2026-01-0${3 - r}`, libtorch: r === 0 ? '1.13.0' : '2.6.0', memoryGiB: 24 };
    writeFileSync(join(folder, name, 'run.json'), JSON.stringify(machine));
  }
  const { sections } = await studyReport(result, folder);
  const tableOf = (id: string) => {
    const [part] = sections.find((section) => section.id === id)!.parts;
    assert.ok(part?.kind === 'table');
    return part;
  };
  assert.deepEqual(tableOf('summary').rows, [
    ['time of training, all runs', '4 min 30 s'],
    ['a run', '1 min 00 s to 2 min 00 s'],
    ['runs begun', '2026-01-01 to 2026-01-03'],
    ['libtorch', '1.13.0 (1 run), 2.6.0 (2 runs)'],
    ['memory, GiB', '24'],
  ]);
  const { rows, fold } = tableOf('runs');
  assert.deepEqual(
    rows.slice(0, 4).map((row) => row[4]),
    ['1 min 00 s', '1 min 30 s', '2 min 00 s', '–'],
  );
  assert.equal(rows.length, 24);
  assert.deepEqual(
    fold?.shown.map((r) => rows[r]![0]),
    ['uniform-0-0', 'la-ssl-0-0'],
  );
});
