/** @file The report of a study, from its `study.json`. */
import { basename, join, resolve } from 'node:path';
import {
  captionOf,
  chosenTexts,
  differencesTable,
  isShare,
  type Mean,
  meansTable,
  RECOVERED,
  recoveredTable,
  type StudyResult,
} from '../study/index.js';
import { type Dot, dotChart } from './charts.js';
import { counted } from './figures.js';
import { type Figure, type Part, type Report, type Section, slugOf } from './parts.js';
import { readJson } from './run-record.js';
import { curvesSection } from './section-study-curves.js';
import { type StudyMaterialOptions, studyExamplesSection } from './section-study-examples.js';
import { studyRunSections } from './section-study-runs.js';
import { differenceHeatMaps, meanHeatMaps } from './study-heat-maps.js';

const FILE = 'study.json';

/** The result of a study in its folder; null where the folder is none, or it is not done. @throws as `readJson` */
export function readStudyResult(folder: string): StudyResult | null {
  const result = readJson(join(folder, FILE)) as unknown as StudyResult | null;
  if (!result) return null;
  if (Array.isArray(result.cells) && Array.isArray(result.metrics) && Array.isArray(result.runs)) {
    const { axes = [], comparisons = [], compare = result.metrics } = result; // not in those of other versions
    const cells = result.cells.map((cell) => ({ ...cell, values: cell.values ?? {}, told: cell.told ?? [] }));
    return { ...result, axes, cells, compare, comparisons };
  }
  throw new Error(
    `${join(folder, FILE)} is not the result of a study. Write it anew: la-ssl study <file> --runs ${folder}`,
  );
}

/**
 * @param folder - of the study: its name, the curves of its runs, examples of some
 * @throws what the signal was aborted with
 */
export async function studyReport(
  result: StudyResult,
  folder: string,
  options: StudyMaterialOptions = { load: null },
): Promise<Report> {
  const means = meansTable(result);
  const differences = differencesTable(result);
  const recovered = recoveredTable(result);
  const heatMaps = await meanHeatMaps(result);
  const parts: Part[] = [
    { kind: 'table', slug: 'means', caption: captionOf(result), ...means },
    ...chosenTexts(result).map((text): Part => ({ kind: 'note', text })),
    ...(heatMaps.length > 0 ? heatMaps : await meanFigures(result, means.header)),
  ];
  const sections: Section[] = [{ id: 'results', title: 'Results', parts }];
  if (differences) {
    sections.push({
      id: 'differences',
      title: 'Differences',
      parts: [
        { kind: 'table', slug: 'difference-table', caption: captionOf(result), ...differences },
        ...(recovered
          ? [{ kind: 'table', slug: 'recovered', caption: RECOVERED, ...recovered } as const]
          : []),
        ...(await differenceHeatMaps(result)),
        ...(await differenceFigures(result, differences.header)),
      ],
    });
  }
  const curves = await curvesSection(result, folder);
  if (curves) sections.push(curves);
  const examples = await studyExamplesSection(result, folder, options);
  if (examples) sections.push(examples);
  const failed = result.runs.filter((run) => run.failed);
  if (failed.length > 0) {
    const warnings = failed.map(
      (run): Part => ({
        kind: 'warning',
        text: `${run.name} failed and is not in the tables: ${run.failed!.at(-1)}`,
      }),
    );
    sections.unshift({ id: 'warnings', title: 'Warnings', parts: warnings });
  }
  sections.push(...studyRunSections(result, folder), optionsSection(result));
  return {
    title: result.title,
    lead: `${result.question} Study ${result.study}, budget ${result.budget}, ${counted(result.runs.length, 'run')} in ${basename(resolve(folder))}.`,
    sections,
  };
}

/** A chart a metric: a row a cell. @param header - of the table, which has the metrics last */
async function meanFigures({ cells, metrics }: StudyResult, header: readonly string[]): Promise<Figure[]> {
  const titles = header.slice(-metrics.length);
  return figuresOf(
    metrics.map((metric, m) => ({
      slug: slugOf('mean', metric),
      title: titles[m]!,
      percent: isShare(metric),
      values: cells.map(({ name, metrics: own }) => ({ name, mean: own[metric] ?? null })),
    })),
  );
}

async function differenceFigures(
  { cells, compare }: StudyResult,
  header: readonly string[],
): Promise<Figure[]> {
  const titles = header.slice(-compare.length);
  return figuresOf(
    compare.map((metric, m) => ({
      slug: slugOf('difference', metric),
      title: `${titles[m]}, difference${isShare(metric) ? ' in points' : ''}`,
      percent: false,
      more: ' Each less its baseline, as in the table.',
      values: cells.flatMap(({ name, baseline, differences }) =>
        baseline === null ? [] : [{ name, mean: inPoints(differences[metric], metric) }],
      ),
      rule: 0,
    })),
  );
}

function inPoints(mean: Mean | null | undefined, metric: string): Mean | null {
  if (!mean || !isShare(metric)) return mean ?? null;
  const points = (share: number | null): number | null => (share === null ? null : 100 * share);
  return { ...mean, value: 100 * mean.value, low: points(mean.low), high: points(mean.high) };
}

async function figuresOf(
  charts: readonly {
    slug: string;
    title: string;
    percent: boolean;
    more?: string;
    values: readonly { name: string; mean: Mean | null }[];
    rule?: number;
  }[],
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { slug, title, percent, values, rule, more = '' } of charts) {
    const dots = values.flatMap(({ name, mean }): Dot[] =>
      mean ? [{ name, series: 'mean', value: mean.value, ...intervalOf(mean) }] : [],
    );
    if (dots.length === 0) continue;
    const counts = [...new Set(values.flatMap(({ mean }) => mean?.count ?? []))].sort((a, b) => a - b);
    const told = dots.map(
      ({ name, value, low, high }) =>
        `${name} ${short(value)}${low === undefined ? '' : ` [${short(low)}, ${short(high!)}]`}`,
    );
    figures.push({
      kind: 'figure',
      slug,
      title,
      caption: `Mean over ${counts.join(' to ')} seeds with its 95 % interval (Student; none with one seed), of ${counted(dots.length, 'row')}.${more}`,
      svg: await dotChart(
        {
          dots,
          names: dots.map(({ name }) => name),
          series: ['mean'],
          x: title,
          percent,
          ...(rule !== undefined && { rule }),
        },
        `${title}: ${dots.length > 30 ? 'the table has the figures.' : `${told.join('; ')}.`}`,
      ),
    });
  }
  return figures;
}

function intervalOf({ low, high }: Mean): { low?: number; high?: number } {
  return low === null || high === null ? {} : { low, high };
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function optionsSection({ base }: StudyResult): Section {
  const rows = Object.entries(base).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  const caption = `${counted(rows.length, 'option')} that all runs share; others have their defaults`;
  return {
    id: 'options',
    title: 'Options',
    parts: [{ kind: 'table', slug: 'options-table', caption, header: ['option', 'value'], rows }],
  };
}
