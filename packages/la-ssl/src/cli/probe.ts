/** @file `la-ssl probe`: linear probes of finished runs, by group, and their comparison. */
import { Command, InvalidArgumentError } from 'commander';
import { groupsOf, type ImageDataset, loadDataset, type TrainOrTest } from '../data/index.js';
import {
  compareProbes,
  metricsOverSeeds,
  type ProbeComparison,
  probeRun,
  type RunProbes,
} from '../evaluation/index.js';
import { datasetSpecOf, RunFolder, type TrainConfig } from '../training/index.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { createProgress } from './progress.js';
import { formatDifference, formatEstimate, formatTable } from './table.js';

interface ProbeFlags {
  l2?: number;
  seed: number;
  again?: boolean;
  json?: boolean;
}

/** A run with what its probes say. */
export interface ProbedRun {
  folder: RunFolder;
  config: TrainConfig;
  probes: RunProbes;
}

export function probeCommand(): Command {
  return new Command('probe')
    .summary('Probe finished runs: accuracy by group, and the difference between runs.')
    .description(
      'Train linear classifiers on the frozen features of finished runs and report accuracy by group: biased, on ' +
        'the training labels as they are; balanced, on group-balanced subsets; attribute, to predict the spurious ' +
        'attribute. Runs that differ in more than their seed are compared with the first, seed by seed.',
    )
    .argument('<run...>', 'run folders; the first is the baseline of the comparison')
    .option(
      '--l2 <number>',
      'weight of the L2 penalty (chosen on a held-out part of the training set)',
      nonNegative,
    )
    .option('--seed <number>', 'of the balanced subsets and the held-out part', nonNegative, 0)
    .option('--again', 'make it anew even where it was made with the same options')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl probe runs/uniform
  la-ssl probe runs/uniform-0 runs/la-ssl-0            # and their difference on the same test examples
  la-ssl probe runs/uniform-* runs/la-ssl-* runs/oracle-*   # over seeds`,
    )
    .action(async (paths: string[], flags: ProbeFlags) => {
      const runs = await probeRuns(paths, flags);
      const comparisons = compareRuns(
        runs.map((run) => run.probed),
        runs[0]!.test,
      );
      if (flags.json)
        process.stdout.write(
          `${JSON.stringify(
            probesAsJson(
              runs.map((run) => run.probed),
              comparisons,
            ),
          )}\n`,
        );
      else
        process.stdout.write(
          `${describeProbes(
            runs.map((run) => run.probed),
            comparisons,
          )}\n`,
        );
    });
}

function nonNegative(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || text.trim() === '')
    throw new InvalidArgumentError('It takes a number that is not negative.');
  return value;
}

/** Probes runs one after another, with a progress bar; a data set that several share is loaded once. */
export async function probeRuns(
  paths: readonly string[],
  options: { l2?: number; seed?: number; again?: boolean } = {},
): Promise<{ probed: ProbedRun; test: ImageDataset }[]> {
  const folders = paths.map((path) => ({
    folder: new RunFolder(path),
    config: new RunFolder(path).readConfig(),
  }));
  const loaded = new Map<string, Record<TrainOrTest, ImageDataset>>();
  const runs: { probed: ProbedRun; test: ImageDataset }[] = [];
  for (const { folder, config } of folders) {
    const spec = datasetSpecOf(config);
    const key = JSON.stringify(spec);
    const data = loaded.get(key) ?? (await loadWithBar(spec, (options) => loadDataset(spec, options)));
    loaded.set(key, data);
    const progress = createProgress(`probe ${folder.path}`, '%');
    try {
      const probes = await interruptible('Stopping', (signal) =>
        probeRun(folder, data, {
          ...options,
          signal,
          onProgress: (done, text) => progress.update(100 * done, 100, text),
        }),
      );
      runs.push({ probed: { folder, config, probes }, test: data.test });
    } finally {
      progress.stop();
    }
  }
  return runs;
}

/** Runs that differ in their seed only. */
interface Condition {
  name: string;
  runs: ProbedRun[];
}

function conditionsOf(runs: readonly ProbedRun[]): Condition[] {
  const conditions = new Map<string, ProbedRun[]>();
  for (const run of runs) {
    const { seed: _seed, threads: _threads, ...rest } = run.config;
    const key = JSON.stringify(rest);
    conditions.set(key, [...(conditions.get(key) ?? []), run]);
  }
  const all = [...conditions.values()];
  return all.map((members) => {
    const { sampler } = members[0]!.config;
    const alone = all.filter((other) => other[0]!.config.sampler === sampler).length === 1;
    return { name: alone ? sampler : members[0]!.folder.path, runs: members };
  });
}

interface Comparison {
  baseline: string;
  other: string;
  seeds: number[];
  probe: 'biased' | 'balanced';
  result: ProbeComparison;
}

