/** @file The section of a study on examples: of some cells one run each, with what the page of that run has. */
import { join } from 'node:path';
import type { CellResult, RunResult, StudyResult } from '../study/index.js';
import { RunFolder } from '../training/index.js';
import { counted } from './figures.js';
import type { Part, Section } from './parts.js';
import { isAbort, type MaterialOptions, materialOf, type RunMaterial } from './run-material.js';
import { type RunRecord, readRuns } from './run-record.js';
import { mapsOf, picturesSection } from './section-examples.js';
import { drawsByGroup, lorenz } from './section-sampling.js';
import { distributions } from './section-speeds.js';

/** What is loaded for it: as for the page of a run. */
export type StudyMaterialOptions = Pick<MaterialOptions, 'load' | 'onProgress' | 'signal'>;

/** Cells that are shown, pictures of each end, updates: so many that the page stays one that can be sent. */
const CELLS = 6;
const PICTURES = 12;
const UPDATES = 2;

interface Shown {
  cell: CellResult;
  run: RunResult;
}

/** @returns null where the folder has no run of any cell */
export async function studyExamplesSection(
  { cells, runs }: Pick<StudyResult, 'cells' | 'runs'>,
  folder: string,
  options: StudyMaterialOptions,
): Promise<Section | null> {
  const atHand = comparedFirst(cells).flatMap((cell): Shown[] => {
    const own = runs.filter(({ cell: of, metrics }) => of === cell.name && Object.keys(metrics).length > 0);
    const run = own.find(({ name }) => new RunFolder(join(folder, name)).hasBegun);
    return run ? [{ cell, run }] : [];
  });
  if (atHand.length === 0) return null;
  const shown = atHand.slice(0, CELLS);
  const sampled: Pick<RunMaterial, 'run' | 'updates'>[] = [];
  const parts: Part[] = [];
  for (const { cell, run } of shown) {
    try {
      const material = await readOne(join(folder, run.name), options);
      if (material.updates.length > 0) {
        sampled.push({ run: { ...material.run, name: cell.name }, updates: material.updates });
      }
      const title = `${cell.name}: speeds, draws, examples and map of ${run.name}`;
      parts.push({ kind: 'details', title, parts: await partsOf(material) });
    } catch (error) {
      if (isAbort(error, options.signal)) throw error;
      parts.push({ kind: 'note', text: `${cell.name} is left out: ${(error as Error).message}` });
    }
  }
  const draws = sampled.length > 0 ? [await lorenz(sampled)] : [];
  return {
    id: 'by-cell',
    title: 'Speeds and examples by cell',
    parts: [aboutOf(cells, shown), ...draws, ...parts],
  };
}

/** Each baseline, then what is compared with it; cells without a comparison come last. */
export function comparedFirst<C extends Pick<CellResult, 'name' | 'baseline'>>(cells: readonly C[]): C[] {
  const groups = cells.map((cell) => [cell, ...cells.filter(({ baseline }) => baseline === cell.name)]);
  const compared = groups.filter((group) => group.length > 1).flat();
  return [...new Set([...compared, ...cells])];
}

function aboutOf(cells: readonly CellResult[], shown: readonly Shown[]): Part {
  const left = cells.filter((cell) => !shown.some((one) => one.cell === cell)).map(({ name }) => name);
  const which = left.length > 0 ? `${shown.length} of ${counted(cells.length, 'cell')}` : 'every cell';
  const names =
    left.length > CELLS
      ? `${left.slice(0, CELLS).join(', ')} and ${left.length - CELLS} more`
      : left.join(', ');
  const text =
    `One run of ${which}, the first seed that is there. Each opens: its speeds at the first and the last update, who is drawn, ` +
    `the ${PICTURES} slowest and fastest examples, a map of some features.` +
    (left.length > 0
      ? ` Baselines and what is compared with them come first; left out, so that this page stays small: ${names}.`
      : '');
  return {
    kind: 'note',
    text: `${text} The page of a run has more:`,
    command: 'la-ssl report <folder of the run>',
  };
}

async function readOne(path: string, options: StudyMaterialOptions): Promise<RunMaterial> {
  const [run] = readRuns([path]);
  return materialOf(run!, { ...options, pictures: PICTURES, updates: UPDATES, mapped: pointsOf(run!) });
}

/** Fewer where images are large, so that no encoder is at it for long. */
function pointsOf({ config: { imageSize = 32 } }: RunRecord): number {
  return Math.round(Math.min(300, Math.max(100, 300 * (64 / imageSize) ** 2)));
}

/** Figures first, so that they stand side by side; then pictures, tables and notes. */
async function partsOf(material: RunMaterial): Promise<Part[]> {
  const parts = await allOf(material);
  const among = (kinds: readonly Part['kind'][]) => parts.filter(({ kind }) => kinds.includes(kind));
  return [...among(['figure']), ...among(['pictures']), ...among(['table', 'note'])];
}

async function allOf(material: RunMaterial): Promise<Part[]> {
  const parts = await distributions(material);
  if (material.updates.length > 0) parts.push(...(await drawsByGroup(material)));
  const { run, datasetProblem } = material;
  if (datasetProblem !== null) {
    const text = `No pictures and no map of ${run.name}: its data set could not be loaded: ${datasetProblem}`;
    return [...parts, { kind: 'note', text }];
  }
  return [...parts, ...picturesSection([material]).parts, ...(await mapsOf(material))];
}
