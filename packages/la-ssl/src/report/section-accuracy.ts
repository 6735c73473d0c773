/** @file The section on what the features are worth: the probes' accuracies by group, with intervals. */
import type { Estimate } from '../evaluation/index.js';
import { PROBE_KINDS, type ProbeKind } from '../evaluation/index.js';
import { type Dot, dotChart } from './charts.js';
import { formatEstimate, formatNumber, wordsOf } from './figures.js';
import { foldToWorst, type Part, type Section, slugOf, type Table } from './parts.js';
import type { RunMaterial } from './run-material.js';
import type { ReportedProbe, RunRecord } from './run-record.js';
import { quoted } from './section-run.js';

const PARTS = ['overall', 'aligned', 'conflicting', 'worstGroup', 'unbiased'] as const;
/** Groups of a chart; the table has them all. */
const MOST_ROWS = 20;

/** One line of a chart or column of a table: a probe of a run. */
interface Measured {
  name: string;
  run: RunRecord;
  probe: ReportedProbe;
}

export async function accuracySection(material: readonly RunMaterial[]): Promise<Section> {
  const runs = material.map(({ run }) => run);
  const parts: Part[] = runs
    .filter(({ probes }) => probes.size === 0)
    .map(({ name, folder, status }) => ({
      kind: 'note',
      text: `${name} has not been probed, so there are no accuracies of it.${status === 'finished' ? '' : ' It has to be finished first.'} They are made by:`,
      command: `la-ssl ${status === 'finished' ? 'probe' : 'train --resume'} ${quoted(folder.path)}`,
    }));
  const kinds = [...new Set(runs.flatMap(({ probes }) => [...probes.keys()]))];
  const ofLabel = kinds.filter((kind) => kind !== 'attribute');
  // One run: its probes side by side. Several: each probe apart, the runs side by side.
  const sets =
    runs.length === 1
      ? [{ title: 'Accuracy', measured: measuredOf(runs, ofLabel, ({ kind }) => kind) }]
      : ofLabel.map((kind) => ({
          title: `Accuracy, ${kind} probe`,
          measured: measuredOf(runs, [kind], ({ run }) => run.name),
        }));
  for (const { title, measured } of sets)
    if (measured.length > 0) parts.push(...(await accuracies(title, measured)));
  parts.push(...figuresTables(runs, kinds));
  if (kinds.length > 0) {
    const told = kinds.flatMap((kind) =>
      kind in PROBE_KINDS ? [`${kind}: ${PROBE_KINDS[kind as ProbeKind]}`] : [],
    );
    parts.push({ kind: 'note', text: `The probes. ${told.join('. ')}.` });
  }
  return { id: 'accuracy', title: 'Accuracy by group', parts };
}

function measuredOf(
  runs: readonly RunRecord[],
  kinds: readonly string[],
  nameOf: (of: { run: RunRecord; kind: string }) => string,
): Measured[] {
  return runs.flatMap((run) =>
    kinds.flatMap((kind) => {
      const probe = run.probes.get(kind);
      return probe ? [{ name: nameOf({ run, kind }), run, probe }] : [];
    }),
  );
}

