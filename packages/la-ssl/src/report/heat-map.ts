/** @file Heat maps: a value in each place of a grid, written in it and told by its colour. */
import { CHART_WIDTH, drawChart } from './chart.js';

export interface HeatCell {
  row: string;
  column: string;
  /** Null where there is none. */
  value: number | null;
  /** As it is written. */
  text: string;
  /** Whether it has a frame and stands in bold. */
  marked: boolean;
}

export interface HeatMap {
  cells: readonly HeatCell[];
  /** Their values in order: rows from the top, columns from the left. */
  rows: { title: string; values: readonly string[] };
  columns: { title: string; values: readonly string[] };
  /** Ends of the colour scale, so that several heat maps have the same. */
  domain: readonly [low: number, high: number];
  /** Two colours that part at 0, in place of one from light to dark. */
  diverging: boolean;
  /** Of the colour scale. */
  legend: string;
  /** Values on the colour scale are shown times this. */
  scale: number;
}

const ROW_HEIGHT = 36;
/** What axes, titles and the colour scale take. */
const AROUND = 96;
/** Width of a letter of the labels. */
const LETTER = 6.4;
/** A place without a value: outlined, so that it is no colour of the scale. */
const ABSENT = { fill: '#f2f3f5', stroke: '#7f7f7f', text: '#4f5865' };

/** From light to dark blue; orange over white to blue, which the colour-blind can tell apart. */
const COLOURS = {
  sequential: ['#e6f0f9', '#9ecae1', '#4292c6', '#08519c', '#08306b'],
  diverging: ['#8c3a04', '#d97a1f', '#f8c58b', '#f7f7f7', '#a9cfe8', '#3a87bd', '#08417c'],
};

/** Black or white, whichever stands out more: a contrast of 4.58 or more on any colour. */
const INK = `contrast(scale('color', datum.value), 'black') > contrast(scale('color', datum.value), 'white') ? 'black' : 'white'`;

/** Draws a heat map; the words in the places have a contrast of 4.5 or more. */
export function heatMap(map: HeatMap, description: string): Promise<string> {
  const { cells, rows, columns, diverging, legend } = map;
  const labels = longest(rows.values) * LETTER;
  const column = (CHART_WIDTH - Math.min(180, labels) - 40) / columns.values.length;
  const isTilted = longest(columns.values) * LETTER > column;
  const place = (field: 'row' | 'column', { title, values }: HeatMap['rows']) => ({
    field,
    type: 'nominal',
    sort: [...values],
    title,
    scale: { domain: [...values], paddingInner: 0.04, paddingOuter: 0 },
    axis: { domain: false, ticks: false, grid: false, labelPadding: 6, labelAngle: 0 },
  });
  const x = place('column', columns);
  if (isTilted) Object.assign(x.axis, { labelAngle: -35, labelAlign: 'right', labelBaseline: 'middle' });
  const y = place('row', rows);
  // Level, above the labels.
  Object.assign(y.axis, {
    titleAngle: 0,
    titleAlign: 'right',
    titleX: -6,
    titleY: -8,
    titleBaseline: 'alphabetic',
  });
  const color = {
    field: 'value',
    type: 'quantitative',
    scale: {
      domain: [...map.domain],
      range: diverging ? COLOURS.diverging : COLOURS.sequential,
      interpolate: 'lab',
      nice: false,
    },
    legend: {
      title: legend,
      titleLimit: 300,
      direction: 'horizontal',
      gradientLength: 200,
      gradientThickness: 10,
      tickCount: 5,
      labelExpr: `format(datum.value * ${map.scale}, '.3~g')`,
    },
  };
  const isThere = 'datum.value !== null';
  const layer = [
    {
      transform: [{ filter: 'datum.value === null' }],
      mark: { type: 'rect', color: ABSENT.fill, stroke: ABSENT.stroke, strokeDash: [3, 3], strokeWidth: 1 },
    },
    {
      transform: [{ filter: 'datum.value === null' }],
      mark: { type: 'text', fontSize: 12, color: ABSENT.text },
      encoding: { text: { field: 'text' } },
    },
    { transform: [{ filter: isThere }], mark: { type: 'rect' }, encoding: { color } },
    {
      transform: [{ filter: 'datum.marked' }],
      mark: {
        type: 'rect',
        filled: false,
        strokeWidth: 1.5,
        stroke: { expr: INK },
        width: { band: 0.9 },
        height: { band: 0.8 },
      },
    },
    {
      transform: [{ filter: isThere }],
      mark: {
        type: 'text',
        fontSize: 12,
        color: { expr: INK },
        fontWeight: { expr: `datum.marked ? 'bold' : 'normal'` },
      },
      encoding: { text: { field: 'text' } },
    },
  ];
  const tilt = isTilted ? longest(columns.values) * LETTER * 0.6 : 0;
  const height = rows.values.length * ROW_HEIGHT + AROUND + Math.min(110, tilt);
  return drawChart(
    {
      width: CHART_WIDTH,
      height,
      autosize: { type: 'fit', contains: 'padding' },
      data: { values: cells },
      encoding: { x, y },
      layer,
    },
    description,
  );
}

function longest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}
