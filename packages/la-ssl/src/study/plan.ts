/** @file From a study to its runs: cells of the grid (or drawn from it), each with every seed, their options checked. */
import { suggest } from '../suggest.js';
import {
  type ResolvedConfig,
  resolveConfig,
  type TrainConfig,
  trainConfigSchema,
} from '../training/index.js';
import { drawnCells, gridCells, type PlainCell, valuesOf } from './cells.js';
import { checkPruning, checkSearch } from './check-search.js';
import { problem, type Study } from './study-file.js';
import { StudyProblem } from './yaml-file.js';

/** Runs that differ in their seed only. */
export interface Cell extends PlainCell {
  /** The cell that it is compared with. */
  baseline: string | null;
  /** The cell whose gain over that baseline is all that can be recovered. */
  oracle: string | null;
}

export interface StudyRun {
  /** That of its folder, too. */
  name: string;
  cell: string;
  seed: number;
  config: ResolvedConfig;
  /** Whether the study says the precision, or the machine decides. */
  precisionGiven: boolean;
}

export interface StudyPlan {
  study: Study;
  cells: Cell[];
  /** Seed by seed, so that cells can be compared early. */
  runs: StudyRun[];
}

/**
 * The runs of a study.
 * @param threads - of each run
 * @throws StudyProblem that names file, line and option, of options that `la-ssl train` would refuse, and of runs that come twice
 */
export function planStudy(study: Study, threads: number): StudyPlan {
  checkSearch(study);
  const { search } = study;
  const grid = search?.draws ? drawnCells(study, { ...search, draws: search.draws }) : gridCells(study);
  const beside = Object.entries(study.cells).map(([name, overrides]) => ({ name, values: {}, overrides }));
  const cells = withPartners(study, [...grid, ...beside]);
  if (cells.length === 0) throw problem(study, ['axes'], 'a study needs axes or cells');
  const runs = study.seeds.flatMap((seed) => cells.map((cell) => runOf(study, cell, seed, threads)));
  checkDistinct(study, cells, runs);
  const plan = { study, cells, runs };
  checkPruning(plan);
  return plan;
}

function withPartners(study: Study, cells: readonly PlainCell[]): Cell[] {
  const [baselineOf, oracleOf] = [partnersIn(study, 'baseline', cells), partnersIn(study, 'oracle', cells)];
  return cells.map((cell) => ({ ...cell, baseline: baselineOf(cell), oracle: oracleOf(cell) }));
}

/** @returns of each cell the name of the one that it is set beside; null for itself and where there is none */
function partnersIn(
  study: Study,
  key: 'baseline' | 'oracle',
  cells: readonly PlainCell[],
): (cell: PlainCell) => string | null {
  const partner = study[key];
  if (typeof partner === 'string' && !cells.some(({ name }) => name === partner)) {
    const names = cells.map(({ name }) => name);
    throw problem(study, [key], `there is no cell ${partner}.${suggest(partner, names)}`);
  }
  const wanted = typeof partner === 'object' ? labelsOf(study, key, partner) : null;
  return (cell) => {
    const values = JSON.stringify({ ...cell.values, ...wanted });
    const found =
      typeof partner === 'string'
        ? partner
        : cells.find((other) => wanted && JSON.stringify(other.values) === values)?.name;
    return found === undefined || found === cell.name ? null : found;
  };
}

/** Labels of the values that a partner has. */
function labelsOf(study: Study, key: string, partner: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(partner).map(([name, value]) => {
      if (!study.axes[name])
        throw problem(study, [key, name], `there is no such axis.${suggest(name, Object.keys(study.axes))}`);
      const labels = valuesOf(study, name).map(({ label }) => label);
      const label = labels.find((known) => known === String(value) || known === `${name}${value}`);
      if (label === undefined) throw problem(study, [key, name], `it is one of ${labels.join(', ')}`);
      return [name, label];
    }),
  );
}

/** Options that the study itself settles. */
const SETTLED: Record<string, string> = { seed: 'seeds', threads: 'resources.threadsPerRun' };

function runOf(study: Study, cell: PlainCell, seed: number, threads: number): StudyRun {
  const options: Record<string, unknown> = { ...study.base, ...cell.overrides };
  for (const [key, instead] of Object.entries(SETTLED))
    if (key in options) throw optionProblem(study, cell, key, `give ${instead} of the study`);
  const parsed = trainConfigSchema.safeParse({ ...options, seed, threads });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    if (issue!.code === 'unrecognized_keys') {
      const key = issue!.keys[0]!;
      throw optionProblem(
        study,
        cell,
        key,
        `there is no such option.${suggest(key, Object.keys(trainConfigSchema.shape))}`,
      );
    }
    const key = String(issue!.path[0]);
    throw optionProblem(study, cell, key, `${JSON.stringify(options[key])}: ${issue!.message}`);
  }
  const name = `${cell.name}-seed${seed}`;
  if (!/^[\w.-]+$/.test(name))
    throw problem(study, ['axes'], `${cell.name} cannot be a folder; give its value a name`);
  const config: TrainConfig = parsed.data;
  return {
    name,
    cell: cell.name,
    seed,
    config: resolveConfig(config),
    precisionGiven: config.precision !== 'auto',
  };
}

/** Names the file and the line of the option, wherever it was given. */
function optionProblem(study: Study, cell: PlainCell, key: string, text: string): StudyProblem {
  const { shared } = study;
  if (shared?.keys.includes(key) && !(key in cell.overrides))
    return new StudyProblem(
      `${shared.file}, line ${shared.lineOf([key])}: ${key}: ${text} (in ${cell.name})`,
    );
  const within = Object.entries(cell.values).flatMap(([axis, label]) => [
    ['axes', axis, label, key],
    ...(axis === key ? [['axes', axis]] : []),
  ]);
  const inside = [...within, ['cells', cell.name, key], ['base', key]];
  const line = study.lineOf(...inside.map((path) => ['budgets', study.budget, ...path]), ...inside);
  return new StudyProblem(`${study.file}, line ${line}: ${key}: ${text} (in ${cell.name})`);
}

function checkDistinct(study: Study, cells: readonly Cell[], runs: readonly StudyRun[]): void {
  const names = new Set<string>();
  for (const { name } of cells) {
    if (names.has(name)) throw problem(study, ['cells', name], 'two cells have this name');
    names.add(name);
  }
  const seen = new Map<string, string>();
  for (const { name, config } of runs) {
    const key = configKey(config);
    const twin = seen.get(key);
    if (twin !== undefined) throw problem(study, ['axes'], `${twin} and ${name} would be the same run`);
    seen.set(key, name);
  }
}

/** What a configuration is told from others by: every option but the threads, in the same order. */
export function configKey(
  config: TrainConfig | ResolvedConfig,
  without: readonly string[] = ['threads'],
): string {
  return JSON.stringify(
    Object.entries(config)
      .filter(([name, value]) => value !== undefined && !without.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
