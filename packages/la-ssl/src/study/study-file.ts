/**
 * @file A study as a file: a question, the runs that it needs (a grid of options × seeds), what they are compared by.
 *
 * Read and checked whole before anything runs; what is wrong is said with its file, line and key.
 */
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import { JUDGED_ON, PROBE_KINDS, type ProbeKind } from '../evaluation/index.js';
import { suggest } from '../suggest.js';
import { pruneSchema, searchSchema } from './search-schema.js';
import { type LineOf, readYaml, StudyProblem } from './yaml-file.js';

const NAME = /^[\w.-]+$/;
const named = z.string().regex(NAME, 'letters, digits, dots, dashes and underscores only');
const scalar = z.union([z.string(), z.number(), z.boolean()]);
/** Options of `la-ssl train`; they are checked cell by cell, when all that belongs to a run is together. */
const overrides = z.record(z.string(), z.unknown());

const range = z.strictObject({
  between: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'the lower bound comes first'),
  scale: z.enum(['linear', 'log']).default('linear'),
  whole: z.boolean().default(false),
});

const axis = z.union([z.array(scalar).min(1), range, z.record(named, z.union([scalar, overrides]))], {
  error: 'give a list of values, values by name, or { between: [low, high], scale: log } to draw from',
});

const runsOfStudy = {
  from: z
    .string()
    .optional()
    .describe('a file of options of la-ssl train, which several studies share; base goes over it'),
  base: overrides.default({}).describe('options that all runs share'),
  axes: z.record(named, axis).default({}).describe('what varies: every combination is a cell of the grid'),
  cells: z.record(named, overrides).default({}).describe('cells beside the grid, by name'),
  search: searchSchema
    .optional()
    .describe('random combinations of the axes in place of all, and what is best'),
  prune: pruneSchema.optional().describe('which cells are stopped before their end'),
  seeds: z.array(z.int().min(0)).min(1).describe('every cell runs with each of them'),
};

/** What a budget changes: options are added, axes and cells of the same name replaced, and so are from, search, prune and seeds. */
const budget = z.strictObject({
  from: runsOfStudy.from,
  base: runsOfStudy.base,
  axes: runsOfStudy.axes,
  cells: runsOfStudy.cells,
  search: runsOfStudy.search,
  prune: runsOfStudy.prune,
  seeds: runsOfStudy.seeds.optional(),
});

/** The least and the full effort. */
export const BUDGETS = ['small', 'full'] as const;
export type BudgetName = (typeof BUDGETS)[number];

/** A cell that others are set beside. */
const partner = z.union([z.string(), z.record(z.string(), scalar)]).optional();

const studySchema = z.strictObject({
  title: z.string().min(1),
  question: z.string().min(1),
  ...runsOfStudy,
  budgets: z.strictObject({ small: budget.optional(), full: budget.optional() }).default({}),
  oracle: partner.describe(
    'the cell, by name or by values of axes, whose gain over the baseline is what the others can recover a share of',
  ),
  baseline: partner.describe(
    'a cell by name, or values of axes: each cell is compared with the one that has these in place of its own',
  ),
  metrics: z.array(z.string()).min(1).describe('such as biased.worstGroup or update.conflictingIsSlower'),
  compare: z
    .array(z.string())
    .optional()
    .describe('the metrics whose differences from the baseline are tested (all)'),
  probe: z
    .strictObject({
      l2: z.number().min(0).optional(),
      seed: z.int().min(0).default(0),
      on: z.enum(JUDGED_ON).optional(),
    })
    .prefault({})
    .describe('options of la-ssl probe; its data set is that of the run'),
  resources: z
    .strictObject({
      threadsPerRun: z.int().min(1).default(1),
      parallel: z.int().min(1).optional(),
      memoryPerRunGiB: z.number().positive().default(1),
    })
    .prefault({}),
});

export type Axis = z.output<typeof axis>;
export type AxisRange = z.output<typeof range>;
/** The file that `from` names, and which options of `base` come from it. */
interface SharedOptions {
  file: string;
  keys: readonly string[];
  lineOf: LineOf;
}

/** A study with its budget applied. */
export interface Study extends Omit<z.output<typeof studySchema>, 'budgets' | 'from'> {
  /** Name of its file, without the ending. */
  name: string;
  file: string;
  budget: BudgetName;
  lineOf: LineOf;
  shared: SharedOptions | null;
}

/** What a metric begins with: a probe, the last such line of a run's metrics, or what it took. */
const SOURCES: readonly string[] = [...Object.keys(PROBE_KINDS), 'update', 'epoch', 'online', 'cost'];

