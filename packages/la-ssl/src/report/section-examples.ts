/** @file Sections of examples: the slowest and fastest as pictures, and the features in the plane. */
import { planeChart } from './charts.js';
import { counted, percent } from './figures.js';
import { type Figure, type Part, type Section, slugOf } from './parts.js';
import type { RunMaterial } from './run-material.js';
import { quoted } from './section-run.js';

export function picturesSection(material: readonly RunMaterial[]): Section {
  const parts = material.flatMap(({ run, slowest, fastest, speeds, dataset, datasetProblem }): Part[] => {
    if (slowest.length === 0) return [noPictures(run, speeds !== null, dataset !== null, datasetProblem)];
    const total = speeds!.values.length;
    return [
      { end: 'slowest', pictures: slowest },
      { end: 'fastest', pictures: fastest },
    ].map(({ end, pictures }) => ({
      kind: 'pictures' as const,
      slug: slugOf(end, run.name),
      title: `The ${end} in ${run.name}`,
      caption: `The ${pictures.length} ${end} of ${counted(total, 'training example')}, by the ${speeds!.from}.`,
      pictures,
    }));
  });
  return { id: 'examples', title: 'Slowest and fastest examples', parts };
}

function noPictures(
  { name, folder }: RunMaterial['run'],
  hasSpeeds: boolean,
  hasDataset: boolean,
  problem: string | null,
): Part {
  if (!hasSpeeds) {
    const text = `No speeds of ${name} are known yet. They are measured by:`;
    return { kind: 'note', text, command: `la-ssl score ${quoted(folder.path)}` };
  }
  if (problem !== null)
    return { kind: 'note', text: `The images of ${name} could not be loaded (see Warnings).` };
  if (hasDataset) {
    return { kind: 'note', text: `The data set of ${name} has other examples now than when it was trained.` };
  }
  return { kind: 'note', text: `Pictures of ${name} were not asked for (--no-images).` };
}

/** Values beyond these are one kind, "other": more cannot be told apart. */
const MOST_KINDS = 8;

export async function mapSection(material: readonly RunMaterial[]): Promise<Section> {
  const parts: Part[] = [];
  for (const own of material) parts.push(...(await mapsOf(own)));
  return { id: 'map', title: 'Map of the features', parts };
}

/** The map of one run: by label, by each attribute, by speed. */
export async function mapsOf({ run, map, mapProblem, dataset, speeds }: RunMaterial): Promise<Part[]> {
  if (mapProblem !== null) return [{ kind: 'note', text: `No map of ${run.name}: ${mapProblem}` }];
  if (!map || !dataset) {
    if (run.status === 'finished')
      return [{ kind: 'note', text: `No map of ${run.name}: its images were not loaded.` }];
    const text = `No map of ${run.name}: it has no encoder before it is finished. This goes on with it:`;
    return [{ kind: 'note', text, command: `la-ssl train --resume ${quoted(run.folder.path)}` }];
  }
  const { labels, classNames, attributes, shape } = dataset;
  const [first, second] = map.explained.map((share) => `${percent(share)} % of the variance`);
  const at = (i: number) => ({ x: map.points[2 * i]!, y: map.points[2 * i + 1]! });
  const figureOf = async (
    by: string,
    values: readonly (string | number | null)[],
    kinds: readonly string[] | null,
  ): Promise<Figure> => {
    const points = values.flatMap((value, i) => (value === null ? [] : [{ ...at(i), value }]));
    const what = `Features of ${run.name} by ${by}`;
    const told = kinds?.map(
      (kind) => `${kind} ${values.filter((value) => value === kind).length.toLocaleString('en')}`,
    );
    return {
      kind: 'figure',
      slug: slugOf('map', run.name, by),
      title: what,
      caption: `${counted(points.length, 'point')}, of ${counted(shape.count, 'training example')}${told ? `: ${told.join(', ')}` : ''}. Principal components: ${first}, ${second}.`,
      svg: await planeChart(
        points,
        { x: `first component, ${first}`, y: `second component, ${second}`, kinds, legend: by },
        `${what}: the first two principal components of ${counted(points.length, 'training example')}.`,
      ),
    };
  };
  const byCodes = (by: string, codes: ArrayLike<number>, names: readonly string[]): Promise<Figure> => {
    const { values, kinds } = fewKinds(Array.from(map.indices, (i) => names[codes[i]!] ?? null));
    return figureOf(by, values, kinds);
  };
  const parts: Part[] = [];
  if (labels) parts.push(await byCodes('label', labels, classNames));
  for (const { name, codes, values } of attributes)
    parts.push(await byCodes(`attribute ${name}`, codes, values));
  if (speeds && speeds.values.length === shape.count) {
    const values = Array.from(map.indices, (i) => speeds.values[i]!);
    parts.push(
      await figureOf(
        'learning speed',
        values.map((speed) => (Number.isNaN(speed) ? null : speed)),
        null,
      ),
    );
  }
  return parts;
}

/** The most frequent values as they are, the others as one. */
function fewKinds(values: readonly (string | null)[]): { values: (string | null)[]; kinds: string[] } {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size <= MOST_KINDS) return { values: [...values], kinds: [...counts.keys()].sort() };
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_KINDS - 1);
  const kept = new Set(frequent.map(([value]) => value));
  return {
    values: values.map((value) => (value === null || kept.has(value) ? value : 'other')),
    kinds: [...[...kept].sort(), 'other'],
  };
}
