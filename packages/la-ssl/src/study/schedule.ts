/**
 * @file Trains and probes the runs of a study that are not done, side by side, each command in a process of its own.
 *
 * All state is in the run folders: whatever ended this process, the next begins where the runs stand.
 */
import { setTimeout } from 'node:timers/promises';
import { lockHolder } from '../training/index.js';
import { type ChildOutcome, type ChildProgress, runChild } from './child.js';
import type { StudyPlan, StudyRun } from './plan.js';
import { RunQueue } from './run-queue.js';
import { judgedOn, probesOf } from './study-file.js';
import type { RunState, StudyFolder } from './study-folder.js';
import { Trials } from './trials.js';

export type StudyEvent =
  | { kind: 'started'; run: StudyRun; state: RunState }
  /** Shares of training and probe that are done, 0 to 1. */
  | { kind: 'progress'; run: StudyRun; train: number; probe: number }
  | { kind: 'trained'; run: StudyRun; seconds: number }
  | { kind: 'finished'; run: StudyRun; seconds: number }
  | { kind: 'failed'; run: StudyRun; lastLines: string[] }
  /** Stopped, or never begun, as it was worse than others. */
  | { kind: 'pruned'; run: StudyRun; after: number; value: number | null }
  /** Stopped until others are as far. */
  | { kind: 'waits'; run: StudyRun; after: number }
  | { kind: 'interrupted'; run: StudyRun };

export interface ScheduleOptions {
  /** How many runs go side by side, and with how many threads each. */
  parallel: number;
  threads: number;
  onEvent: (event: StudyEvent) => void;
  /** Stops every run with a checkpoint. */
  signal: AbortSignal;
}

/** Seconds to wait for a process that a killed study left: it stops at its next step. */
const PATIENCE = 60;

/**
 * Brings runs to their end.
 * @param states - where they stand; changed to where they stand then
 * @returns those that failed, by name, with the last lines of their logs
 */
export async function runStudy(
  plan: StudyPlan,
  folder: StudyFolder,
  states: Map<string, RunState>,
  options: ScheduleOptions,
): Promise<Map<string, string[]>> {
  const queue = new RunQueue(plan, new Trials(plan, folder, states), options.onEvent);
  const failed = new Map<string, string[]>();
  const data = new DataGate();
  const work = async (): Promise<void> => {
    for (let taken = await queue.take(options.signal); taken; taken = await queue.take(options.signal)) {
      const { run, signal } = taken;
      const own = {
        ...options,
        signal: AbortSignal.any([options.signal, signal]),
        onEvent: (event: StudyEvent) => {
          options.onEvent(event);
          if (event.kind === 'progress') queue.look(run);
        },
      };
      const { outcome, lastLines } = await data.passed(run, (ready) =>
        bringToEnd(run, folder, states, own, ready),
      );
      if (outcome === 'failed') {
        failed.set(run.name, lastLines);
        options.onEvent({ kind: 'failed', run, lastLines });
      }
      if (outcome === 'interrupted') {
        if (options.signal.aborted) options.onEvent({ kind: 'interrupted', run });
        queue.giveBack(run, options.signal.aborted ? 'interrupted' : 'stopped');
      } else queue.giveBack(run, 'ended');
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, work));
  return failed;
}

/** The first run of a data set fetches and prepares it; others of that data set wait until it trains. */
class DataGate {
  readonly #ready = new Map<string, Promise<void>>();

  async passed<T>({ config }: StudyRun, work: (ready: () => void) => Promise<T>): Promise<T> {
    const before = this.#ready.get(config.dataset);
    if (before) {
      await before;
      return work(() => {});
    }
    let open = (): void => {};
    this.#ready.set(
      config.dataset,
      new Promise((resolve) => {
        open = resolve;
      }),
    );
    try {
      return await work(open);
    } finally {
      open();
    }
  }
}

async function bringToEnd(
  run: StudyRun,
  folder: StudyFolder,
  states: Map<string, RunState>,
  { threads, signal, onEvent }: ScheduleOptions,
  dataReady: () => void,
): Promise<ChildOutcome> {
  const runFolder = folder.run(run);
  const state = states.get(run.name)!;
  try {
    onEvent({ kind: 'started', run, state });
    const child = (args: string[], tell: (share: number) => void): Promise<ChildOutcome> =>
      runChild(args, {
        log: folder.logOf(run),
        threads,
        signal,
        onProgress: (progress) => {
          if (!isAbout(progress, runFolder.path)) return;
          dataReady();
          tell(progress.done / progress.total);
        },
      });
    await untilFree(runFolder.path, signal);
    if (state === 'new') runFolder.remove(); // what other code made, or a kill left half
    if (state === 'new') await runFolder.create(run.config);
    if (state === 'new') states.set(run.name, 'unfinished');
    if (runFolder.status !== 'finished') {
      const trained = await child(['train', '--resume', runFolder.path, '--json'], (train) =>
        onEvent({ kind: 'progress', run, train, probe: 0 }),
      );
      if (trained.outcome !== 'finished') return trained;
      onEvent({ kind: 'trained', run, seconds: folder.trainSeconds(run) });
    }
    states.set(run.name, 'trained');
    const started = performance.now();
    const probed = await child(
      ['probe', runFolder.path, ...probeFlags(folder), '--again', '--json'],
      (probe) => onEvent({ kind: 'progress', run, train: 1, probe }),
    );
    if (probed.outcome !== 'finished') return probed;
    const seconds = (performance.now() - started) / 1000;
    await folder.recordProbe(run, seconds);
    states.set(run.name, 'done');
    onEvent({ kind: 'finished', run, seconds });
    return probed;
  } catch (error) {
    if (signal.aborted) return { outcome: 'interrupted', lastLines: [] };
    return { outcome: 'failed', lastLines: [(error as Error).message] };
  }
}

/** Whether a command tells of its run, and not of loading the data set. */
export function isAbout({ label, unit }: ChildProgress, path: string): boolean {
  return (label === path && unit === 'examples') || label === `probe ${path}`;
}

function probeFlags({ study }: StudyFolder): string[] {
  const { l2, seed } = study.probe;
  const penalty = l2 === undefined ? [] : ['--l2', String(l2)];
  const on = judgedOn(study);
  const split = on === undefined ? [] : ['--on', on];
  return ['--seed', String(seed), ...penalty, ...split, '--probes', probesOf(study).join(',')];
}

/** Waits for a process that still trains the run. @throws Error where it does not end */
async function untilFree(path: string, signal: AbortSignal): Promise<void> {
  for (let waited = 0; lockHolder(path); waited += 0.1) {
    if (waited > PATIENCE) {
      const { pid, host } = lockHolder(path) ?? { pid: 0, host: '' };
      throw new Error(
        `${path} is trained by process ${pid} on ${host}. End it, or wait for it, and start the study again.`,
      );
    }
    await setTimeout(100, undefined, { signal });
  }
}