async function accuracies(title: string, measured: readonly Measured[]): Promise<Part[]> {
  const series = measured.map(({ name }) => name);
  const groups = [...new Set(measured.flatMap(({ probe }) => Object.keys(probe.metrics.groups)))];
  const { confidence, clusters } = measured[0]!.probe.metrics;
  const over = clusters
    ? `by ${clusters.name} (${clusters.count}): the bootstrap's`
    : "over test examples: Wilson's";
  const intervals = `${100 * confidence} % intervals ${over}; that of the worst group allows for its having been picked`;
  const headline = (measure: Measured, part: (typeof PARTS)[number]) => measure.probe.metrics[part];
  const ofGroup = (measure: Measured, group: string) => measure.probe.metrics.groups[group];
  const count = Math.max(...measured.map(({ probe }) => probe.metrics.overall.count));
  const slug = slugOf(title);
  const chart = async (
    kind: string,
    names: readonly string[],
    of: (m: Measured, name: string) => Estimate | null | undefined,
    what = kind,
  ) => ({
    kind: 'figure' as const,
    slug: slugOf(title, kind),
    title: `${title}, ${what}`,
    caption: `${count.toLocaleString('en')} test examples; ${intervals}. The table has every count.`,
    svg: await dotChart(
      {
        dots: names.flatMap((name) =>
          measured.flatMap((m): Dot[] => {
            const estimate = of(m, name);
            return estimate ? [{ ...estimate, name: wordsOfPart(name), series: m.name }] : [];
          }),
        ),
        names: names.map(wordsOfPart),
        series,
        x: 'accuracy',
        domain: [0, 1],
      },
      `${title}, ${what}, with intervals: ${describe(measured, names, of)}`,
    ),
  });
  const shown = PARTS.filter((part) => measured.some((m) => headline(m, part)));
  const parts: Part[] = [
    await chart('in short', shown, (m, name) => headline(m, name as (typeof PARTS)[number])),
  ];
  const rowOf = (name: string, of: (m: Measured) => Estimate | null | undefined): string[] => [
    name,
    formatNumber(measured.map((m) => of(m)?.count).find((n) => n !== undefined)),
    ...measured.map((m) => formatEstimate(of(m))),
  ];
  const lowest = (group: string): number =>
    Math.min(...measured.map((m) => ofGroup(m, group)?.value ?? Number.POSITIVE_INFINITY));
  const worst = [...groups].sort((a, b) => lowest(a) - lowest(b)).slice(0, MOST_ROWS);
  const [what, charted] =
    groups.length > MOST_ROWS
      ? [`the ${MOST_ROWS} lowest of ${groups.length} groups`, worst]
      : ['by group', groups];
  if (groups.length > 1) parts.push(await chart('by group', charted, ofGroup, what));
  const table: Table = {
    kind: 'table',
    slug: `${slug}-table`,
    caption: `${title} in %, with ${intervals}; count: test examples (of the worst group, of the first column)`,
    header: ['', 'count', ...series],
    rows: [
      ...shown.map((part) => rowOf(wordsOfPart(part), (m) => headline(m, part))),
      ['which group is worst', '', ...measured.map(({ probe }) => probe.metrics.worstGroup?.group ?? '–')],
      ...groups.map((group) => rowOf(group, (m) => ofGroup(m, group))),
    ],
    fold: foldToWorst(
      [...shown.map(() => null), null, ...groups.map((group) => -lowest(group))],
      `groups with the lowest accuracy${measured.length === 1 ? '' : ' in any column'}`,
    ),
  };
  return [...parts, table];
}

/** The names of this program become words; those of groups stay as they are. */
function wordsOfPart(name: string): string {
  return (PARTS as readonly string[]).includes(name) ? wordsOf(name) : name;
}

/** The figures of a chart in words, of a chart that is not too long for it. */
function describe(
  measured: readonly Measured[],
  names: readonly string[],
  of: (m: Measured, name: string) => Estimate | null | undefined,
): string {
  if (names.length * measured.length > 24) return 'the table has the figures.';
  const told = measured.map(
    (m) =>
      `${m.name}: ${names.map((name) => `${wordsOfPart(name)} ${formatEstimate(of(m, name))}`).join(', ')}`,
  );
  return `${told.join('; ')} %.`;
}

/** Figures beyond accuracy, and by class, of the probes that have them. */
function figuresTables(runs: readonly RunRecord[], kinds: readonly string[]): Part[] {
  const detailed = runs.flatMap((run) =>
    kinds.flatMap((kind) => {
      const probe = run.probes.get(kind);
      const name = runs.length === 1 ? kind : `${run.name}, ${kind}`;
      return probe?.detail ? [{ name, kind, probe, detail: probe.detail }] : [];
    }),
  );
  if (detailed.length === 0) return [];
  const figures = [...new Set(detailed.flatMap(({ detail }) => Object.keys(detail.figures)))];
  const classes = detailed
    .filter(({ kind }) => kind !== 'attribute')
    .flatMap(({ name, detail }) =>
      Object.entries(detail.classes).map(([label, own]) => ({
        recall: own.recall,
        row: [
          name,
          label,
          formatNumber(own.count),
          ...[own.precision, own.recall, own.f1, own.auroc, own.auprc].map(decimals),
        ],
      })),
    );
  return [
    {
      kind: 'table',
      slug: 'figures',
      caption: `Figures on the test set, without intervals: shares from 0 to 1, log loss in nats; the attribute probe predicts the attribute (la-ssl probe --metrics gives intervals)`,
      header: ['', ...detailed.map(({ name }) => name)],
      rows: [
        ['test examples', ...detailed.map(({ detail }) => formatNumber(detail.count))],
        ['fitted on examples', ...detailed.map(({ probe }) => formatNumber(probe.examples))],
        ...figures.map((figure) => [
          wordsOf(figure),
          ...detailed.map(({ detail }) => decimals((detail.figures as Record<string, number>)[figure])),
        ]),
      ],
    },
    {
      kind: 'table',
      slug: 'classes',
      caption: 'By class, from 0 to 1: one class against the rest; count: test examples of the class',
      header: ['probe', 'class', 'count', 'precision', 'recall', 'F1', 'AUROC', 'AUPRC'],
      rows: classes.map(({ row }) => row),
      fold: foldToWorst(
        classes.map(({ recall }) => -(recall ?? Number.POSITIVE_INFINITY)),
        'classes with the lowest recall',
      ),
    },
  ];
}

function decimals(value: number | null | undefined): string {
  return value == null ? '–' : value.toFixed(3);
}
