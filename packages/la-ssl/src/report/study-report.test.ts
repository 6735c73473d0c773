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
  const [note, ...others] = (await curvesSection({ cells: many, runs: all }, folder))!.parts;
  assert.ok(note!.kind === 'note' && /lines of 13 cells/.test(note!.text));
  assert.equal(others.length, 0);
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
