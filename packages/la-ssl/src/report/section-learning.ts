/** @file The section on learning: loss, learning rate, similarity, what the features are worth on the way. */
import { type LinePoint, lineChart } from './charts.js';
import { counted } from './figures.js';
import type { Figure, Part, Section } from './parts.js';
import type { RunMaterial } from './run-material.js';
import type { RunRecord } from './run-record.js';

/** So many points of a line are drawn; more are averaged. */
const POINTS = 150;
/** The caption has the ends of so many lines; of more it has the range. */
const TOLD = 4;

export async function learningSection(material: readonly RunMaterial[]): Promise<Section> {
  const runs = material.map(({ run }) => run);
  if (runs.every(({ steps }) => steps.length === 0)) {
    const text = 'Nothing has been trained yet: there is no line in metrics.jsonl.';
    return { id: 'learning', title: 'Learning', parts: [{ kind: 'note', text }] };
  }
  const parts: (Part | null)[] = [
    await curve(runs, {
      slug: 'loss',
      title: 'Loss',
      y: 'loss, nats',
      x: 'optimizer steps',
      of: ({ steps }) => thinned(steps.map(({ step, loss }) => [step, loss])),
      about: ({ steps, config }) =>
        `${counted(steps.length, 'line')} of the metrics, each the mean of up to ${config.logEvery} steps`,
    }),
    await curve(runs, {
      slug: 'learning-rate',
      title: 'Learning rate',
      y: 'learning rate',
      x: 'optimizer steps',
      of: ({ steps }) => thinned(steps.map(({ step, lr }) => [step, lr])),
      about: ({ steps }) => `${counted(steps.length, 'line')} of the metrics`,
    }),
    await curve(runs, {
      slug: 'knn',
      title: 'Nearest neighbours on the way',
      y: 'accuracy, kNN',
      x: 'epochs done',
      percent: true,
      of: ({ online }) => online.map(({ epoch, knnAccuracy }) => [epoch, knnAccuracy]),
      about: onlineAbout,
    }),
    await curve(runs, {
      slug: 'online-probe',
      title: 'Linear probe on the way',
      y: 'accuracy, online probe',
      x: 'epochs done',
      percent: true,
      of: ({ online }) =>
        online.flatMap(({ epoch, probeAccuracy }) =>
          probeAccuracy === null ? [] : [[epoch, probeAccuracy]],
        ),
      about: onlineAbout,
    }),
    await curve(runs, {
      slug: 'similarity',
      title: 'Similarity of two views',
      y: 'mean similarity in training',
      x: 'epochs done',
      of: ({ epochs }) => thinned(epochs.map(({ epoch, similarity }) => [epoch + 1, similarity])),
      about: ({ epochs }) => counted(epochs.length, 'epoch'),
    }),
  ];
  if (runs.some(({ online }) => online.length === 0)) {
    const text =
      'Without lines of nearest neighbours and the online probe: the data set has no labels, or the run has --no-online-evaluation.';
    parts.push({ kind: 'note', text });
  }
  return { id: 'learning', title: 'Learning', parts: parts.filter((part) => part !== null) };
}

function onlineAbout({ online }: RunRecord): string {
  return `${counted(online.length, 'evaluation')} on ${online[0]?.queries.toLocaleString('en') ?? 0} training examples`;
}

export interface Curve<R> {
  slug: string;
  title: string;
  x: string;
  y: string;
  percent?: boolean;
  rule?: number;
  zero?: boolean;
  /** Added to the caption. */
  more?: string;
  of: (run: R) => number[][];
  /** What a line comes from, with its count. */
  about: (run: R) => string;
}

/**
 * One figure with a line for each run, or for whatever else has a name.
 * @returns null where no run has a point
 */
export async function curve<R extends { name: string }>(
  runs: readonly R[],
  asked: Curve<R>,
): Promise<Figure | null> {
  const points = new Map(runs.map((run) => [run, asked.of(run)]));
  const shown = runs.filter((run) => points.get(run)!.length > 0);
  if (shown.length === 0) return null;
  const rows = shown.flatMap((run) =>
    points.get(run)!.map(([x, y]): LinePoint => ({ x: x!, y: y!, series: run.name })),
  );
  const figure = (y: number): string =>
    asked.percent ? `${(100 * y).toFixed(1)} %` : String(Number(y.toPrecision(4)));
  const ends = shown.map((run) => {
    const line = points.get(run)!;
    const show = ([x, y]: number[]): string => `${figure(y!)} at ${x!.toLocaleString('en')}`;
    return `${run.name}: from ${show(line[0]!)} to ${show(line.at(-1)!)}`;
  });
  const lasts = shown
    .map((run) => ({ name: run.name, y: points.get(run)!.at(-1)![1]! }))
    .sort((a, b) => a.y - b.y);
  const [lowest, highest] = [lasts[0]!, lasts.at(-1)!];
  const inShort =
    shown.length > TOLD
      ? `In the end from ${figure(lowest.y)} (${lowest.name}) to ${figure(highest.y)} (${highest.name})`
      : ends.join('; ');
  const abouts = new Set(shown.map(asked.about));
  const about =
    abouts.size === 1 ? [...abouts][0]! : shown.map((run) => `${run.name}: ${asked.about(run)}`).join('; ');
  const { slug, title, x, y, percent, rule, zero } = asked;
  const series = runs.map(({ name }) => name);
  const svg = await lineChart(
    {
      rows,
      series,
      x,
      y,
      percent: percent ?? false,
      zero: zero ?? false,
      ...(rule !== undefined && { rule }),
    },
    `${title}, ${y} by ${x}. ${ends.join('; ')}.`,
  );
  const caption = `${inShort} (${x}). ${about}.${asked.more ? ` ${asked.more}` : ''}`;
  return { kind: 'figure', slug, title, caption, svg };
}

/** At most `POINTS` points: means of as many runs of neighbours, at the last of each. */
export function thinned(points: readonly (readonly [number, number])[]): number[][] {
  const bins = Math.min(POINTS, points.length);
  return Array.from({ length: bins }, (_, bin) => {
    const own = points.slice(
      Math.floor((bin * points.length) / bins),
      Math.floor(((bin + 1) * points.length) / bins),
    );
    return [own.at(-1)![0], own.reduce((sum, [, y]) => sum + y, 0) / own.length];
  });
}
