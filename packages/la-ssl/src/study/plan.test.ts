import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { planStudy } from './plan.js';
import { TINY_STUDY, writeStudy } from './study.test.support.js';
import { readStudy } from './study-file.js';
import { StudyProblem } from './yaml-file.js';

const plan = (t: TestContext, changes: object, budget: 'small' | 'full' = 'small') =>
  planStudy(readStudy(writeStudy(t, changes).file, budget), 1);

/** The message about a study that cannot be meant. */
function problemOf(t: TestContext, changes: object): string {
  try {
    plan(t, changes);
  } catch (error) {
    assert.ok(error instanceof StudyProblem, String(error));
    return error.message;
  }
  return assert.fail('nothing was wrong');
}

describe('a study becomes runs', () => {
  it('of every cell with every seed, each cell with its baseline', (t) => {
    const { cells, runs } = plan(t, {
      axes: {
        share: { low: { alignedShare: '95%' }, high: { alignedShare: 0.99 } },
        sampler: ['uniform', 'la-ssl'],
        gamma: { g5: 5 },
      },
      cells: { oracle: { sampler: 'oracle' } },
      seeds: [3, 4],
    });
    assert.deepEqual(
      cells.map(({ name, baseline }) => [name, baseline]),
      [
        ['low-uniform-g5', null],
        ['low-la-ssl-g5', 'low-uniform-g5'],
        ['high-uniform-g5', null],
        ['high-la-ssl-g5', 'high-uniform-g5'],
        ['oracle', null],
      ],
    );
    assert.deepEqual(
      runs.map(({ name }) => name),
      [3, 4].flatMap((seed) => cells.map(({ name }) => `${name}-seed${seed}`)),
    );
    const { config, seed } = runs[8]!;
    assert.deepEqual(
      [config.alignedShare, config.sampler, config.gamma, config.seed, seed, config.width, config.threads],
      [0.99, 'la-ssl', 5, 4, 4, 4, 1],
    );
  });

  it('with options that a file has for several studies, and its own over them', (t) => {
    const changes = {
      from: 'shared.yaml',
      base: { ...TINY_STUDY.base, epochs: 4, width: undefined },
      budgets: { full: { from: 'long.yaml', base: { batchSize: 24 } } },
    };
    const { file, folder } = writeStudy(t, changes);
    const planned = (budget: 'small' | 'full') => planStudy(readStudy(file, budget), 1).runs[0]!.config;
    const messageOf = (): string => {
      try {
        planned('small');
      } catch (error) {
        return (error as Error).message;
      }
      return assert.fail('nothing was wrong');
    };
    assert.match(messageOf(), /shared\.yaml cannot be read \(ENOENT\)\. Give the path of a file of options/);
    writeFileSync(join(folder, 'shared.yaml'), '- 1\n');
    assert.match(messageOf(), /shared\.yaml holds no options of la-ssl train/);
    writeFileSync(join(folder, 'shared.yaml'), 'epochs: 50\nwidht: 8\n');
    assert.match(messageOf(), /shared\.yaml, line 2: widht: there is no such option.* width/);
    writeFileSync(join(folder, 'shared.yaml'), 'epochs: 50\nwidth: 8\n');
    writeFileSync(join(folder, 'long.yaml'), 'width: 16\nepochs: 50\nbatchSize: 48\n');
    const [small, full] = [planned('small'), planned('full')];
    assert.deepEqual([small.width, small.epochs, small.batchSize], [8, 4, 12]);
    assert.deepEqual([full.width, full.epochs, full.batchSize], [16, 4, 24]);
  });

  it('each with the oracle of its own share', (t) => {
    const changes = {
      axes: {
        share: { low: { alignedShare: 0.9 }, high: { alignedShare: 0.99 } },
        sampler: ['uniform', 'oracle'],
      },
      cells: { beside: { sampler: 'la-ssl' } },
      oracle: { sampler: 'oracle' },
    };
    assert.deepEqual(
      plan(t, changes).cells.map(({ oracle }) => oracle),
      ['low-oracle', null, 'high-oracle', null, null],
    );
    assert.match(
      problemOf(t, { oracle: { sampler: 'orcale' } }),
      /line \d+: oracle\.sampler: it is one of uniform, la-ssl/,
    );
    assert.match(problemOf(t, { oracle: 'ideal' }), /oracle: there is no cell ideal/);
  });

  it('with the budget that is asked for', (t) => {
    const changes = {
      budgets: { full: { base: { epochs: 9 }, seeds: [0, 1, 2], axes: { sampler: ['uniform', 'oracle'] } } },
    };
    const [small, full] = [plan(t, changes), plan(t, changes, 'full')];
    assert.deepEqual([small.runs.length, full.runs.length], [2, 6]);
    assert.deepEqual([small.runs[0]!.config.epochs, full.runs[0]!.config.epochs], [3, 9]);
    assert.deepEqual(
      full.cells.map(({ name }) => name),
      ['uniform', 'oracle'],
    );
  });

  it('drawn by its seed, from ranges and lists, none twice', (t) => {
    const drawn = (seed: number, draws = 40) =>
      plan(t, {
        axes: {
          gamma: { between: [1, 100], scale: 'log' },
          updateEvery: { between: [1, 5], whole: true },
          r: [0.1, 0.2],
        },
        baseline: undefined,
        search: { draws, seed },
      }).runs.map(({ config: { gamma, updateEvery, r } }) => ({ gamma, updateEvery, r }));
    const runs = drawn(7);
    assert.deepEqual(drawn(7, 5), runs.slice(0, 5), 'more draws go on from fewer');
    assert.notDeepEqual(drawn(8), runs);
    assert.equal(new Set(runs.map((run) => JSON.stringify(run))).size, 40);
    assert.ok(
      runs.every(({ gamma, updateEvery }) => gamma! >= 1 && gamma! <= 100 && Number.isInteger(updateEvery)),
    );
    assert.deepEqual(new Set(runs.map(({ r }) => r)), new Set([0.1, 0.2]));
    const below10 = runs.filter(({ gamma }) => gamma! < 10).length; // half of them in logarithms; binomial, 40 draws
    assert.ok(below10 > 8 && below10 < 32, `${below10}`);
  });
});

