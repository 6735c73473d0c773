/** @file The section of a study on what happened on the way: curves by cell, means over its runs, where they are at hand. */
import { join } from 'node:path';
import type { StudyResult } from '../study/index.js';
import { RunFolder } from '../training/index.js';
import { counted } from './figures.js';
import type { Part, Section } from './parts.js';
import { linesOf, type RunLines } from './run-record.js';
import { type Curve, curve, thinned } from './section-learning.js';
import { valuesOf } from './section-speeds.js';

/** More lines cannot be told apart. */
const CELLS = 12;

interface CellLines {
  name: string;
  runs: readonly RunLines[];
}

/** A curve as of a run, and where it stands on the page. */
type OfRuns = Omit<Curve<CellLines>, 'of' | 'about'> & { of: (run: RunLines) => number[][] };

/** What is read of the updates, then of the training. */
const CURVES: readonly OfRuns[] = [
  {
    ...{ slug: 'over-time-auroc', title: 'Do the speeds tell conflicting examples?' },
    ...{ y: 'AUROC, conflicting is slower', x: 'epoch of the update', rule: 0.5 },
    more: '0.5, the dashed line, says nothing.',
    of: valuesOf('conflictingIsSlower'),
  },
  {
    ...{ slug: 'over-time-effective-sample-size', title: 'Effective sample size' },
    ...{ y: 'share of the examples', x: 'epoch of the update', percent: true },
    more: '1 / Σ π², as a share of the examples.',
    of: valuesOf('effectiveSampleShare'),
  },
  {
    ...{ slug: 'over-time-loss', title: 'Loss', y: 'loss, nats', x: 'optimizer steps' },
    of: ({ steps }) => steps.map(({ step, loss }) => [step, loss]),
  },
  {
    ...{ slug: 'over-time-knn', title: 'Nearest neighbours on the way' },
    ...{ y: 'accuracy, kNN', x: 'epochs done', percent: true },
    of: ({ online }) => online.map(({ epoch, knnAccuracy }) => [epoch, knnAccuracy]),
  },
];

/**
 * @param folder - of the study, which has that of each run
 * @returns null where no run is there; of more than twelve cells a note only
 */
export async function curvesSection(
  { cells, runs }: Pick<StudyResult, 'cells' | 'runs'>,
  folder: string,
): Promise<Section | null> {
  const section = { id: 'over-time', title: 'Sampling over time' };
  const done = runs.filter(({ metrics }) => Object.keys(metrics).length > 0);
  const shown = cells
    .map(({ name }) => ({ name, runs: done.filter(({ cell }) => cell === name) }))
    .filter((cell) => cell.runs.some((run) => new RunFolder(join(folder, run.name)).hasBegun));
  if (shown.length === 0) return null;
  if (shown.length > CELLS) {
    const text = `Curves are left out: the lines of ${shown.length} cells cannot be told apart, ${CELLS} can. A few runs side by side have a page too:`;
    const command = 'la-ssl report <folder of a run> <folder of another>';
    return { ...section, parts: [{ kind: 'note', text, command }] };
  }
  const lines = shown.map(({ name, runs }): CellLines => {
    const own = runs.map((run) => linesOf(new RunFolder(join(folder, run.name))));
    return { name, runs: own.filter(({ steps }) => steps.length > 0) };
  });
  const parts: (Part | null)[] = [];
  for (const { of, ...asked } of CURVES) {
    parts.push(
      await curve(lines, {
        ...asked,
        of: ({ runs }) => thinned(meanLine(runs.map(of))),
        about: (cell) => `Mean over ${counted(cell.runs.filter((run) => of(run).length > 0).length, 'seed')}`,
      }),
    );
  }
  return { ...section, parts: parts.filter((part) => part !== null) };
}

/**
 * The mean of some lines, where each has a point: so that it does not jump where one ends.
 * @param lines - points `[x, y]` in the order of x; empty ones count for nothing
 */
export function meanLine(lines: readonly (readonly number[][])[]): [number, number][] {
  const known = lines
    .filter((line) => line.length > 0)
    .map((points) => new Map(points as [number, number][]));
  return [...(known[0]?.keys() ?? [])].flatMap((x): [number, number][] => {
    const values = known.flatMap((line) => line.get(x) ?? []);
    return values.length === known.length ? [[x, values.reduce((sum, y) => sum + y, 0) / values.length]] : [];
  });
}
