/** @file `la-ssl runs`: the runs of a folder, how far each is, and what its probe said. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { type Knowledge, knowledgeOf, markOf, noteOf, RunFolder } from '../training/index.js';
import { formatEstimate, formatTable } from './table.js';

export function runsCommand(): Command {
  return new Command('runs')
    .description('List runs: how far each is, its last loss, and what its probe said.')
    .argument('[folder]', 'where runs are kept (runs)')
    .option('--json', 'print the list as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl runs
  la-ssl runs studies/corrupted-cifar10
  la-ssl runs --json | jq '.[] | select(.status == "unfinished") | .path'`,
    )
    .action((given: string | undefined, flags: { json?: boolean }) => {
      const folder = given ?? 'runs';
      if (given !== undefined && !existsSync(given))
        throw new Error(`There is no folder ${given}. Give the folder in which runs are kept.`);
      const runs = listRuns(folder);
      process.stdout.write(`${flags.json ? JSON.stringify(runs) : describeRuns(folder, runs)}\n`);
    });
}

const figure = z.object({ value: z.number(), low: z.number(), high: z.number(), count: z.number() });
/** What is shown of `probe.json`; the rest is the probe's own business. */
const probeFile = z.object({
  biased: z.object({
    metrics: z.object({
      overall: figure,
      conflicting: figure.nullish(),
      worstGroup: figure.nullish(),
    }),
  }),
});
const machineFile = z.object({ started: z.string() });

export interface RunSummary {
  name: string;
  path: string;
  status: 'finished' | 'unfinished' | 'unreadable';
  /** Why it is unreadable. */
  problem: string | null;
  dataset: string | null;
  sampler: string | null;
  seed: number | null;
  /** What it is told of its training examples beside pixels. */
  told: readonly Knowledge[];
  /** Epochs that are done, and in all. */
  epoch: number;
  epochs: number | null;
  loss: number | null;
  /** ISO 8601. */
  started: string | null;
  /** Of the biased probe. */
  probe: z.output<typeof probeFile>['biased']['metrics'] | null;
}

/** The runs in a folder, oldest first; the folder itself where it is a run. */
export function listRuns(folder: string): RunSummary[] {
  if (!existsSync(folder)) return [];
  const isRun = (path: string): boolean => new RunFolder(path).status !== 'empty';
  const paths = isRun(folder)
    ? [folder]
    : readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
        .map((entry) => join(folder, entry.name))
        .filter(isRun);
  return paths
    .map(summariseRun)
    .sort((a, b) => (a.started ?? '').localeCompare(b.started ?? '') || a.path.localeCompare(b.path));
}

function summariseRun(path: string): RunSummary {
  const folder = new RunFolder(path);
  const empty = { told: [], dataset: null, sampler: null, seed: null, epochs: null, epoch: 0, loss: null };
  const shared = {
    name: path.split(/[\\/]/).at(-1)!,
    path,
    started: readJson(folder.file('run.json'), machineFile)?.started ?? null,
    probe: readJson(folder.file('probe.json'), probeFile)?.biased.metrics ?? null,
  };
  try {
    const config = folder.readConfig();
    const { dataset, sampler, seed, epochs } = config;
    const events = folder.readMetrics();
    const done = events.findLast((event) => event.kind === 'epoch');
    const last = events.findLast((event) => 'loss' in event);
    return {
      ...shared,
      status: folder.status === 'finished' ? 'finished' : 'unfinished',
      problem: null,
      ...{ dataset, sampler, seed, epochs, told: knowledgeOf(config) },
      epoch: done ? done.epoch + 1 : 0,
      loss: last?.loss ?? null,
    };
  } catch (error) {
    return { ...shared, ...empty, status: 'unreadable', problem: (error as Error).message };
  }
}

/** @returns null where the file is missing, half, or of another form */
function readJson<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

function describeRuns(folder: string, runs: readonly RunSummary[]): string {
  if (runs.length === 0) return `No runs in ${folder}. Start one: la-ssl train --dataset shapes --epochs 20`;
  const header = [
    'run',
    'status',
    'data set',
    'sampler',
    'epoch',
    'loss',
    'started',
    'overall',
    'conflicting',
    'worst group',
  ];
  const rows = runs.map((run) => [
    `${run.name}${markOf(run.told)}`,
    run.status,
    run.dataset ?? '–',
    run.sampler ?? '–',
    `${run.epoch}/${run.epochs ?? '?'}`,
    run.loss?.toFixed(3) ?? '–',
    run.started?.slice(0, 16).replace('T', ' ') ?? '–',
    ...[run.probe?.overall, run.probe?.conflicting, run.probe?.worstGroup].map(formatEstimate),
  ]);
  const probed = runs.some((run) => run.probe);
  const table = probed
    ? formatTable(header, rows)
    : formatTable(
        header.slice(0, 7),
        rows.map((row) => row.slice(0, 7)),
      );
  const notes = runs.flatMap(({ path, problem }) => (problem ? [`${path}: ${problem}`] : []));
  if (probed) notes.push('Accuracies in %, biased probe, with 95 % intervals. Times are UTC.');
  else notes.push('Times are UTC. Accuracies appear after: la-ssl probe <run>');
  notes.push(noteOf(runs.map(({ told }) => told)));
  return `${table}\n\n${notes.filter((note) => note !== '').join('\n')}`;
}
