/** @file The tables of `la-ssl probe`, and the same as JSON. */
import { metricsOverSeeds, type ProbeMetrics, type RunProbes } from '../evaluation/index.js';
import { knowledgeOf, markOf, noteOf } from '../training/index.js';
import {
  COMPARED,
  type ComparedProbe,
  type Comparison,
  type Condition,
  conditionsOf,
  notComparable,
  PARTS,
  type ProbedRun,
  shownOf,
} from './probe-compare.js';
import { formatDifference, formatEstimate, formatTable } from './table.js';

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
      ...PARTS.map((part) => formatDifference(shownOf(result)[part])),
    ]);
  const headings = headingsOf(runs.map(({ probes }) => probes.biased.metrics));
  return formatTable(['accuracy in % [95 % interval]', ...headings], [...rows, ...differences]);
}

/** The tables that a person reads. */
export function describeProbes(runs: readonly ProbedRun[], comparisons: readonly Comparison[]): string {
  const parts = [
    `Accuracy in % on the ${splitOf(runs)}, with 95 % intervals ${intervalsBy(runs)}.`,
    probeTable('biased', runs),
    probeTable('balanced', runs),
    probeTable('dfr', runs),
    probeTable('knn', runs),
    attributeTable(runs),
  ];
  const all = conditionsOf(runs);
  const conditions = all.filter((condition) => condition.runs.length > 1);
  if (conditions.length > 0) parts.push(...COMPARED.map((probe) => seedsTable(probe, conditions)));
  if (comparisons.length > 0) parts.push(comparisonTable(comparisons, all));
  for (const { name } of notComparable(all)) {
    parts.push(`${name} is not compared with ${all[0]!.name}: their test examples are not the same.`);
  }
  parts.push(noteOf(runs.map(({ config }) => knowledgeOf(config))));
  const warnings = runs.flatMap((run) => run.probes.warnings.map((text) => `${run.folder.path}: ${text}`));
  return [...parts.filter((part) => part !== ''), ...warnings].join('\n\n');
}

function splitOf(runs: readonly ProbedRun[]): string {
  return runs.some(({ test }) => test.split === 'validation') ? 'validation split' : 'test set';
}

/** Clusters below which their bootstrap is known to be too narrow (`clusterMetrics`). */
const FEW_CLUSTERS = 20;

/** What the intervals of runs are over, in words. */
function intervalsBy(runs: readonly ProbedRun[]): string {
  const kinds = runs.map(({ probes }) => {
    const { clusters } = probes.biased.metrics;
    if (!clusters) return 'over test examples';
    const few = clusters.count < FEW_CLUSTERS ? '; so few make them too narrow' : '';
    return `by ${clusters.name} (${clusters.count}, each drawn with all of its test examples${few})`;
  });
  return [...new Set(kinds)].join(' or ');
}

const HEADINGS = ['overall', 'aligned', 'conflicting', 'worst group'];

/** Each with its test examples, where they are one number: the worst group is another of each run. */
function headingsOf(all: readonly ProbeMetrics[]): string[] {
  return PARTS.map((part, i) => {
    const counts = new Set(all.flatMap((metrics) => metrics[part]?.count ?? []));
    const [count] = counts;
    return counts.size === 1 && part !== 'worstGroup'
      ? `${HEADINGS[i]}, n = ${formatCount(count!)}`
      : HEADINGS[i]!;
  });
}

const formatCount = (count: number): string => count.toLocaleString('en');

function probeTable(probe: ComparedProbe, runs: readonly ProbedRun[]): string {
  const probed = runs.flatMap((run) => {
    const metrics = run.probes[probe]?.metrics;
    return metrics ? [{ name: markedName(run), metrics }] : [];
  });
  if (probed.length === 0) return '';
  const rows = probed.map(({ name, metrics }) => {
    const { worstGroup } = metrics;
    const which = worstGroup ? `${worstGroup.group}, n = ${formatCount(worstGroup.count)}` : '–';
    return [name, ...PARTS.map((part) => formatEstimate(metrics[part])), which];
  });
  const headings = headingsOf(probed.map(({ metrics }) => metrics));
  return formatTable([`${probe} probe`, ...headings, 'which'], rows);
}

function markedName({ folder, config }: ProbedRun): string {
  return `${folder.path}${markOf(knowledgeOf(config))}`;
}

function attributeTable(runs: readonly ProbedRun[]): string {
  const rows = runs.flatMap((run) => {
    const metrics = run.probes.attribute?.metrics;
    return metrics
      ? [[markedName(run), formatEstimate(metrics.overall), formatCount(metrics.overall!.count)]]
      : [];
  });
  return rows.length === 0 ? '' : formatTable(['attribute probe', 'overall', 'n'], rows);
}

function seedsTable(probe: ComparedProbe, conditions: readonly Condition[]): string {
  const rows = conditions.flatMap(({ name, runs }) => {
    const metrics = runs.flatMap((run) => run.probes[probe]?.metrics ?? []);
    if (metrics.length < 2) return [];
    const mean = metricsOverSeeds(metrics);
    const marked = `${name}${markOf(knowledgeOf(runs[0]!.config))}`;
    return [[marked, String(metrics.length), ...PARTS.map((part) => formatEstimate(mean[part]))]];
  });
  return rows.length === 0
    ? ''
    : formatTable([`mean over seeds, ${probe} probe (interval over seeds)`, 'seeds', ...HEADINGS], rows);
}

function comparisonTable(comparisons: readonly Comparison[], conditions: readonly Condition[]): string {
  const clusters = conditions[0]?.runs[0]?.probes.biased.metrics.clusters;
  const marked = (name: string): string => {
    const run = conditions.find((condition) => condition.name === name)?.runs[0];
    return run ? `${name}${markOf(knowledgeOf(run.config))}` : name;
  };
  const rows = comparisons.map(({ baseline, other, probe, seeds, result, holm }) => {
    const shown = shownOf(result);
    const mark = (part: (typeof PARTS)[number]) => (holm ? ((holm[part] ?? 1) < 0.05 ? ' *' : '  ') : '');
    return [
      `${marked(other)} − ${marked(baseline)}, ${probe} probe`,
      String(seeds.length),
      ...PARTS.map((part) => `${formatDifference(shown[part])}${mark(part)}`),
    ];
  });
  const overExamples = clusters ? `by ${clusters.name}` : 'over test examples';
  const over = comparisons.some(({ result }) => result.overSeeds) ? 'over seeds' : overExamples;
  const table = formatTable([`difference in points (interval ${over})`, 'seeds', ...HEADINGS], rows);
  return comparisons.some(({ holm }) => holm)
    ? `${table}\n* p < 0.05 after Holm's correction for all comparisons of a probe with the baseline; intervals are not corrected.`
    : table;
}

export function probesAsJson(runs: readonly ProbedRun[], comparisons: readonly Comparison[]): object {
  const lean = (probe: RunProbes['balanced']) =>
    probe && { ...probe, predictions: undefined, probabilities: undefined };
  return {
    runs: runs.map(({ folder, config, probes }) => ({
      run: folder.path,
      sampler: config.sampler,
      method: config.method,
      told: knowledgeOf(config),
      seed: config.seed,
      biased: lean(probes.biased),
      balanced: lean(probes.balanced),
      attribute: lean(probes.attribute),
      ...(probes.dfr && { dfr: lean(probes.dfr) }),
      ...(probes.knn && { knn: lean(probes.knn) }),
      warnings: probes.warnings,
    })),
    comparisons,
  };
}
