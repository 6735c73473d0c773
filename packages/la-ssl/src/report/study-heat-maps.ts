/** @file A study with a grid as heat maps: one a metric, of the means and of the differences from the baseline. */
import {
  type CellResult,
  formatChange,
  formatMean,
  headingOf,
  isShare,
  type Mean,
  type StudyResult,
} from '../study/index.js';
import { type HeatCell, heatMap } from './heat-map.js';
import { type Figure, slugOf } from './parts.js';
import { type StudyGrid, studyGrid } from './study-grid.js';

/** What is shown of the cells: their means, or what they differ from their baseline by. */
interface Shown {
  slug: string;
  metric: string;
  title: string;
  isDifference: boolean;
  of: (cell: CellResult) => Mean | null | undefined;
}

/** @returns none where the study has no grid */
export async function meanHeatMaps(result: StudyResult): Promise<Figure[]> {
  const grid = studyGrid(result);
  const figures: Figure[] = [];
  for (const metric of grid ? result.metrics : []) {
    const shown = { slug: slugOf('heat', metric), metric, title: headingOf(metric), isDifference: false };
    figures.push(...(await heatMaps(grid!, { ...shown, of: ({ metrics }) => metrics[metric] })));
  }
  return figures;
}

/** @returns none where the cells that have a baseline make no grid */
export async function differenceHeatMaps(result: StudyResult): Promise<Figure[]> {
  const grid = studyGrid(result, ({ baseline }) => baseline !== null);
  const figures: Figure[] = [];
  for (const metric of grid ? result.compare : []) {
    const title = `${headingOf(metric)}, difference`;
    const shown = { slug: slugOf('heat-difference', metric), metric, title, isDifference: true };
    figures.push(...(await heatMaps(grid!, { ...shown, of: ({ differences }) => differences[metric] })));
  }
  return figures;
}

/** One of the grid, or one for each value of its facet, in the same colours; none without any value. */
async function heatMaps(grid: StudyGrid, shown: Shown): Promise<Figure[]> {
  const { rows, columns, facet } = grid;
  const pages = (facet?.values ?? [null]).map((of) => ({ of, cells: placesOf(grid, of, shown) }));
  const known = pages.flatMap(({ cells }) => cells.flatMap(({ value }) => value ?? []));
  if (known.length === 0) return [];
  const unit = unitOf(shown);
  const map = {
    rows: { title: rows.name, values: rows.values },
    columns: { title: columns.name, values: columns.values },
    domain: domainOf(known, shown.isDifference),
    diverging: shown.isDifference,
    legend: `${shown.isDifference ? 'difference' : 'mean'}${unit}`,
    scale: isShare(shown.metric) ? 100 : 1,
  };
  const figures: Figure[] = [];
  for (const { of, cells } of pages) {
    const title = of === null ? shown.title : `${shown.title}, ${facet!.name} ${of}`;
    const told = `${title}, by ${rows.name} and ${columns.name}${unit}. ${describe(grid, cells)}`;
    figures.push({
      kind: 'figure',
      slug: of === null ? shown.slug : slugOf(shown.slug, of),
      title,
      caption: captionOf(grid, cells, of, shown),
      svg: await heatMap({ ...map, cells }, told),
    });
  }
  return figures;
}

function unitOf({ metric, isDifference }: Shown): string {
  if (!isShare(metric)) return '';
  return isDifference ? ', in points' : ', in %';
}

function placesOf(grid: StudyGrid, facet: string | null, { of, metric, isDifference }: Shown): HeatCell[] {
  return grid.rows.values.flatMap((row) =>
    grid.columns.values.map((column) => {
      const cell = grid.at(row, column, facet);
      const mean = (cell && of(cell)) ?? null;
      const text = bare(mean, metric, isDifference);
      return { row, column, value: mean?.value ?? null, text, marked: isDifference && excludesZero(mean) };
    }),
  );
}

/** The value as the tables have it, without its interval. */
function bare(mean: Mean | null | undefined, metric: string, isDifference: boolean): string {
  const plain = mean && { ...mean, low: null, high: null };
  return isDifference
    ? formatChange(plain && { ...plain, pValue: null, pHolm: null }, metric)
    : formatMean(plain, metric);
}

function excludesZero(mean: Mean | null): boolean {
  return mean !== null && mean.low !== null && mean.high !== null && (mean.low > 0 || mean.high < 0);
}

/** Of differences as far to either side of 0. */
function domainOf(values: readonly number[], isDifference: boolean): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (isDifference) {
    const far = Math.max(-low, high) || 1;
    return [-far, far];
  }
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/** Every value in words, row by row. */
function describe({ rows, columns }: StudyGrid, cells: readonly HeatCell[]): string {
  const width = columns.values.length;
  const told = rows.values.map((row, r) => {
    const own = cells.slice(r * width, (r + 1) * width);
    const values = own.map(
      ({ column, value, text, marked }) =>
        `${column} ${value === null ? 'absent' : text}${marked ? ' (excludes 0)' : ''}`,
    );
    return `${row}: ${values.join(', ')}`;
  });
  return `${told.join('; ')}.`;
}

function captionOf(grid: StudyGrid, cells: readonly HeatCell[], facet: string | null, shown: Shown): string {
  const { metric, isDifference, of } = shown;
  const inGrid = grid.rows.values.flatMap((row) =>
    grid.columns.values.flatMap((column) => grid.at(row, column, facet) ?? []),
  );
  const means = inGrid.flatMap((cell) => of(cell) ?? []);
  const counts = [...new Set(means.map(({ count }) => count))].sort((a, b) => a - b);
  const parts = [`Mean over ${seedsOf(counts)}${unitOf(shown)}.`];
  if (isDifference) {
    const baselines = [...new Set(inGrid.map(({ baseline }) => baseline))];
    parts.push(
      `Less ${baselines.length === 1 ? baselines[0] : 'the baseline of each cell'}, paired by seed.`,
    );
    const marked = cells.filter((cell) => cell.marked).length;
    if (means.some(({ low }) => low !== null)) {
      parts.push(
        `Framed and bold: the 95 % interval excludes 0, not corrected for how many there are (${marked} of ${means.length}).`,
      );
    }
  }
  if (means.length < cells.length) parts.push('–: no result.');
  const beside = grid.beside.map((cell) => `${cell.name} ${bare(of(cell), metric, isDifference)}`);
  if (beside.length > 0) parts.push(`Beside the grid: ${beside.join(', ')}.`);
  return parts.join(' ');
}

function seedsOf(counts: readonly number[]): string {
  const all = counts.join(' to ');
  return all === '1' ? '1 seed' : `${all || 'no'} seeds`;
}
