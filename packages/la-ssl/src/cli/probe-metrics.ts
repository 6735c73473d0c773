/** @file The figures beyond accuracy that `la-ssl probe --metrics` asks for: each run's, and the others' less the first's. */
import {
  bootstrapMetricDifferences,
  bootstrapMetrics,
  holm,
  LOWER_IS_BETTER,
  type MetricEstimates,
  type MetricName,
  type ProbeKind,
  type ProbeOutcome,
  type ProbeRunData,
  type ScoredSet,
  testScores,
} from '../evaluation/index.js';
import type { ProbedRun } from './probe-compare.js';
import { formatTable } from './table.js';

/** One probe of one run. */
export interface RunMetrics {
  run: string;
  probe: ProbeKind;
  metrics: MetricEstimates;
  /** What whole ones of are drawn, and how many there are; absent where test examples are. */
  clusters?: { name: string; count: number };
  /** Less those of the first run, on the same test examples; `holm` over all runs that are compared with it. */
  difference?: MetricEstimates<MetricDifference>;
}

type MetricDifference = NonNullable<ReturnType<typeof bootstrapMetricDifferences>[MetricName]> & {
  holm?: number;
};

const SEED = 0;

/** Figures that the probe's own metrics hold, with intervals that `docs/evaluation.md` prefers to the bootstrap's. */
const ACCURACIES = {
  accuracy: 'overall',
  aligned: 'aligned',
  conflicting: 'conflicting',
  'worst-group': 'worstGroup',
  unbiased: 'unbiased',
} as const satisfies Partial<Record<MetricName, keyof ProbeOutcome['metrics']>>;

/** Bootstraps the figures of every probe of every run, and their differences from the first run. */
export function metricEstimates(
  runs: readonly { probed: ProbedRun; data: ProbeRunData }[],
  names: readonly MetricName[],
): RunMetrics[] {
  const kinds = ['biased', 'balanced', 'dfr', 'knn', 'attribute'] as const;
  return kinds.flatMap((probe) => {
    const scored = runs.flatMap(({ probed, data }) => {
      const own = probed.probes[probe];
      if (!own?.probabilities) return [];
      const answers = { predictions: own.predictions, probabilities: own.probabilities };
      const set = testScores(data, answers, probe === 'attribute' ? 'attribute' : 'label');
      return [{ run: probed.folder.path, set, own: own.metrics }];
    });
    return withDifferences(scored, names).map((own) => ({ ...own, probe }));
  });
}

interface Scored {
  run: string;
  set: ScoredSet;
  own: ProbeOutcome['metrics'];
}

function withDifferences(scored: readonly Scored[], names: readonly MetricName[]) {
  const [baseline, ...others] = scored;
  if (!baseline) return [];
  const comparable = others.filter(({ set }) => sameLabels(set, baseline.set));
  const differences = new Map(
    comparable.map(({ run, set }) => [
      run,
      bootstrapMetricDifferences(baseline.set, set, names, { seed: SEED }) as Partial<
        Record<MetricName, MetricDifference>
      >,
    ]),
  );
  if (differences.size > 1) {
    for (const name of names) {
      const family = [...differences.values()].flatMap((own) => own[name] ?? []);
      const pValues = holm(family.map(({ pValue }) => pValue));
      for (const [i, own] of family.entries()) own.holm = pValues[i]!;
    }
  }
  return scored.map(({ run, set, own }) => {
    const difference = differences.get(run);
    const metrics = figuresOf(set, own, names);
    const { name, codes } = set.clusters ?? {};
    const clusters = name !== undefined && codes && { name, count: new Set(Array.from(codes)).size };
    return { run, metrics, ...(clusters && { clusters }), ...(difference && { difference }) };
  });
}

function figuresOf(
  set: ScoredSet,
  own: ProbeOutcome['metrics'],
  names: readonly MetricName[],
): MetricEstimates {
  const drawn = bootstrapMetrics(
    set,
    names.filter((name) => !(name in ACCURACIES)),
    { seed: SEED },
  );
  const all = names.flatMap((name) => {
    const estimate = name in ACCURACIES ? own[ACCURACIES[name as keyof typeof ACCURACIES]] : drawn[name];
    return estimate ? [[name, estimate] as const] : [];
  });
  return Object.fromEntries(all);
}

function sameLabels(one: ScoredSet, other: ScoredSet): boolean {
  return one.labels.length === other.labels.length && one.labels.every((y, i) => y === other.labels[i]);
}

/** A table a probe: a row a figure and run, so that any number of figures fits a terminal. */
export function metricTables(metrics: readonly RunMetrics[]): string[] {
  const probes = [...new Set(metrics.map(({ probe }) => probe))];
  const tables = probes.map((probe) => {
    const own = metrics.filter((one) => one.probe === probe);
    const names = [...new Set(own.flatMap((one) => Object.keys(one.metrics) as MetricName[]))];
    const rows = names.flatMap((name) =>
      own.map(({ run, metrics: found, difference }) => [
        `${name}${LOWER_IS_BETTER.has(name) ? ' (less is better)' : ''}`,
        run,
        figure(found[name]),
        difference ? `${figure(difference[name], true)}${mark(difference[name])}` : '',
        String(found[name]?.count ?? '–'),
      ]),
    );
    return formatTable([`${probe} probe`, 'run', '[95 % interval]', 'less the first run', 'examples'], rows);
  });
  const corrected = metrics.some(({ difference }) =>
    Object.values(difference ?? {}).some((d) => 'holm' in d),
  );
  const clusters = metrics[0]?.clusters;
  const drawn = clusters
    ? `${clusters.name} (${clusters.count}), each with all of its examples`
    : 'test examples';
  const caption =
    `Figures as they are, from 0 to 1 (brier to 2, log-loss in nats); intervals by the bootstrap over ${drawn}, ` +
    'drawn within each label and group, those of accuracies as above.';
  const star = "* p < 0.05 after Holm's correction for all runs that are compared with the first.";
  return [...tables, corrected ? `${caption}\n${star}` : caption];
}

function mark(difference: MetricDifference | undefined): string {
  if (difference?.holm === undefined) return '';
  return difference.holm < 0.05 ? ' *' : '  ';
}

function figure(estimate: { value: number; low: number; high: number } | undefined, signed = false): string {
  if (!estimate) return '–';
  const text = (value: number) => value.toFixed(3);
  const sign = signed && estimate.value > 0 ? '+' : '';
  return `${sign}${text(estimate.value)} [${text(estimate.low)}, ${text(estimate.high)}]`;
}
