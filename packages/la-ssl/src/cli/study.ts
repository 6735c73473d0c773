/** @file `la-ssl study`: every run that a question needs, their comparison, and the tables. */
import { freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, Option } from 'commander';
import { writeReport } from '../report/index.js';
import {
  BUDGETS,
  type BudgetName,
  captionOf,
  chosenTexts,
  differencesTable,
  meansTable,
  metricsOf,
  OLD_RUNS,
  type OldRuns,
  parallelRuns,
  partialTexts,
  planStudy,
  type RunResult,
  type RunState,
  readStudy,
  recoveredTable,
  runStudy,
  runsAtHand,
  type StudyEvent,
  StudyFolder,
  type StudyPlan,
  StudyProblem,
  type StudyResult,
  type StudyRun,
  studyCsv,
  studyMarkdown,
  studyResult,
  Trials,
  takeRuns,
} from '../study/index.js';
import { datasetSpecOf } from '../training/index.js';
import { checkDatasetSpec } from './dataset-options.js';
import { interruptible } from './interrupt.js';
import { UsageError, wholeNumberFrom } from './options.js';
import { dryRunStudy, estimatorOf } from './study-dry-run.js';
import { studyPage } from './study-page.js';
import { StudyProgress } from './study-progress.js';
import { formatTable } from './table.js';

interface StudyFlags {
  budget: BudgetName;
  runs?: string;
  threadsPerRun?: number;
  parallel?: number;
  oldRuns: OldRuns;
  reuse: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export function studyCommand(): Command {
  return new Command('study')
    .summary('Train and probe every run that a question needs, and compare them.')
    .description(
      'Train and probe the runs of a study, a grid of options × seeds in a YAML file, side by side; then write report.html, ' +
        'a page to look at or to send, and study.json, study.md and study.csv: every cell with its mean over seeds, and what ' +
        'it differs from its baseline by. The same command goes on where it was stopped or killed; finished runs are kept.',
    )
    .argument('<file>', 'the study')
    .addOption(new Option('--budget <name>', 'how much effort').choices([...BUDGETS]).default('small'))
    .option('--runs <folder>', 'folder of this study and budget (runs/<study>-<budget>)')
    .option('--threads-per-run <number>', 'threads of each run (as the study says, or 1)', wholeNumberFrom(1))
    .option(
      '--parallel <number>',
      'runs side by side (as the study says, or as processors and memory allow)',
      wholeNumberFrom(1),
    )
    .addOption(
      new Option('--old-runs <what>', 'what to do with runs that other code made')
        .choices([...OLD_RUNS])
        .default('stop'),
    )
    .option('--no-reuse', 'train every run, where another study beside this one has the very same, too')
    .option(
      '--dry-run',
      'only say what would run, and how long it should take, by a few timed steps where need be',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl study studies/main-table.yaml --dry-run
  la-ssl study studies/main-table.yaml
  la-ssl study studies/sensitivity.yaml --budget full --threads-per-run 8 --parallel 1 --runs runs/sensitivity
  la-ssl runs runs/main-table-small     # how far each run is`,
    )
    .action(async (file: string, flags: StudyFlags) => {
      try {
        await study(file, flags);
      } catch (error) {
        if (error instanceof StudyProblem) throw new UsageError(error.message);
        throw error;
      }
    });
}

async function study(file: string, flags: StudyFlags): Promise<void> {
  const read = readStudy(file, flags.budget);
  const threads = flags.threadsPerRun ?? read.resources.threadsPerRun;
  const plan = planStudy(read, threads);
  for (const { config } of plan.runs) checkDatasetSpec(datasetSpecOf(config));
  const memory = process.availableMemory?.() ?? freemem();
  const parallel = flags.parallel ?? parallelRuns(read.resources, threads, memory);
  const folder = new StudyFolder(flags.runs ?? join('runs', `${read.name}-${flags.budget}`), read);
  if (flags.dryRun) await dryRunStudy(plan, folder, parallel, flags);
  else await run(plan, folder, { parallel, threads }, flags);
}

async function run(
  plan: StudyPlan,
  folder: StudyFolder,
  cores: { parallel: number; threads: number },
  flags: StudyFlags,
): Promise<void> {
  const release = folder.open();
  try {
    const states = folder.states(plan, flags.oldRuns);
    folder.checkSpace(plan.runs.filter(({ name }) => states.get(name) === 'new'));
    const atHand = flags.reuse ? runsAtHand(plan, folder, states) : new Map<string, string>();
    takeRuns(plan, folder, states, atHand);
    if (atHand.size > 0) process.stderr.write(`${takenText(atHand, plan.runs.length)}\n`);
    const failed = await work(plan, folder, states, cores);
    if (failed === null) {
      process.stderr.write('Stopped. Go on with the same command.\n');
      process.exitCode = 130;
      return;
    }
    const runs = runResults(plan, folder, states, failed);
    const first = plan.runs.find(({ name }) => states.get(name) === 'done');
    const result = studyResult(plan, runs, first && folder.splitOf(first));
    warnOfMissing(result, plan, folder);
    folder.write('study.csv', studyCsv(result));
    folder.write('study.md', studyMarkdown(result));
    folder.write('study.json', `${JSON.stringify(result, null, 2)}\n`);
    await writeReport(await studyPage(result, folder.path), join(folder.path, 'report.html'));
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : describe(result, folder));
    if (failed.size > 0) {
      process.stderr.write(`${failed.size} runs failed; their logs are in ${join(folder.path, 'logs')}.\n`);
      process.exitCode = 1;
    }
  } finally {
    release();
  }
}

