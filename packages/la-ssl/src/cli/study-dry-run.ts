/** @file `la-ssl study --dry-run`: what would run, and how long it should take. */
import { existsSync } from 'node:fs';
import {
  comparisonsOf,
  costKey,
  Estimator,
  leastEpochs,
  type OldRuns,
  type RunState,
  ruleText,
  runsAtHand,
  type StudyFolder,
  type StudyPlan,
  type StudyRun,
  Trials,
  timeSteps,
} from '../study/index.js';
import { interruptible } from './interrupt.js';
import { formatDuration } from './progress.js';
import { formatTable } from './table.js';

const STATES: Record<RunState, string> = {
  new: 'to train and probe',
  unfinished: 'to go on with',
  trained: 'to probe',
  done: 'done',
  pruned: 'pruned',
};

/** Prints every run with what is left to do for it and how long that should take. */
export async function dryRunStudy(
  plan: StudyPlan,
  folder: StudyFolder,
  parallel: number,
  flags: { oldRuns: OldRuns; reuse: boolean; json?: boolean },
): Promise<void> {
  folder.checkOwner();
  const now = folder.states(plan, flags.oldRuns);
  new Trials(plan, folder, now).markPruned();
  const atHand = flags.reuse ? runsAtHand(plan, folder, now) : new Map<string, string>();
  const states = new Map([...now, ...[...atHand.keys()].map((name) => [name, 'trained'] as const)]);
  if (existsSync(folder.path)) folder.checkSpace(plan.runs.filter(({ name }) => states.get(name) === 'new'));
  const left = plan.runs
    .filter((run) => !isOver(states.get(run.name)))
    .map((run) => ({ run, train: states.get(run.name) === 'trained' ? 0 : 1, probe: 1 }));
  const estimator = await timed(
    plan,
    folder,
    now,
    left.filter(({ train }) => train > 0).map(({ run }) => run),
  );
  const seconds = estimator.left(left, parallel);
  const rows = plan.runs.map((run) => {
    const state = states.get(run.name)!;
    const estimate = estimator.secondsOf(run);
    const whole = estimate && estimate.probe + (state === 'trained' ? 0 : estimate.train);
    return {
      run: run.name,
      state,
      seconds: isOver(state) ? 0 : whole,
    };
  });
  const least = plan.study.prune ? leastLeft(plan, left) : null;
  const atLeast = least && { runs: least.whole, seconds: estimator.left(least.left, parallel) };
  if (flags.json) {
    const told = { folder: folder.path, parallel, seconds, ...(atLeast && { atLeast }), runs: rows };
    process.stdout.write(`${JSON.stringify(told)}\n`);
    return;
  }
  const table = formatTable(
    ['run', 'state', 'time'],
    rows.map(({ run, state, seconds }) => [
      run,
      atHand.has(run) ? `to copy from ${atHand.get(run)}` : STATES[state],
      seconds === null ? '–' : formatDuration(seconds),
    ]),
  );
  const time = timeText(seconds);
  process.stdout.write(
    `${table}\n\n${left.length} of ${plan.runs.length} runs are left, ${parallel} at a time in ${folder.path}: ${time}.\n`,
  );
  if (atLeast) process.stdout.write(`${pruningText(plan, left.length, atLeast)}\n`);
}

function timeText(seconds: number | null): string {
  return seconds === null ? 'an unknown time' : `about ${formatDuration(seconds)}`;
}

function isOver(state: RunState | undefined): boolean {
  return state === 'done' || state === 'pruned';
}

type Left = { run: StudyRun; train: number; probe: number };

/** What is left where as many cells are stopped as the rule can stop. @returns `whole`: runs that then go to their end */
function leastLeft(
  { study, cells, runs }: StudyPlan,
  left: readonly Left[],
): { left: Left[]; whole: number } {
  const { epochs } = runs[0]!.config;
  const least = leastEpochs(study.prune!, cells.length, epochs);
  const epochsOf = new Map(cells.map(({ name }, i) => [name, least[i]!]));
  const fewer = left.flatMap((one) => {
    const own = epochsOf.get(one.run.cell)!;
    if (own === epochs) return [one];
    return one.run.seed === study.seeds[0] ? [{ ...one, train: (one.train * own) / epochs, probe: 0 }] : [];
  });
  return { left: fewer, whole: fewer.filter(({ probe }) => probe > 0).length };
}

function pruningText(
  { study, runs }: StudyPlan,
  left: number,
  atLeast: { runs: number; seconds: number | null },
): string {
  const rule = study.prune!;
  const most =
    rule.rule === 'median' ? `, at most all ${left}` : ' (of a failed run another may take the place)';
  return (
    `Pruning: ${ruleText(rule, comparisonsOf(rule, runs[0]!.config.epochs))}. ` +
    `At least ${atLeast.runs} of the ${left} runs go to their end, in ${timeText(atLeast.seconds)}${most}.`
  );
}

/** Knows what finished runs took, and of each other kind of run what a few steps take. */
async function timed(
  plan: StudyPlan,
  folder: StudyFolder,
  states: Map<string, RunState>,
  left: StudyPlan['runs'],
): Promise<Estimator> {
  const known = estimatorOf(plan, folder, states);
  const kinds = new Map(left.filter((run) => !known.knows(run)).map((run) => [costKey(run.config), run]));
  if (kinds.size === 0) return known;
  const rates = folder.readRates();
  const release = folder.open();
  try {
    await interruptible('Stopping', async (signal) => {
      for (const [key, run] of kinds) {
        process.stderr.write(`Timing a few steps of ${run.name} …\n`);
        const rate = await timeSteps(run, signal);
        if (rate !== null) rates[key] = rate;
        signal.throwIfAborted();
      }
    });
    folder.write('rates.json', `${JSON.stringify(rates, null, 2)}\n`);
    return estimatorOf(plan, folder, states);
  } finally {
    release();
  }
}

/** Knows what the finished runs of the folder took. */
export function estimatorOf(plan: StudyPlan, folder: StudyFolder, states: Map<string, RunState>): Estimator {
  const estimator = new Estimator(folder.readRates());
  for (const run of plan.runs) {
    const state = states.get(run.name);
    if (state === 'trained' || state === 'done') estimator.trained(run, folder.trainSeconds(run));
    if (state === 'done') estimator.probed(folder.probeRecord(run)!.seconds);
  }
  return estimator;
}
