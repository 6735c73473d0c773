/** @file `la-ssl study --dry-run`: what would run, and how long it should take. */
import { existsSync } from 'node:fs';
import {
  costKey,
  Estimator,
  type OldRuns,
  type RunState,
  type StudyFolder,
  type StudyPlan,
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
};

/** Prints every run with what is left to do for it and how long that should take. */
export async function dryRunStudy(
  plan: StudyPlan,
  folder: StudyFolder,
  parallel: number,
  flags: { oldRuns: OldRuns; json?: boolean },
): Promise<void> {
  folder.checkOwner();
  const states = folder.states(plan, flags.oldRuns);
  if (existsSync(folder.path)) folder.checkSpace(plan.runs.filter(({ name }) => states.get(name) === 'new'));
  const left = plan.runs
    .filter(({ name }) => states.get(name) !== 'done')
    .map((run) => ({ run, train: states.get(run.name) === 'trained' ? 0 : 1, probe: 1 }));
  const estimator = await timed(
    plan,
    folder,
    states,
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
      seconds: state === 'done' ? 0 : whole,
    };
  });
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ folder: folder.path, parallel, seconds, runs: rows })}\n`);
    return;
  }
  const table = formatTable(
    ['run', 'state', 'time'],
    rows.map(({ run, state, seconds }) => [
      run,
      STATES[state],
      seconds === null ? '–' : formatDuration(seconds),
    ]),
  );
  const time = seconds === null ? 'an unknown time' : `about ${formatDuration(seconds)}`;
  process.stdout.write(
    `${table}\n\n${left.length} of ${plan.runs.length} runs are left, ${parallel} at a time in ${folder.path}: ${time}.\n`,
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
