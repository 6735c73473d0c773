/** @file What a run has left in its folder, as far as it is there: nothing is loaded, measured or drawn. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { SavedProbe } from '../evaluation/index.js';
import {
  type EpochEvent,
  type MetricsEvent,
  type OnlineEvent,
  type ResolvedConfig,
  RunFolder,
  type RunStatus,
  resolveConfig,
  type StepEvent,
  trainConfigSchema,
  type UpdateEvent,
  type WarningEvent,
} from '../training/index.js';

/** A probe as `probe.json` has it. */
export type ReportedProbe = Omit<SavedProbe, 'predictions' | 'probabilities'>;

/** Of `metrics.jsonl`, the lines by kind. */
export interface RunLines {
  steps: readonly StepEvent[];
  epochs: readonly EpochEvent[];
  updates: readonly UpdateEvent[];
  online: readonly OnlineEvent[];
  warnings: readonly WarningEvent[];
}

export interface RunRecord extends RunLines {
  folder: RunFolder;
  /** What the run is called in the report; no two have the same. */
  name: string;
  status: RunStatus;
  config: ResolvedConfig;
  /** Of `run.json`: code, machine, start. */
  machine: Readonly<Record<string, unknown>>;
  /** By kind, of those that were made. */
  probes: ReadonlyMap<string, ReportedProbe>;
  probeWarnings: readonly string[];
  /** Of a user's images, those that were left out. */
  skipped: readonly { path: string; reason: string }[];
  /** Files of the speeds at the updates, in the order of training. */
  speedFiles: readonly string[];
}

/** @throws Error that names the folder, where it is no run or its config is not valid */
export function readRuns(paths: readonly string[]): RunRecord[] {
  const records = paths.map(readRun);
  const names = records.map(({ name }) => name);
  const isUnique = new Set(names).size === names.length;
  return isUnique ? records : records.map((record, i) => ({ ...record, name: paths[i]! }));
}

function readRun(path: string): RunRecord {
  const folder = new RunFolder(path);
  const config = resolveConfig(folder.readConfig());
  const { warnings = [], key: _, ...probes } = readJson(folder.file('probe.json')) ?? {};
  const speeds = folder.file('speeds');
  const files = existsSync(speeds) ? readdirSync(speeds).filter((name) => name.endsWith('.parquet')) : [];
  return {
    folder,
    name: basename(resolve(path)),
    status: folder.status,
    config,
    machine: readJson(folder.file('run.json')) ?? {},
    ...linesOf(folder),
    probes: new Map(
      Object.entries(probes as Record<string, ReportedProbe | null>).flatMap(([kind, probe]) =>
        probe?.metrics ? [[kind, probe]] : [],
      ),
    ),
    probeWarnings: warnings as string[],
    skipped: (readJson(folder.file('images.json'))?.skipped ?? []) as RunRecord['skipped'],
    speedFiles: files.sort().map((name) => folder.file(`speeds/${name}`)),
  };
}

/** What the run has said so far; nothing where it has not begun. */
export function linesOf(folder: RunFolder): RunLines {
  const events = folder.readMetrics();
  return {
    steps: ofKind(events, 'step'),
    epochs: ofKind(events, 'epoch'),
    updates: ofKind(events, 'update'),
    online: ofKind(events, 'online'),
    warnings: ofKind(events, 'warning'),
  };
}

function ofKind<K extends MetricsEvent['kind']>(
  events: readonly MetricsEvent[],
  kind: K,
): Extract<MetricsEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<MetricsEvent, { kind: K }> => event.kind === kind);
}

/** @returns null where there is no such file. @throws Error that names the file where it is no JSON */
export function readJson(file: string): Record<string, unknown> | null {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}. Remove it and make it anew.`);
  }
}

/** What an option's default may depend on; always told first. */
const CHOICES = ['dataset', 'method', 'encoder', 'sampler', 'seed'] as const;
/** Left to the machine where nothing is said. */
const OF_MACHINE: readonly string[] = ['threads', 'precision'];

/** The options of a run: the choices and what differs from their defaults, then all others. */
export function optionsOf({ config }: RunRecord): {
  given: Map<string, string>;
  byDefault: Map<string, string>;
} {
  const { dataset, method, encoder, sampler } = config;
  const usual = new Map<string, unknown>(
    Object.entries(resolveConfig(trainConfigSchema.parse({ dataset, method, encoder, sampler }))),
  );
  const first = CHOICES.map((name) => [name, config[name]] as [string, unknown]);
  const rest = Object.entries(config).filter(([name]) => !CHOICES.some((choice) => choice === name));
  const differs = ([name, value]: [string, unknown]): boolean =>
    !OF_MACHINE.includes(name) && JSON.stringify(value) !== JSON.stringify(usual.get(name));
  const texts = (entries: readonly [string, unknown][]): Map<string, string> =>
    new Map(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, textOf(value)]])));
  return {
    given: texts([...first, ...rest.filter(differs)]),
    byDefault: texts(rest.filter((entry) => !differs(entry))),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
