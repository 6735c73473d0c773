import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cell, StudyPlan } from './plan.js';
import { partialTexts, type RunResult, type StudyResult, studyResult } from './results.js';
import {
  captionOf,
  differencesTable,
  meansTable,
  recoveredTable,
  studyCsv,
  studyMarkdown,
} from './tables.js';

/** Accuracies by cell and seed. Expected figures by scipy 1.10.1: `stats.t.interval` with `stats.sem`, `stats.ttest_rel`. */
const ACCURACIES: Record<string, (number | null)[]> = {
  uniform: [0.61, 0.64, 0.6],
  'la-ssl': [0.66, 0.68, 0.66],
  oracle: [0.7, null, 0.71],
};

const P_LA_SSL = 0.013072457560346517;
const P_ORACLE = 0.06345103486110719;

function example(
  accuracies = ACCURACIES,
  changes: object = {},
  on: StudyResult['on'] = 'test',
  given?: readonly RunResult[],
  oracle?: string,
): StudyResult {
  const cells: Cell[] = Object.keys(accuracies).map((name) => ({
    name,
    values: { sampler: name },
    overrides: {},
    baseline: name === 'uniform' ? null : 'uniform',
    oracle: oracle && name !== oracle ? oracle : null,
  }));
  const runs: RunResult[] = Object.entries(accuracies).flatMap(([cell, values]) =>
    values.map((value, seed) => ({
      name: `${cell}-seed${seed}`,
      cell,
      seed,
      code: 'abc',
      metrics: value === null ? {} : { 'biased.overall': value, 'biased.worstGroup': null },
      failed: value === null ? ['first', 'out of memory'] : null,
    })),
  );
  const study = {
    ...{ name: 'tiny', title: 'Tiny', question: 'Does it help, "really"?', budget: 'small' },
    metrics: ['biased.overall', 'biased.worstGroup'],
    base: { epochs: 3 },
    axes: { sampler: Object.keys(accuracies) },
    seeds: [0, 1, 2],
    ...changes,
  };
  const planned = [
    { cell: 'oracle', config: { method: 'simclr', sampler: 'oracle', batchBy: 'draw', epochs: 3 } },
  ];
  return studyResult({ study, cells, runs: planned } as unknown as StudyPlan, given ?? runs, on);
}

const close = (actual: number | null | undefined, expected: number): void =>
  assert.ok(Math.abs(actual! - expected) < 1e-9, `${actual} is not ${expected}`);