function takenText(atHand: ReadonlyMap<string, string>, of: number): string {
  const places = [...new Set([...atHand.values()].map((path) => dirname(path)))].join(', ');
  return `Copied from ${places}, with the same options and code: ${atHand.size} of ${of} runs (--no-reuse trains them anew).`;
}

/** @returns the runs that failed, or null where it was stopped */
async function work(
  plan: StudyPlan,
  folder: StudyFolder,
  states: Map<string, RunState>,
  cores: { parallel: number; threads: number },
): Promise<Map<string, string[]> | null> {
  new Trials(plan, folder, states).markPruned();
  const left = plan.runs.filter(({ name }) => !['done', 'pruned'].includes(states.get(name)!));
  if (left.length === 0) return new Map();
  const unfinished = left.map((run) => ({ run, trained: states.get(run.name) === 'trained' }));
  const progress = new StudyProgress(
    unfinished,
    plan.runs.length,
    cores.parallel,
    estimatorOf(plan, folder, states),
  );
  let first = true;
  const take = (event: StudyEvent): void => {
    progress.take(event);
    if (event.kind !== 'finished' || !first) return;
    first = false;
    const text = missingIn(event.run, folder);
    if (text !== null) progress.note(text);
  };
  try {
    return await interruptible('Stopping the runs, each with a checkpoint', async (signal) => {
      const failed = await runStudy(plan, folder, states, {
        ...cores,
        signal,
        onEvent: take,
      });
      return signal.aborted ? null : failed;
    });
  } finally {
    progress.stop();
  }
}

function runResults(
  plan: StudyPlan,
  folder: StudyFolder,
  states: Map<string, RunState>,
  failed: Map<string, string[]>,
): RunResult[] {
  const { study, runs } = plan;
  const trials = new Trials(plan, folder, states);
  for (const run of runs) if (failed.has(run.name)) trials.ended(run);
  trials.markPruned(); // also what was trained to its end while others were awaited
  return runs.map((run) => {
    const verdict = states.get(run.name) === 'pruned' ? trials.verdictOf(run) : null;
    const all = states.get(run.name) === 'done' ? metricsOf(folder.run(run)) : null;
    return {
      ...{ name: run.name, cell: run.cell, seed: run.seed },
      code: folder.codeOf(run),
      metrics: all ? Object.fromEntries(study.metrics.map((name) => [name, all.get(name) ?? null])) : {},
      failed: failed.get(run.name) ?? null,
      pruned: verdict?.kind === 'pruned' ? { after: verdict.after, value: verdict.value } : null,
    };
  });
}

/** A metric of some seeds only is one of damaged runs; one that no run has is a wrong name, or a part that the test set does not have. */
function warnOfMissing(result: StudyResult, plan: StudyPlan, folder: StudyFolder): void {
  for (const text of partialTexts(result)) process.stderr.write(`${text}\n`);
  const missing = result.metrics.filter((name) => result.cells.every((cell) => !cell.metrics[name]));
  const done = plan.runs.find((_, i) => Object.keys(result.runs[i]!.metrics).length > 0);
  if (missing.length > 0 && done)
    process.stderr.write(`No run has ${missing.join(', ')}. ${whatThereIs(folder, done)}\n`);
}

/** What a run lacks, of which the others may have some; null where it has all. */
function missingIn(run: StudyRun, folder: StudyFolder): string | null {
  const known = metricsOf(folder.run(run));
  const missing = folder.study.metrics.filter((name) => !known.has(name));
  return missing.length === 0
    ? null
    : `${run.name} has no ${missing.join(', ')}. If no run is to have it, stop, and mend the study. ${whatThereIs(folder, run)}`;
}

function whatThereIs(folder: StudyFolder, run: StudyRun): string {
  const known = [...metricsOf(folder.run(run)).keys()].filter((name) => !name.includes('.groups.'));
  return `What there is: ${known.join(', ')}`;
}

function describe(result: StudyResult, folder: StudyFolder): string {
  const tables = [meansTable(result), differencesTable(result), recoveredTable(result)].flatMap((table) =>
    table ? [formatTable(table.header, table.rows)] : [],
  );
  const texts = [captionOf(result), ...chosenTexts(result)];
  const written = ['report.html', 'study.md', 'study.csv', 'study.json']
    .map((name) => join(folder.path, name))
    .join(', ');
  return `${[result.title, result.question, ...tables, ...texts, `Written: ${written}`].join('\n\n')}\n`;
}
