/** @file `la-ssl probe`: linear probes of finished runs, by group, and their comparison. */
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type DatasetSpec,
  type ImageDataset,
  loadDataset,
  loadSplit,
  MissingSplit,
  type Split,
} from '../data/index.js';
import {
  DEFAULT_PROBES,
  JUDGED_ON,
  type JudgedOn,
  METRIC_NAMES,
  METRICS,
  type MetricName,
  PROBE_KINDS,
  type ProbeKind,
  type ProbeRunData,
  probeRun,
} from '../evaluation/index.js';
import { datasetSpecOf, RunFolder } from '../training/index.js';
import { checkDatasetSpec } from './dataset-options.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { compareRuns, type ProbedRun } from './probe-compare.js';
import { metricEstimates, metricTables } from './probe-metrics.js';
import { describeProbes, probesAsJson } from './probe-tables.js';
import { createProgress } from './progress.js';

interface ProbeFlags {
  l2?: number;
  seed: number;
  probes: ProbeKind[];
  metrics?: MetricName[];
  on: JudgedOn;
  clusterColumn?: string;
  again?: boolean;
  json?: boolean;
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
      'weight of the L2 penalty (chosen on the validation split, or a held-out part of the training set)',
      nonNegative,
    )
    .option('--seed <number>', 'of the balanced subsets and the held-out part', wholeNumber, 0)
    .addOption(
      new Option('--probes <names>', `which, besides biased: ${listOf(PROBE_KINDS)}`)
        .argParser((text) => namesAmong(text, Object.keys(PROBE_KINDS) as ProbeKind[]))
        .default([...DEFAULT_PROBES], DEFAULT_PROBES.join(',')),
    )
    .addOption(
      new Option('--metrics <names>', `more figures, or all: ${listOf(METRICS)}`).argParser((text) =>
        namesAmong(text, METRIC_NAMES),
      ),
    )
    .addOption(
      new Option(
        '--on <split>',
        'on which examples to judge: test, validation (to choose by; the penalty then comes from a held-out part of the ' +
          'training set), or auto (validation where there is such a split)',
      )
        .choices(JUDGED_ON)
        .default('test'),
    )
    .option(
      '--cluster-column <column>',
      'folder with a table: column of what several images are of, such as the patient; intervals are then by it',
    )
    .option('--again', 'make it anew even where it was made with the same options')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl probe runs/uniform
  la-ssl probe runs/uniform-0 runs/la-ssl-0            # and their difference on the same test examples
  la-ssl probe runs/uniform --probes balanced,dfr,knn --metrics auroc,f1,ece
  la-ssl probe runs/scans --cluster-column patient     # intervals over patients, not over images
  la-ssl probe runs/uniform-* runs/la-ssl-* runs/oracle-*   # over seeds`,
    )
    .action(async (paths: string[], flags: ProbeFlags) => {
      const runs = await probeRuns(paths, { ...flags, detail: flags.metrics !== undefined });
      const probed = runs.map((run) => run.probed);
      const comparisons = compareRuns(probed);
      const metrics = flags.metrics && metricEstimates(runs, flags.metrics);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ ...probesAsJson(probed, comparisons), ...(metrics && { metrics }) })}\n`
          : `${[describeProbes(probed, comparisons), ...(metrics ? metricTables(metrics) : [])].join('\n\n')}\n`,
      );
    });
}

function listOf(described: Readonly<Record<string, string>>): string {
  return Object.entries(described)
    .map(([name, text]) => `${name} (${text})`)
    .join(', ');
}

/** `a,b` or `all`. */
function namesAmong<T extends string>(text: string, known: readonly T[]): T[] {
  if (text === 'all') return [...known];
  const names = text.split(',').map((name) => name.trim());
  const wrong = names.find((name) => !known.includes(name as T));
  if (wrong === undefined) return names as T[];
  throw new InvalidArgumentError(`There is no ${wrong}; these are: ${known.join(', ')}, or all.`);
}

/** A number from 0 on. */
export function nonNegative(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || text.trim() === '')
    throw new InvalidArgumentError('It takes a number that is not negative.');
  return value;
}

function wholeNumber(text: string): number {
  const value = nonNegative(text);
  if (!(Number.isInteger(value) && value < 2 ** 32))
    throw new InvalidArgumentError('It takes a whole number from 0 to 4294967295.');
  return value;
}

/** Probes runs one after another, with a progress bar; a data set that several share is loaded once. */
export async function probeRuns(
  paths: readonly string[],
  options: Partial<Omit<ProbeFlags, 'metrics' | 'json'>> & { detail?: boolean } = {},
): Promise<{ probed: ProbedRun; data: ProbeRunData }[]> {
  const folders = paths.map((path) => ({
    folder: new RunFolder(path),
    config: new RunFolder(path).readConfig(),
  }));
  const loaded = new Map<string, ProbeRunData>();
  const runs: { probed: ProbedRun; data: ProbeRunData }[] = [];
  for (const { folder, config } of folders) {
    const spec = withClusters(datasetSpecOf(config), options.clusterColumn);
    const key = JSON.stringify(spec);
    const data = loaded.get(key) ?? (await loadSplits(spec, options.on ?? 'test'));
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
      runs.push({ probed: { folder, config, probes, test: data.test }, data });
    } finally {
      progress.stop();
    }
  }
  return runs;
}

/** @throws UsageError where the data set has no table with such a column */
function withClusters(spec: DatasetSpec, clusterColumn: string | undefined): DatasetSpec {
  if (clusterColumn === undefined) return spec;
  const asked = { ...spec, clusterColumn } as DatasetSpec;
  checkDatasetSpec(asked);
  return asked;
}

/** Training and test split, and that for validation where the data set has one; or that in place of the test split. */
async function loadSplits(spec: DatasetSpec, on: JudgedOn): Promise<ProbeRunData> {
  const split = (name: Split) => loadWithBar(spec, (options) => loadSplit(spec, name, options));
  if (on === 'validation') return onValidation(await split('train'), await split('validation'));
  const data = await loadWithBar(spec, (options) => loadDataset(spec, options));
  try {
    const validation = await split('validation');
    return on === 'auto' && validation.shape.count > 0
      ? onValidation(data.train, validation)
      : { ...data, validation };
  } catch (error) {
    if (error instanceof MissingSplit) return data;
    throw error;
  }
}

function onValidation(train: ImageDataset, validation: ImageDataset): ProbeRunData {
  return { train, test: validation, judgedOn: 'validation' };
}
