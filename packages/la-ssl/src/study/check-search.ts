/** @file What cannot be meant of a study that chooses among its cells, by `search` and `prune`. */
import { suggest } from '../suggest.js';
import type { StudyPlan } from './plan.js';
import { comparisonsOf } from './prune.js';
import { problem, type Study } from './study-file.js';

/** Figures that a run records while it trains, by source; of updates all. */
const RECORDED: Record<string, readonly string[] | null> = {
  epoch: ['loss', 'similarity', 'conflictingDraws'],
  online: ['knnAccuracy', 'probeAccuracy'],
  update: null,
};

/** @throws StudyProblem of a search or pruning that cannot be meant */
export function checkSearch(study: Study): void {
  const { search, prune, metrics } = study;
  const objective = search?.objective;
  if (objective !== undefined && !metrics.includes(objective))
    throw problem(
      study,
      ['search', 'objective'],
      `${objective} is not among the metrics.${suggest(objective, metrics)}`,
    );
  if (!prune) return;
  for (const key of ['compare', 'baseline'] as const) {
    if (study[key] === undefined) continue;
    throw problem(
      study,
      [key],
      'a study with prune chooses, and its cells are not measured alike. Leave out one of the two, and compare what was ' +
        'chosen in a study of its own, with other seeds',
    );
  }
  const [source, ...path] = prune.metric.split('.');
  const known = RECORDED[source!];
  if (known === undefined || path.length === 0 || (known && !known.includes(path.join('.')))) {
    const names = Object.entries(RECORDED).flatMap(
      ([name, parts]) => parts?.map((part) => `${name}.${part}`) ?? [`${name}.…`],
    );
    throw problem(
      study,
      ['prune', 'metric'],
      `${prune.metric} is not recorded while a run trains: give one of ${names.join(', ')}.${suggest(prune.metric, names)}`,
    );
  }
}

/** @throws StudyProblem of pruning that no trial would come to, or whose figure is not measured then */
export function checkPruning({ study, cells, runs }: StudyPlan): void {
  const { prune } = study;
  if (!prune) return;
  const fail = (key: string, text: string): never => {
    throw problem(study, ['prune', key], text);
  };
  const { epochs } = runs[0]!.config;
  const other = runs.find(({ config }) => config.epochs !== epochs);
  if (other)
    fail(
      'rule',
      `${runs[0]!.name} has ${epochs} epochs and ${other.name} ${other.config.epochs}: give all the same`,
    );
  const comparisons = comparisonsOf(prune, epochs);
  if (comparisons.length === 0) fail('after', `a run has ${epochs} epochs: give fewer than that`);
  if (prune.keep >= cells.length)
    fail('keep', `there are ${cells.length} cells, so that none would be stopped: give fewer than that`);
  for (const { name, config } of runs) {
    const { onlineEvaluation, knnEvery, warmupEpochs } = config;
    if (prune.metric.startsWith('online.')) {
      if (!onlineEvaluation)
        fail('metric', `${name} has no online evaluation: leave out onlineEvaluation: false`);
      const missing = comparisons.find((after) => knnEvery === undefined || after % knnEvery !== 0);
      if (missing !== undefined)
        fail(
          'metric',
          `it is not measured after ${missing} epochs: give knnEvery, of which ${comparisons.join(', ')} are multiples (in ${name})`,
        );
    }
    if (prune.metric.startsWith('update.') && warmupEpochs >= prune.after)
      fail('after', `the first update comes after ${warmupEpochs} epochs: give more than that (in ${name})`);
  }
}
