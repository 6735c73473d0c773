/** @file The section on sampling: how uneven the draws are, and who gets them. */
import { type Dot, dotChart, type LinePoint, lineChart } from './charts.js';
import { counted, formatNumber, percent } from './figures.js';
import { foldToWorst, type Part, type Section, slugOf } from './parts.js';
import type { RunMaterial } from './run-material.js';
import { curve } from './section-learning.js';
import { valuesOf } from './section-speeds.js';

/** Groups of a chart; the table has them all. */
const MOST_ROWS = 20;
const LORENZ_POINTS = 100;

export async function samplingSection(material: readonly RunMaterial[]): Promise<Section> {
  const runs = material.map(({ run }) => run);
  const sampled = material.filter(({ updates }) => updates.length > 0);
  if (sampled.length === 0) {
    const text = 'No update yet: every example is drawn with the same probability.';
    return { id: 'sampling', title: 'Sampling', parts: [{ kind: 'note', text }] };
  }
  const parts: (Part | null)[] = [
    await lorenz(sampled),
    await curve(runs, {
      slug: 'effective-sample-size',
      title: 'Effective sample size',
      y: 'share of the examples',
      x: 'epoch of the update',
      percent: true,
      of: valuesOf('effectiveSampleShare'),
      about: ({ updates }) => counted(updates.length, 'update'),
      more: '1 / Σ π², as a share of the examples: how many, drawn uniformly, would be as uneven.',
    }),
    await curve(runs, {
      slug: 'conflicting-draws',
      title: 'Draws that are conflicting',
      y: 'share of the draws',
      x: 'epoch of the update',
      percent: true,
      of: valuesOf('conflictingShare'),
      about: ({ updates }) => counted(updates.length, 'update'),
    }),
    await curve(runs, {
      slug: 'reachable',
      title: 'Examples that can be drawn',
      y: 'share of the examples',
      x: 'epoch of the update',
      percent: true,
      of: valuesOf('nonZeroShare'),
      about: ({ updates }) => counted(updates.length, 'update'),
    }),
  ];
  for (const own of sampled) parts.push(...(await drawsByGroup(own)));
  return { id: 'sampling', title: 'Sampling', parts: parts.filter((part) => part !== null) };
}

/** What share of the draws the examples get that are drawn most. */
export async function lorenz(material: readonly Pick<RunMaterial, 'run' | 'updates'>[]): Promise<Part> {
  const series = material.map(({ run }) => run.name);
  const told: string[] = [];
  const rows = material.flatMap(({ run, updates }) => {
    const sorted = Float64Array.from(updates.at(-1)!.probabilities).sort().reverse();
    const cumulative = [0];
    for (const p of sorted) cumulative.push(cumulative.at(-1)! + p);
    const at = (share: number): number => cumulative[Math.round(share * sorted.length)]!;
    told.push(
      `${run.name}: the 10 % most drawn of ${counted(sorted.length, 'example')} get ${percent(at(0.1))} % of the draws`,
    );
    return Array.from({ length: LORENZ_POINTS + 1 }, (_, i): LinePoint => {
      const x = i / LORENZ_POINTS;
      return { x, y: Math.min(1, at(x)), series: run.name };
    });
  });
  const chart = { rows, series, x: 'examples, the most drawn first', y: 'share of the draws', square: true };
  return {
    kind: 'figure',
    slug: 'sampling-distribution',
    title: 'Sampling distribution at the last update',
    caption: `${told.join('; ')}. The dashed line is uniform sampling.`,
    svg: await lineChart(
      { ...chart, percent: true },
      `Share of the draws by share of the examples. ${told.join('; ')}.`,
    ),
  };
}

/** Who is drawn at the last update of a run; nothing where its groups are not known. */
export async function drawsByGroup({ run, updates, kinds }: RunMaterial): Promise<Part[]> {
  const { groups, probabilities, epoch } = updates.at(-1)!;
  const shares = new Map<string, { count: number; draws: number }>();
  const add = (name: string | null, draws: number): void => {
    if (name === null) return;
    const { count = 0, draws: before = 0 } = shares.get(name) ?? {};
    shares.set(name, { count: count + 1, draws: before + draws });
  };
  if (kinds?.by.startsWith('aligned'))
    for (const [i, kind] of kinds.of.entries()) add(kind, probabilities[i]!);
  for (const [i, group] of groups.entries()) add(group, probabilities[i]!);
  if (shares.size === 0) return [];
  const names = [...shares.keys()];
  const [ofData, ofDraws] = ['examples', 'draws'];
  const timesUniform = (name: string): number => {
    const { count, draws } = shares.get(name)!;
    return draws / (count / groups.length);
  };
  const isGroup = (name: string): boolean => groups.includes(name);
  const countOf = (name: string): number => shares.get(name)!.count;
  const largest = names.filter(isGroup).sort((a, b) => countOf(b) - countOf(a));
  const drawn = names.filter((name) => !isGroup(name) || largest.indexOf(name) < MOST_ROWS);
  const dots = drawn.flatMap((name): Dot[] => {
    const { count, draws } = shares.get(name)!;
    return [
      { name, series: ofData, value: count / groups.length },
      { name, series: ofDraws, value: draws },
    ];
  });
  const slug = slugOf('draws', run.name);
  const hidden = names.length - drawn.length;
  const what = `Who is drawn in ${run.name}, as of epoch ${epoch + 1}`;
  return [
    {
      kind: 'figure',
      slug,
      title: what,
      caption: `Share of the examples and expected share of the draws, of ${counted(groups.length, 'training example')}${hidden > 0 ? `; ${hidden} smaller groups are in the table` : ''}. Counts are in the table.`,
      svg: await dotChart(
        { dots, names: drawn, series: [ofData, ofDraws], x: 'share' },
        `${what}: share of the examples and of the draws by group; the table that follows has the figures.`,
      ),
    },
    {
      kind: 'table',
      slug: `${slug}-table`,
      caption: `${what}: expected share of the draws; times uniform: against drawing every example equally often`,
      header: ['examples', 'count', 'of the examples, %', 'of the draws, %', 'times uniform'],
      rows: names.map((name) => {
        const { count, draws } = shares.get(name)!;
        const own = percent(count / groups.length);
        return [name, formatNumber(count), own, percent(draws), timesUniform(name).toFixed(2)];
      }),
      fold: foldToWorst(
        names.map((name) => (isGroup(name) ? -timesUniform(name) : null)),
        'groups with the fewest draws for their size',
      ),
    },
  ];
}
