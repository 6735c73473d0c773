/** @file What a search has chosen and what it has stopped, as figures and in words. */
import type { CellResult, Mean, StudyResult } from './results.js';
import type { Goal, Prune } from './search-schema.js';
import type { Study } from './study-file.js';

/** The best cell of those of which every seed is done. */
export interface Best {
  cell: string;
  metric: string;
  goal: Goal;
  mean: Mean;
  /** How many cells it is the best of. */
  among: number;
}

/** @returns null where the study has no objective, or no cell is whole; of equals the first in the plan */
export function bestOf({ search, seeds }: Study, cells: readonly CellResult[]): Best | null {
  const metric = search?.objective;
  if (metric === undefined) return null;
  const sign = search!.goal === 'max' ? 1 : -1;
  const whole = cells.flatMap(({ name, metrics }) => {
    const mean = metrics[metric];
    return mean?.count === seeds.length ? [{ cell: name, mean }] : [];
  });
  const best = whole.toSorted((a, b) => sign * (b.mean.value - a.mean.value))[0];
  return best ? { ...best, metric, goal: search!.goal, among: whole.length } : null;
}

/**
 * `Best by biased: worst group …`, with what is to be thought of it; null without an objective.
 * @param format - a mean of a metric as it is shown, and its heading
 */
export function bestText(
  { best, cells, runs, on }: StudyResult,
  format: { mean: (mean: Mean, metric: string) => string; heading: (metric: string) => string },
): string | null {
  if (!best) return null;
  const { cell, metric, goal, mean, among } = best;
  const values = Object.entries(cells.find(({ name }) => name === cell)!.values);
  const isGrid = values.map(([, value]) => value).join('-') === cell; // its name says where it is
  const place = isGrid ? '' : values.map(([axis, value]) => `${axis} ${value}`).join(', ');
  const seeds = new Set(runs.filter((run) => run.cell === cell).map(({ seed }) => seed)).size;
  const [chosen, again] =
    on === 'validation'
      ? ['chosen on the validation split', 'on the test split and with other seeds']
      : [
          'chosen on the test split itself',
          'with other seeds, and on examples that had no part in the choice',
        ];
  return (
    `Best by ${format.heading(metric)} (${goal === 'max' ? 'highest' : 'lowest'} of ${among} cells): ` +
    `${cell}${place ? ` (${place})` : ''}, ${format.mean(mean, metric)}. This value is optimistic: the cell was ${chosen}, ` +
    `for its figures on ${seeds === 1 ? 'this seed' : `these ${seeds} seeds`}. What it is worth shows a study of that cell ${again}.`
  );
}

/** The rule in words. @param comparisons - numbers of epochs after which trials are compared */
export function ruleText(rule: Prune, comparisons: readonly number[]): string {
  const seen = `${rule.metric} (${rule.goal === 'max' ? 'higher' : 'lower'} is better) after ${comparisons.join(', ')} epochs`;
  const kept = `${rule.keep} ${rule.keep === 1 ? 'cell' : 'cells'} at least`;
  return rule.rule === 'median'
    ? `a cell is stopped where its first seed is worse than the median of the cells before it, ${kept}, by ${seen}`
    : `of the first seeds of all cells the best 1 in ${rule.factor} goes on, ${kept}, by ${seen}`;
}

/** Which cells were stopped, and that they are in no mean; null where none was. */
export function prunedText({ prune, comparisons, cells }: StudyResult): string | null {
  const pruned = cells.filter((cell) => cell.prunedAfter !== null);
  if (!prune || pruned.length === 0) return null;
  return (
    `Pruned: ${pruned.length} of ${cells.length} cells were stopped after as many epochs as the column of seeds says ` +
    `and have no figures (${ruleText(prune, comparisons)}). They were judged early, on one seed and by a stand-in: that is for a search, and no comparison to report.`
  );
}
