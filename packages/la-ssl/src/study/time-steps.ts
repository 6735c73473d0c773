/** @file Times a few steps of a run, in a folder that is removed, to say how long all of it takes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from '../training/index.js';
import { runChild } from './child.js';
import { workOf } from './estimate.js';
import type { StudyRun } from './plan.js';
import { isAbout } from './schedule.js';

/** Enough to be told from the first steps, which are slow. */
const SECONDS = 5;

/**
 * Trains for some seconds.
 * @returns seconds for a unit of `workOf`; null where the run ended before a step was timed
 * @throws Error with the last lines of its log, where it fails
 */
export async function timeSteps(run: StudyRun, signal: AbortSignal): Promise<number | null> {
  const folder = new RunFolder(join(mkdtempSync(join(tmpdir(), 'la-ssl-timing-')), 'run'));
  const enough = new AbortController();
  const both = AbortSignal.any([signal, enough.signal]);
  const marks: { time: number; done: number; total: number }[] = [];
  try {
    await folder.create({ ...run.config, onlineEvaluation: false });
    const log = folder.file('timing.log');
    const { outcome } = await runChild(['train', '--resume', folder.path], {
      log,
      threads: run.config.threads,
      signal: both,
      onProgress: (progress) => {
        if (!isAbout(progress, folder.path)) return;
        marks.push({ ...progress, time: performance.now() / 1000 });
        if (marks.at(-1)!.time - marks[0]!.time > SECONDS) enough.abort();
      },
    });
    if (outcome === 'failed') throw new Error(`${run.name} fails:\n${readFileSync(log, 'utf8').trim()}`);
    const [first, last] = [marks[0], marks.at(-1)];
    if (!first || !last || last.done === first.done) return null;
    const seconds = (first.total * (last.time - first.time)) / (last.done - first.done);
    return seconds / workOf(run.config);
  } finally {
    rmSync(join(folder.path, '..'), { recursive: true, force: true });
  }
}