/** Every condition against the first, over the seeds that both have. */
export function compareRuns(runs: readonly ProbedRun[], test: ImageDataset): Comparison[] {
  const [baseline, ...others] = conditionsOf(runs);
  if (!baseline || !test.labels) return [];
  const labels = test.labels;
  return others.flatMap((other) =>
    (['biased', 'balanced'] as const).flatMap((probe) => {
      const pairs = other.runs.flatMap((run) => {
        const partner = baseline.runs.find(({ config }) => config.seed === run.config.seed);
        const [a, b] = [partner?.probes[probe]?.predictions, run.probes[probe]?.predictions];
        return a && b && a.length === b.length ? [{ baseline: a, other: b, seed: run.config.seed }] : [];
      });
      if (pairs.length === 0) return [];
      const result = compareProbes(pairs, labels, groupsOf(test), { seed: 0 });
      return [
        { baseline: baseline.name, other: other.name, seeds: pairs.map(({ seed }) => seed), probe, result },
      ];
    }),
  );
}

/** One table of the biased probe alone: each run, and what the others differ from the first by. */
export function shortTable(runs: readonly ProbedRun[], comparisons: readonly Comparison[]): string {
  const rows = runs.map(({ config, probes }) => [
    config.sampler,
    ...PARTS.map((part) => formatEstimate(probes.biased.metrics[part])),
  ]);
  const differences = comparisons
    .filter(({ probe }) => probe === 'biased')
    .map(({ other, result }) => [
      `${other}, difference`,
      ...PARTS.map((part) => formatDifference((result.overSeeds ?? result.pairs[0]!)[part])),
    ]);
  return formatTable(['accuracy in % [95 % interval]', ...HEADINGS], [...rows, ...differences]);
}

/** The tables that a person reads. */
export function describeProbes(runs: readonly ProbedRun[], comparisons: readonly Comparison[]): string {
  const parts = [
    'Accuracy in % on the test set, with 95 % intervals over test examples.',
    probeTable('biased', runs),
    probeTable('balanced', runs),
    attributeTable(runs),
  ];
  const conditions = conditionsOf(runs).filter((condition) => condition.runs.length > 1);
  if (conditions.length > 0) parts.push(seedsTable('biased', conditions), seedsTable('balanced', conditions));
  if (comparisons.length > 0) parts.push(comparisonTable(comparisons));
  const warnings = runs.flatMap((run) => run.probes.warnings.map((text) => `${run.folder.path}: ${text}`));
  return [...parts.filter((part) => part !== ''), ...warnings].join('\n\n');
}

const PARTS = ['overall', 'aligned', 'conflicting', 'worstGroup'] as const;
const HEADINGS = ['overall', 'aligned', 'conflicting', 'worst group'];

function probeTable(probe: 'biased' | 'balanced', runs: readonly ProbedRun[]): string {
  const rows = runs.flatMap((run) => {
    const metrics = run.probes[probe]?.metrics;
    if (!metrics) return [];
    return [
      [
        run.folder.path,
        ...PARTS.map((part) => formatEstimate(metrics[part])),
        metrics.worstGroup?.group ?? '–',
      ],
    ];
  });
  return rows.length === 0 ? '' : formatTable([`${probe} probe`, ...HEADINGS, 'which'], rows);
}

function attributeTable(runs: readonly ProbedRun[]): string {
  const rows = runs.flatMap((run) => {
    const metrics = run.probes.attribute?.metrics;
    return metrics ? [[run.folder.path, formatEstimate(metrics.overall)]] : [];
  });
  return rows.length === 0 ? '' : formatTable(['attribute probe', 'overall'], rows);
}

function seedsTable(probe: 'biased' | 'balanced', conditions: readonly Condition[]): string {
  const rows = conditions.flatMap(({ name, runs }) => {
    const metrics = runs.flatMap((run) => run.probes[probe]?.metrics ?? []);
    if (metrics.length < 2) return [];
    const mean = metricsOverSeeds(metrics);
    return [[name, String(metrics.length), ...PARTS.map((part) => formatEstimate(mean[part]))]];
  });
  return rows.length === 0
    ? ''
    : formatTable([`mean over seeds, ${probe} probe (interval over seeds)`, 'seeds', ...HEADINGS], rows);
}

function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ baseline, other, probe, seeds, result }) => {
    const shown = result.overSeeds ?? result.pairs[0]!;
    return [
      `${other} − ${baseline}, ${probe} probe`,
      String(seeds.length),
      ...PARTS.map((part) => formatDifference(shown[part])),
    ];
  });
  const over = comparisons.some(({ result }) => result.overSeeds) ? 'seeds' : 'test examples';
  return formatTable([`difference in points (interval over ${over})`, 'seeds', ...HEADINGS], rows);
}

export function probesAsJson(runs: readonly ProbedRun[], comparisons: readonly Comparison[]): unknown {
  const lean = (probe: RunProbes['balanced']) => probe && { ...probe, predictions: undefined };
  return {
    runs: runs.map(({ folder, config, probes }) => ({
      run: folder.path,
      sampler: config.sampler,
      seed: config.seed,
      biased: lean(probes.biased),
      balanced: lean(probes.balanced),
      attribute: lean(probes.attribute),
      warnings: probes.warnings,
    })),
    comparisons,
  };
}
