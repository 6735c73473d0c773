/** @file The section of a study on what happened on the way: curves by cell, means over its runs, where they are at hand. */
import { join } from 'node:path';
import type { CellResult, StudyResult } from '../study/index.js';
import { RunFolder } from '../training/index.js';
import { counted } from './figures.js';
import { type Part, type Section, slugOf } from './parts.js';
import { linesOf, type RunLines } from './run-record.js';
import { type Curve, curve, thinned } from './section-learning.js';
import { valuesOf } from './section-speeds.js';

/** More lines cannot be told apart. */
const CELLS = 12;

interface CellLines {
  name: string;
  runs: readonly RunLines[];
}

/** The lines of one chart. */
interface Panel {
  /** What they share, such as `share 95.0`; empty where all cells are in one. */
  of: string;
  /** Each of one cell, or of those that share a value. */
  lines: readonly { name: string; cells: readonly CellResult[] }[];
}

/** A curve as of a run, and where it stands on the page. */
type OfRuns = Omit<Curve<CellLines>, 'of' | 'about'> & { of: (run: RunLines) => number[][] };

/** What is read of the updates, then of the training. */
const CURVES: readonly OfRuns[] = [
  {
    ...{ slug: 'over-time-auroc', title: 'Do the speeds tell conflicting examples?' },
    ...{ y: 'AUROC', x: 'epoch of the update', rule: 0.5 },
    more: 'AUROC of speeds, conflicting against aligned; 0.5, the dashed line, says nothing.',
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
 * @returns null where no run is there; of more than twelve cells a chart for each value of an axis; where that leaves too many,
 *   a chart for each axis, of means over all others; a note where no axis has few values
 */
export async function curvesSection(
  { cells, runs, axes }: Pick<StudyResult, 'cells' | 'runs' | 'axes'>,
  folder: string,
): Promise<Section | null> {
  const section = { id: 'over-time', title: 'Sampling over time' };
  const done = runs.filter(({ metrics }) => Object.keys(metrics).length > 0);
  const runsOf = ({ name }: CellResult) => done.filter(({ cell }) => cell === name);
  const shown = cells.filter((cell) =>
    runsOf(cell).some((run) => new RunFolder(join(folder, run.name)).hasBegun),
  );
  if (shown.length === 0) return null;
  const parted = panelsOf(shown, axes);
  const panels = parted ?? meanPanels(shown, axes);
  if (panels.length === 0) {
    const text = `Curves are left out: the lines of ${shown.length} cells cannot be told apart, ${CELLS} can. A few runs side by side have a page too:`;
    const command = 'la-ssl report <folder of a run> <folder of another>';
    return { ...section, parts: [{ kind: 'note', text, command }] };
  }
  const linesOfCell = new Map(
    shown.map((cell) => {
      const own = runsOf(cell).map((run) => linesOf(new RunFolder(join(folder, run.name))));
      return [cell, own.filter(({ steps }) => steps.length > 0)];
    }),
  );
  const drawn = panels.map(({ of, lines }) => ({
    of,
    lines: lines.map(
      ({ name, cells }): CellLines => ({ name, runs: cells.flatMap((cell) => linesOfCell.get(cell)!) }),
    ),
  }));
  const parts: (Part | null)[] = [];
  if (!parted) {
    const text = `${shown.length} cells, and the lines of ${CELLS} can be told apart: each line is the mean over all runs with that value of an axis, whatever their other values are.`;
    parts.push({ kind: 'note', text });
  }
  for (const { of, ...asked } of CURVES) {
    for (const panel of drawn) {
      const own = panel.of && {
        slug: slugOf(asked.slug, panel.of),
        title: `${asked.title} (${panel.of})`,
      };
      parts.push(
        await curve(panel.lines, {
          ...asked,
          ...own,
          of: ({ runs }) => thinned(meanLine(runs.map(of))),
          about: (cell) =>
            `Mean over ${counted(cell.runs.filter((run) => of(run).length > 0).length, parted ? 'seed' : 'run')}`,
        }),
      );
    }
  }
  return { ...section, parts: parts.filter((part) => part !== null) };
}

/** Parts many cells by the first axis that leaves few enough for a chart, the sampler last. */
function panelsOf(cells: readonly CellResult[], axes: readonly string[]): Panel[] | null {
  if (cells.length <= CELLS)
    return [{ of: '', lines: cells.map((cell) => ({ name: cell.name, cells: [cell] })) }];
  const isSampler = (axis: string): number => Number(axis === 'sampler');
  for (const axis of [...axes].sort((a, b) => isSampler(a) - isSampler(b))) {
    const values = [...new Set(cells.map((cell) => cell.values[axis]))];
    const panels = values.map((value): Panel => {
      const own = cells.filter((cell) => cell.values[axis] === value);
      const rest = axes.filter((other) => other !== axis);
      const short = own.map((cell) => rest.map((other) => cell.values[other]).join(', '));
      const isTold = value !== undefined && new Set(short).size === own.length;
      return {
        of: value === undefined ? `without ${axis}` : `${axis} ${value}`,
        lines: own.map((cell, c) => ({ name: isTold ? short[c]! : cell.name, cells: [cell] })),
      };
    });
    if (panels.length > 1 && panels.every((panel) => panel.lines.length <= CELLS)) return panels;
  }
  return null;
}

/** For each axis with few values a line for each of them, over all cells that have it. */
function meanPanels(cells: readonly CellResult[], axes: readonly string[]): Panel[] {
  return axes.flatMap((axis): Panel[] => {
    const values = [...new Set(cells.flatMap((cell) => cell.values[axis] ?? []))];
    if (values.length < 2 || values.length > CELLS) return [];
    const withValue = (value: string) => cells.filter((cell) => cell.values[axis] === value);
    return [{ of: `by ${axis}`, lines: values.map((name) => ({ name, cells: withValue(name) })) }];
  });
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