/** The probes that the metrics of a study are of; the biased one is always made. */
export function probesOf({ metrics }: Pick<Study, 'metrics'>): ProbeKind[] {
  const kinds = Object.keys(PROBE_KINDS) as ProbeKind[];
  return kinds.filter((kind) => kind === 'biased' || metrics.some((name) => name.startsWith(`${kind}.`)));
}

/** On which split the probes are judged, where the study says: that for validation, if there is one, where a cell is chosen. */
export function judgedOn({ probe, search }: Pick<Study, 'probe' | 'search'>): Study['probe']['on'] {
  return probe.on ?? (search?.objective === undefined ? undefined : 'auto');
}

/** A study that cannot be meant, for what is said of the key at this path. */
export function problem(study: Study, path: readonly PropertyKey[], text: string): StudyProblem {
  return new StudyProblem(`${study.file}, line ${study.lineOf(path)}: ${path.join('.')}: ${text}`);
}

/**
 * Reads a study.
 * @param effort - which of its budgets
 * @throws StudyProblem that names the file, the line and the key
 */
export function readStudy(file: string, effort: BudgetName): Study {
  const { content, lineOf } = readYaml(file);
  const checked = studySchema.safeParse(content);
  if (!checked.success) {
    throw new StudyProblem(checked.error.issues.flatMap((issue) => describe(file, issue, lineOf)).join('\n'));
  }
  const { budgets, ...shared } = checked.data;
  if (effort === 'full' && !budgets.full) {
    throw new StudyProblem(`${file} has no full budget. Leave --budget out, or add budgets.full to it.`);
  }
  const {
    from = shared.from,
    base,
    axes,
    cells,
    search = shared.search,
    prune = shared.prune,
    seeds = shared.seeds,
  } = budgets[effort] ?? budget.parse({});
  const { from: _, ...rest } = shared;
  const own = { ...shared.base, ...base };
  const options = from === undefined ? null : readShared(join(dirname(file), from));
  const study: Study = {
    ...rest,
    base: { ...options?.content, ...own },
    shared: options && { ...options, keys: Object.keys(options.content).filter((key) => !(key in own)) },
    axes: { ...shared.axes, ...axes },
    cells: { ...shared.cells, ...cells },
    search,
    prune,
    seeds,
    name: basename(file, extname(file)),
    file,
    budget: effort,
    lineOf,
  };
  checkLists(study);
  return study;
}

/** @throws StudyProblem where it cannot be read, or holds no options */
function readShared(file: string): { file: string; content: Record<string, unknown>; lineOf: LineOf } {
  const { content, lineOf } = readYaml(file, 'a file of options (`from`, relative to the study)');
  const checked = overrides.safeParse(content);
  if (checked.success) return { file, content: checked.data, lineOf };
  throw new StudyProblem(`${file} holds no options of la-ssl train. Give one a line, such as width: 8`);
}

/** The keys that are known at a place. */
function shapeAt(path: readonly PropertyKey[]): object {
  const key = path.at(-1);
  if (key === 'prune') return Object.assign({}, ...pruneSchema.options.map(({ shape }) => shape)) as object;
  if (key === 'search') return searchSchema.shape;
  return path[0] === 'budgets' && path.length > 1 ? budget.shape : studySchema.shape;
}

function describe(file: string, issue: z.core.$ZodIssue, lineOf: LineOf): string[] {
  const known = Object.keys(shapeAt(issue.path));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const place = [...issue.path, key];
      return `${file}, line ${lineOf(place)}: a study has no ${place.join('.')}.${suggest(key, known)}`;
    });
  }
  return [`${file}, line ${lineOf(issue.path)}: ${issue.path.join('.') || 'the study'}: ${issue.message}`];
}

function checkLists(study: Study): void {
  const { seeds, metrics, compare } = study;
  const fail = (key: string, text: string): never => {
    throw problem(study, [key], text);
  };
  if (new Set(seeds).size < seeds.length) fail('seeds', 'name each once.');
  for (const name of metrics) {
    const [source, ...path] = name.split('.');
    if (path.length === 0 || path.includes(''))
      fail('metrics', `${name} is none. Give a source and what it says, such as biased.overall.`);
    if (!SOURCES.includes(source!))
      fail(
        'metrics',
        `${name} is none: give one of ${SOURCES.join(', ')}, then a dot.${suggest(source!, SOURCES)}`,
      );
  }
  const unknown = compare?.find((name) => !metrics.includes(name));
  if (unknown !== undefined)
    fail('compare', `${unknown} is not among the metrics.${suggest(unknown, metrics)}`);
}