describe('a study that cannot be meant', () => {
  it('is refused with file, line, key and what to do', (t) => {
    const base = TINY_STUDY.base;
    const cases: [object, RegExp][] = [
      [{ sedes: [0] }, /tiny\.yaml, line \d+: a study has no sedes\. Did you mean seeds\?/],
      [{ seeds: [] }, /line 21: seeds: /],
      [{ seeds: [0, 0] }, /seeds: name each once/],
      [
        { base: { ...base, epoch: 3 } },
        /line 17: epoch: there is no such option\. Did you mean epochs\? \(in uniform\)/,
      ],
      [{ base: { ...base, epochs: 0 } }, /line 9: epochs: 0: /],
      [{ base: { ...base, seed: 1 } }, /seed: give seeds of the study/],
      [{ axes: { sampler: ['uniform', 'lassl'] } }, /line 19: sampler: "lassl": .*\(in lassl\)/],
      [
        { axes: { sampler: { a: { sampler: 'uniform' }, b: { gama: 1 } } }, baseline: undefined },
        /line 22: gama: .*Did you mean gamma/,
      ],
      [{ axes: { gamma: { between: [1, 2] } }, baseline: undefined }, /a range can be drawn from only/],
      [{ axes: { sampler: 3 } }, /axes\.sampler: give a list of values/],
      [{ baseline: { sampler: 'oracle' } }, /baseline\.sampler: it is one of uniform, la-ssl/],
      [{ baseline: { smapler: 'uniform' } }, /no such axis\. Did you mean sampler\?/],
      [{ baseline: 'unifrom' }, /there is no cell unifrom\. Did you mean uniform\?/],
      [{ cells: { again: { sampler: 'uniform' } } }, /uniform-seed0 and again-seed0 would be the same run/],
      [{ cells: { uniform: { sampler: 'oracle' } } }, /two cells have this name/],
      [{ axes: {} }, /baseline/],
      [{ axes: {}, baseline: undefined }, /needs axes or cells/],
      [{ metrics: ['overall'] }, /metrics: overall is none/],
      [{ metrics: ['baised.overall'] }, /metrics: baised\.overall is none: .*Did you mean biased\?/],
      [{ compare: ['biased.worst'] }, /compare: biased\.worst is not among the metrics/],
      [{ budgets: { tiny: {} } }, /budgets\.tiny/],
      [{ search: { draws: 3, seed: 0 } }, /the axes have only 2 combinations/],
      [{ search: {} }, /search: give draws, an objective, or both/],
      [{ search: { objectiv: 'x', draws: 1 } }, /no search\.objectiv\. Did you mean objective\?/],
      [{ search: { objective: 'biased.wors' } }, /search\.objective: biased\.wors is not among the metrics/],
      [
        { axes: { alignedShare: ['ground=75%'] }, baseline: undefined },
        /cannot be a folder; give its value a name/,
      ],
    ];
    for (const [changes, message] of cases) assert.match(problemOf(t, changes), message);
  });

  it('is refused where it prunes what cannot be pruned', (t) => {
    const axes = { sampler: ['uniform', 'la-ssl', 'oracle'] };
    const prune = { rule: 'median', metric: 'epoch.loss', goal: 'min', after: 1, keep: 1 };
    const problemWith = (changes: object, others: object = {}) =>
      problemOf(t, { axes, baseline: undefined, prune: { ...prune, ...changes }, ...others });
    const base = (changes: object) => ({ base: { ...TINY_STUDY.base, ...changes } });
    const online = { metric: 'online.knnAccuracy', goal: 'max' };
    assert.match(problemWith({ rule: 'best' }), /line \d+: prune\.rule: /);
    assert.match(problemWith({ goal: undefined }), /prune\.goal: /);
    assert.match(problemWith({ factor: 2 }), /no prune\.factor/, 'that is of halving');
    assert.match(problemWith({ evry: 2 }), /no prune\.evry\. Did you mean every\?/);
    assert.match(
      problemWith({}, { baseline: { sampler: 'uniform' } }),
      /baseline: a study with prune chooses/,
    );
    assert.match(problemWith({}, { compare: ['biased.overall'] }), /compare: a study with prune chooses/);
    assert.match(
      problemWith({ metric: 'biased.overall' }),
      /prune\.metric: biased\.overall is not recorded while/,
    );
    assert.match(problemWith({ metric: 'epoch.seconds' }), /epoch\.seconds is not recorded/);
    assert.match(problemWith({ metric: 'epoch.los' }), /Did you mean epoch\.loss\?/);
    assert.match(problemWith({ after: 3 }), /prune\.after: a run has 3 epochs: give fewer/);
    assert.match(problemWith({ keep: 3 }), /prune\.keep: there are 3 cells/);
    assert.match(problemWith(online), /uniform-seed0 has no online evaluation/);
    assert.match(
      problemWith({ ...online, after: 1, every: 1 }, base({ onlineEvaluation: true, knnEvery: 2 })),
      /not measured after 1 epochs: give knnEvery, of which 1, 2 are multiples/,
    );
    assert.match(problemWith({ metric: 'update.effectiveSampleShare' }), /first update comes after 1 epochs/);
    assert.match(
      problemWith({}, { axes: { epochs: [3, 4, 5] } }),
      /prune\.rule: epochs3-seed0 has 3 epochs and epochs4-seed0 4: give all the same/,
    );
    const fits = { ...online, rule: 'halving', factor: 2 };
    const { study, cells } = plan(t, {
      ...{ axes, baseline: undefined, ...base({ onlineEvaluation: true, knnEvery: 1 }) },
      budgets: { small: { prune: { ...prune, ...fits } } },
    });
    assert.deepEqual([study.prune!.rule, cells.length], ['halving', 3]);
  });

  it('is refused where it is no YAML, has no such budget, or is not there', (t) => {
    const { file } = writeStudy(t);
    writeFileSync(file, `${stringify(TINY_STUDY)}\n  - [`);
    assert.throws(() => readStudy(file, 'small'), StudyProblem);
    writeFileSync(file, stringify({ ...TINY_STUDY, budgets: {} }));
    assert.throws(() => readStudy(file, 'full'), /has no full budget/);
    assert.throws(() => readStudy(`${file}.none`, 'small'), /cannot be read \(ENOENT\)/);
  });
});
