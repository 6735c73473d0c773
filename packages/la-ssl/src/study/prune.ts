/**
 * @file Pruning: which trials of a search are stopped before their end, by a figure that they record while they train.
 *
 * A trial is the first seed of a cell. The rules see figures by number of epochs, and never which run was faster: once
 * the figures that a decision needs are there, it is the same whatever happened in between. A figure of an epoch that a
 * trial trained beyond its own end, while others were awaited, has no part in any decision.
 */
import type { Goal, Prune } from './search-schema.js';

type Rule<R extends Prune['rule']> = Extract<Prune, { rule: R }>;

/** Figure of a trial after so many epochs; null where it has none, undefined where it is not there yet. */
export type FigureAfter = (epochs: number) => number | null | undefined;

export type Verdict =
  /** Nothing speaks against it so far, and it may train on. */
  | { kind: 'on' }
  /** It may not go on before others are as far. */
  | { kind: 'waits'; after: number }
  /** It was worse after so many epochs, at which its figure was `value` (null of a seed that never began). */
  | { kind: 'pruned'; after: number; value: number | null }
  /** It trains to its end. */
  | { kind: 'kept' };

/** Numbers of epochs, below `epochs`, after which trials are compared. */
export function comparisonsOf(rule: Prune, epochs: number): number[] {
  const comparisons: number[] = [];
  for (let after = rule.after; after < epochs; ) {
    comparisons.push(after);
    after = rule.rule === 'median' ? after + (rule.every ?? rule.after) : after * rule.factor;
  }
  return comparisons;
}

/**
 * What becomes of each trial.
 * @param trials - in the order of the plan
 * @param epochs - of a whole run
 */
export function verdictsOf(rule: Prune, trials: readonly FigureAfter[], epochs: number): Verdict[] {
  const comparisons = comparisonsOf(rule, epochs);
  return rule.rule === 'median'
    ? medianVerdicts(rule, trials, comparisons)
    : halvingVerdicts(rule, trials, comparisons);
}

/**
 * A trial is stopped where it is worse than the median of the trials before it in the plan that came as far, at least
 * `keep` of them. Nobody waits: a trial goes on until those before it are as far, and is stopped then.
 * Source: Golovin et al. 2017, "Google Vizier", section 3.2, with the figure of the epoch in place of running averages.
 */
function medianVerdicts(
  { goal, keep }: Rule<'median'>,
  trials: readonly FigureAfter[],
  comparisons: readonly number[],
): Verdict[] {
  const verdicts: Verdict[] = [];
  /** Comparisons that each trial is known to have come to. */
  const cameTo: number[] = [];
  for (const figureAfter of trials) {
    let verdict: Verdict = { kind: 'kept' };
    let c = 0;
    for (; c < comparisons.length; c++) {
      const after = comparisons[c]!;
      const value = figureAfter(after);
      const others = verdicts.map((other, j) => {
        if (other.kind === 'pruned' && other.after < after) return null;
        return cameTo[j]! >= c ? trials[j]!(after) : undefined;
      });
      if (value === undefined || others.includes(undefined)) {
        verdict = { kind: 'on' };
        break;
      }
      const known = others.filter((other) => typeof other === 'number');
      if (value === null || known.length < keep || !isWorse(value, medianOf(known), goal)) continue;
      verdict = { kind: 'pruned', after, value };
      break;
    }
    verdicts.push(verdict);
    cameTo.push(c);
  }
  return verdicts;
}

/**
 * All trials train to a comparison; one of `factor` goes on, `keep` at least, of equals the first in the plan.
 * Source: Jamieson & Talwalkar 2016, Algorithm 1; `factor` as in Li et al. 2018, Hyperband.
 */
function halvingVerdicts(
  { goal, keep, factor }: Rule<'halving'>,
  trials: readonly FigureAfter[],
  comparisons: readonly number[],
): Verdict[] {
  const verdicts = trials.map((): Verdict => ({ kind: 'kept' }));
  let left = [...trials.keys()];
  for (const after of comparisons) {
    const figures = new Map(left.map((i) => [i, trials[i]!(after)]));
    if ([...figures.values()].includes(undefined)) {
      for (const i of left)
        verdicts[i] = figures.get(i) === undefined ? { kind: 'on' } : { kind: 'waits', after };
      break;
    }
    const known = left.filter((i) => figures.get(i) !== null);
    const ranked = known.sort((a, b) => {
      const [x, y] = [figures.get(a)!, figures.get(b)!];
      return isWorse(x, y, goal) ? 1 : isWorse(y, x, goal) ? -1 : a - b;
    });
    const stopped = new Set(ranked.slice(Math.max(keep, Math.floor(ranked.length / factor))));
    for (const i of stopped) verdicts[i] = { kind: 'pruned', after, value: figures.get(i)! };
    left = left.filter((i) => !stopped.has(i));
  }
  return verdicts;
}

function isWorse(a: number, b: number, goal: Goal): boolean {
  return goal === 'max' ? a < b : a > b;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Epochs of each trial where as many are stopped as the rule can stop. Of halving that is what happens. */
export function leastEpochs(rule: Prune, trials: number, epochs: number): number[] {
  const falling = Array.from({ length: trials }, (_, i) => (): number => (rule.goal === 'max' ? -i : i));
  return verdictsOf(rule, falling, epochs).map((verdict) =>
    verdict.kind === 'pruned' ? verdict.after : epochs,
  );
}
