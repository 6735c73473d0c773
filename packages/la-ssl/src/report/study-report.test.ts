import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Cell, type RunResult, type StudyPlan, studyResult } from '../study/index.js';
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

test('a folder that is no study gives null, another file of that name is refused', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.equal(readStudyResult(folder), null);
  writeFileSync(join(folder, 'study.json'), '{}');
  assert.throws(() => readStudyResult(folder), /study\.json is not the result of a study/);
  writeFileSync(join(folder, 'study.json'), '{');
  assert.throws(() => readStudyResult(folder), /study\.json is no JSON/);
});
