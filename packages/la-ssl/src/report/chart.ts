/**
 * @file Charts as SVG by Vega-Lite, in one look: colours that the colour-blind can tell apart and that stand out on
 * white and on dark paper; no script, no font but the reader's. Vega is loaded with the first chart.
 */
import type { TopLevelSpec } from 'vega-lite';
import { escapeHtml } from './html.js';

/**
 * Seven colours and a grey; after Okabe and Ito, https://jfly.uni-koeln.de/color/, darker where theirs are too light.
 * Each has a contrast of 3 or more to `PAPERS`.
 */
export const PALETTE = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#8c6bb1',
  '#b07a00',
  '#a6493b',
  '#7f7f7f',
] as const;
/** So that nothing is told by colour alone. */
export const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
  'triangle-right',
  'triangle-left',
];
export const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [12, 3],
  [4, 2, 1, 2],
  [1, 3],
  [10, 2, 2, 2],
];
/** What charts are seen on. */
export const PAPERS = ['#ffffff', '#14171c'] as const;
/** Pixels; wide enough for a column of a page, and for the screen of a telephone. */
export const CHART_WIDTH = 372;

const INK = '#1d2129';
const FAINT = '#d5d9e0';

const CONFIG: TopLevelSpec['config'] = {
  aria: false, // the picture has one description as a whole
  background: 'white',
  font: 'system-ui, sans-serif',
  padding: 4,
  view: { stroke: 'transparent' },
  title: { color: INK, fontSize: 13, anchor: 'start', offset: 8 },
  axis: {
    labelColor: INK,
    titleColor: INK,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    gridColor: FAINT,
    domainColor: '#7f7f7f',
    tickColor: '#7f7f7f',
    labelLimit: 180,
  },
  legend: {
    orient: 'top',
    direction: 'vertical',
    title: null,
    columns: 2,
    labelColor: INK,
    labelFontSize: 11,
    labelLimit: 150,
    symbolStrokeWidth: 2,
  },
  header: { labelColor: INK, labelFontSize: 11 },
  range: { category: [...PALETTE], symbol: SHAPES },
};

/**
 * Draws a chart. The same chart gives the same bytes.
 * @param spec - Vega-Lite; only fixed names of fields, and what users named as values of data
 * @param description - what a person is told who cannot see it
 * @returns SVG
 */
export async function drawChart(
  spec: Omit<TopLevelSpec, 'config'> | object,
  description: string,
): Promise<string> {
  const [{ parse, resetSVGDefIds, View }, { compile }] = await Promise.all([
    import('vega'),
    import('vega-lite'),
  ]);
  const { spec: compiled } = compile({ ...spec, config: CONFIG } as TopLevelSpec);
  const view = new View(parse(compiled), { renderer: 'none' });
  resetSVGDefIds(); // else they count on from the chart before
  const svg = await view.toSVG();
  view.finalize();
  const label = escapeHtml(description);
  return svg
    .replace(/^<svg /, `<svg role="img" aria-label="${label}" `)
    .replace('>', `><title>${label}</title>`);
}

/** Makes ids of an SVG its own, so that several can stand in one page. */
export function withOwnIds(svg: string, prefix: string): string {
  return svg
    .replace(/ id="([^"]+)"/g, ` id="${prefix}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${prefix}-$1)`)
    .replace(/ ((?:xlink:)?href)="#([^"]+)"/g, ` $1="#${prefix}-$2"`);
}

/** The colours and dashes (or shapes) of some series, in their order; the ninth has the first colour, the second dashes. */
export function scalesOf(series: readonly string[]) {
  const colours = series.map((_, s) => PALETTE[s % PALETTE.length]!);
  const pick = <T>(values: readonly T[]): T[] =>
    series.map((_, s) => values[(s + Math.floor(s / PALETTE.length)) % values.length]!);
  return {
    color: { domain: [...series], range: colours },
    strokeDash: { domain: [...series], range: pick(DASHES) },
    shape: { domain: [...series], range: pick(SHAPES) },
  };
}