describe('the result of a study', () => {
  const { cells } = example();

  it('says which share of the gain of an oracle a cell recovers, where that gain is sure', () => {
    const gains = { uniform: [0.5, 0.4, 0.45], 'la-ssl': [0.54, 0.41, 0.51], oracle: [0.62, 0.5, 0.61] };
    const result = example(gains, {}, 'test', undefined, 'oracle');
    const [uniform, laSsl] = result.cells;
    assert.equal(uniform!.recovered, undefined, 'it is what the others are compared with');
    const share = laSsl!.recovered!['biased.overall']!;
    close(share.value, 0.11 / 0.38);
    assert.ok(share.low! < share.value && share.value < share.high!);
    assert.equal(laSsl!.recovered!['biased.worstGroup'], null);
    const { header, rows } = recoveredTable(result)!;
    assert.deepEqual(header.slice(0, 3), ['cell', 'sampler', 'recovers of']);
    assert.equal(rows.length, 1);
    assert.match(rows[0]!.join(' | '), /^la-ssl.* \| la-ssl \| oracle \| 29 \[-?\d+, \d+\] \| –$/);
    assert.match(studyMarkdown(result), /\| recovers of \|[\s\S]*Fieller/);
    const unsure = example({ ...gains, oracle: [0.7, 0.3, 0.5] }, {}, 'test', undefined, 'oracle');
    assert.equal(unsure.cells[1]!.recovered!['biased.overall'], null);
    assert.equal(recoveredTable(example()), null);
  });

  it('says where a cell has a metric of some seeds only, not where a run failed', () => {
    assert.deepEqual(partialTexts(example()), []);
    const given = example().runs.map((run) =>
      run.name === 'la-ssl-seed1'
        ? { ...run, metrics: { 'biased.overall': null, 'biased.worstGroup': 0.5 } }
        : run,
    );
    assert.deepEqual(
      partialTexts(example(ACCURACIES, {}, 'test', given)).map((text) => text.split(' only')[0]),
      ['la-ssl has biased.overall of 2 of its 3 seeds', 'la-ssl has biased.worstGroup of 1 of its 3 seeds'],
    );
  });

  it('has means over the seeds that are there, with intervals', () => {
    const mean = cells[0]!.metrics['biased.overall']!;
    close(mean.value, 0.6166666666666667);
    close(mean.low, 0.5649552165392993);
    close(mean.high, 0.6683781167940341);
    assert.deepEqual(cells[2]!.seeds, [0, 2]);
    assert.equal(cells[0]!.metrics['biased.worstGroup'], null, 'no run has it');
  });

  it('has differences paired by seed, corrected for how many there are', () => {
    const [, laSsl, oracle] = cells.map(({ differences }) => differences['biased.overall']);
    assert.equal(laSsl!.count, 3);
    close(laSsl!.value, 0.05);
    close(laSsl!.pValue, P_LA_SSL);
    assert.equal(oracle!.count, 2, 'a failed run has no pair');
    close(oracle!.value, 0.1);
    close(oracle!.pValue, P_ORACLE);
    close(laSsl!.pHolm, 2 * P_LA_SSL);
    close(oracle!.pHolm, Math.max(2 * P_LA_SSL, P_ORACLE));
  });

  it('of one seed has no intervals', () => {
    const [, other] = example({ uniform: [0.5], 'la-ssl': [0.75] }).cells;
    assert.deepEqual(other!.metrics['biased.overall'], { value: 0.75, low: null, high: null, count: 1 });
    const { value, low, pValue, pHolm } = other!.differences['biased.overall']!;
    assert.deepEqual([value, low, pValue, pHolm], [0.25, null, null, null]);
  });

  it('is shown as tables', () => {
    const result = example();
    assert.deepEqual(meansTable(result).header, [
      'cell',
      'sampler',
      'seeds',
      'biased: overall',
      'biased: worst group',
    ]);
    assert.deepEqual(meansTable(result).rows[0], ['uniform', 'uniform', '3', '61.7 [56.5, 66.8]', '–']);
    assert.deepEqual(differencesTable(result)!.rows[0]!.slice(2), ['uniform', '3', '+5.0 [2.5, 7.5] *', '–']);
    assert.match(captionOf(result), /Holm's correction for the 2 comparisons/);
    assert.equal(meansTable(result).rows[2]![0], 'oracle ‡†', 'that it knows the groups is told');
    assert.match(captionOf(result), /Told in pretraining.*‡ the labels, † the attributes/);
    const markdown = studyMarkdown(result);
    assert.match(
      markdown,
      /^# Tiny\n\nDoes it help, "really"\?\n\nStudy `tiny`, budget `small`, 9 runs, code abc\./,
    );
    assert.match(markdown, /\| la-ssl \| la-ssl \| 3 \| 66\.7 /);
    assert.match(markdown, /These runs failed.*\n- oracle-seed1: out of memory/);
    assert.match(markdown, /```yaml\nepochs: 3\n```/);
  });

  it('has a best cell, of those with all seeds, and says what that is worth', () => {
    const search = { objective: 'biased.overall', goal: 'max' };
    const most = example(ACCURACIES, { search });
    assert.deepEqual(most.best, {
      ...{ cell: 'la-ssl', metric: 'biased.overall', goal: 'max', among: 2 },
      mean: most.cells[1]!.metrics['biased.overall'],
    });
    const text = studyMarkdown(most);
    assert.match(text, /Best by biased: overall \(highest of 2 cells\): la-ssl, 66\.7 \[/);
    assert.match(
      text,
      /optimistic: the cell was chosen on the test split itself, for its figures on these 3 seeds/,
    );
    assert.match(
      studyMarkdown(example(ACCURACIES, { search }, 'validation')),
      /chosen on the validation split.* on the test split and with other seeds/,
    );
    assert.equal(example(ACCURACIES, { search: { ...search, goal: 'min' } }).best!.cell, 'uniform');
    const tie = { uniform: [0.5], 'la-ssl': [0.5] };
    assert.equal(example(tie, { search, seeds: [0] }).best!.cell, 'uniform', 'of equals the first');
    assert.equal(example({ uniform: [null] }, { search, seeds: [0] }).best, null);
    assert.equal(example().best, null);
  });

  it('counts what was pruned, and averages none of it', () => {
    const { cells, ...result } = example(ACCURACIES, {
      prune: { rule: 'median', metric: 'epoch.loss', goal: 'min', after: 1, keep: 1 },
    });
    const runs = result.runs.map((run) =>
      run.cell === 'oracle'
        ? { ...run, failed: null, metrics: {}, pruned: { after: 1, value: run.seed ? null : 5 } }
        : run,
    );
    const pruned = example(ACCURACIES, { prune: result.prune }, 'test', runs);
    assert.deepEqual(
      pruned.cells.map(({ prunedAfter }) => prunedAfter),
      [null, null, 1],
    );
    assert.deepEqual(meansTable(pruned).rows[2]!.slice(1), ['oracle', 'pruned after 1', '–', '–']);
    assert.deepEqual(pruned.cells[0], cells[0]);
    assert.match(
      studyMarkdown(pruned),
      /Pruned: 1 of 3 cells were stopped .* epoch\.loss \(lower is better\) after 1, 2 epochs/,
    );
    assert.match(
      studyCsv(pruned),
      /^cell,sampler,told,seeds,prunedAfter,.*\n.*\n.*\noracle,oracle,labels attributes,0,1,/,
    );
  });

  it('is a table for other programs', () => {
    const [header, ...rows] = studyCsv(example())
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    assert.deepEqual(new Set(rows.map((row) => row.length)), new Set([header!.length]));
    assert.deepEqual(
      rows.map((row) => row[header!.indexOf('told')]),
      ['', '', 'labels attributes'],
    );
    const column = header!.indexOf('biased.overall.difference.p');
    assert.equal(rows[0]![column], '', 'the baseline has no difference');
    close(Number(rows[1]![column]), P_LA_SSL);
  });
});
