/** @file Runs that are at hand beside the folder of a study, in another study or alone: copied instead of trained anew. */
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '../code.js';
import { lockHolder, RunFolder } from '../training/index.js';
import { configKey, type StudyPlan, type StudyRun } from './plan.js';
import { type RunState, readJson, type StudyFolder } from './study-folder.js';

/**
 * Finished runs with the options and the code of runs that a study has not begun.
 * @param states - where the runs of the study stand
 * @returns by name of the run, the folder of the same one; where several are, the first by name
 */
export function runsAtHand(
  { runs }: StudyPlan,
  { path }: StudyFolder,
  states: ReadonlyMap<string, RunState>,
): Map<string, string> {
  const wanted = runs.filter(({ name }) => states.get(name) === 'new');
  if (wanted.length === 0) return new Map();
  const code = codeOf('training');
  const known = new Map<string, string>();
  for (const folder of finishedBeside(resolve(path))) {
    if (readJson<{ code?: string }>(folder.file('run.json'))?.code !== code) continue;
    for (const key of keysOf(folder)) if (!known.has(key)) known.set(key, folder.path);
  }
  return new Map(
    wanted.flatMap((run) => {
      const same = known.get(keyOf(run));
      return same === undefined ? [] : [[run.name, same] as const];
    }),
  );
}

/** Copies runs into the folder of the study, each whole or not at all, and says where they then stand. */
export function takeRuns(
  plan: StudyPlan,
  folder: StudyFolder,
  states: Map<string, RunState>,
  atHand: ReadonlyMap<string, string>,
): void {
  for (const run of plan.runs) {
    const source = atHand.get(run.name);
    if (source === undefined) continue;
    const target = folder.run(run).path;
    const partial = `${target}.partial`;
    rmSync(partial, { recursive: true, force: true });
    cpSync(source, partial, { recursive: true, filter: (name) => !/^lock\b/.test(basename(name)) });
    rmSync(target, { recursive: true, force: true });
    renameSync(partial, target);
    states.set(run.name, folder.stateOf(run));
  }
}

function* finishedBeside(path: string): Generator<RunFolder> {
  for (const name of foldersIn(dirname(path))) {
    const beside = join(dirname(path), name);
    if (beside === path) continue;
    const alone = new RunFolder(beside);
    const all =
      alone.status === 'empty' ? foldersIn(beside).map((run) => new RunFolder(join(beside, run))) : [alone];
    yield* all.filter((run) => run.status === 'finished' && run.hasWholeEncoder && !lockHolder(run.path));
  }
}

function foldersIn(path: string): string[] {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

const WITHOUT_PRECISION = ['threads', 'precision'];

function keyOf({ config, precisionGiven }: StudyRun): string {
  return precisionGiven ? configKey(config) : configKey(config, WITHOUT_PRECISION);
}

/** A run serves one that asks for its precision, and one that leaves it to the machine. */
function keysOf(folder: RunFolder): string[] {
  try {
    const config = folder.readConfig();
    return [configKey(config), configKey(config, WITHOUT_PRECISION)];
  } catch {
    return []; // by a version with other options
  }
}
