/** @file The kinds of charts that a report has: lines, dots with intervals, points in the plane. */
import { CHART_WIDTH, drawChart, scalesOf } from './chart.js';

/** Per cent, with as many decimals as tell the ticks apart. */
const SHARE = '.2~%';

export interface LinePoint {
  x: number;
  y: number;
  series: string;
}

export interface LineChart {
  rows: readonly LinePoint[];
  /** In the order of the legend. */
  series: readonly string[];
  x: string;
  y: string;
  /** Shares, shown in per cent. */
  percent?: boolean;
  /** Where a faint line is drawn across. */
  rule?: number;
  /** Whether the values stand from 0 on. */
  zero?: boolean;
  /** Both axes from 0 to 1, and the diagonal. */
  square?: boolean;
}

/** Lines over a quantity; few points of a line are marked too. */
export function lineChart(chart: LineChart, description: string): Promise<string> {
  const { rows, series, percent = false, zero = false, square = false, rule } = chart;
  const scales = scalesOf(series);
  const legend = series.length > 1 ? {} : null;
  const format = { ...(percent && { format: SHARE }) };
  const domain = { ...(square && { domain: [0, 1] }) };
  const whole = !square && rows.every((row) => Number.isInteger(row.x));
  const few = rows.length <= 30 * series.length;
  const colour = { field: 'series', type: 'nominal', scale: scales.color, legend };
  const x = {
    field: 'x',
    type: 'quantitative',
    title: chart.x,
    scale: { nice: false, zero: false, ...domain },
    axis: { ...(square && { format: SHARE }), tickCount: 6, ...(whole && { tickMinStep: 1 }) },
  };
  const y = {
    field: 'y',
    type: 'quantitative',
    title: chart.y,
    scale: { zero, ...domain },
    axis: { ...format, tickCount: 5 },
  };
  const dashes = { field: 'series', type: 'nominal', scale: scales.strokeDash, legend };
  const shapes = { field: 'series', type: 'nominal', scale: scales.shape, legend };
  const layer: object[] = [
    { mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color: colour, strokeDash: dashes } },
  ];
  if (few) {
    layer.push({
      mark: { type: 'point', filled: true, size: 36, opacity: 1 },
      encoding: { x, y, color: colour, shape: shapes },
    });
  }
  if (rule !== undefined) {
    const data = { values: [{ at: rule }] };
    const mark = { type: 'rule', color: '#7f7f7f', strokeDash: [3, 3] };
    layer.push({ data, mark, encoding: { y: { datum: rule } } });
  }
  if (square) {
    const data = {
      values: [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
    };
    layer.push({ data, mark: { type: 'line', color: '#7f7f7f', strokeDash: [3, 3] }, encoding: { x, y } });
  }
  const legendRows = Math.max(0, Math.ceil(series.length / 2) - 2); // beyond those that fit
  return drawChart({ ...frame(210 + 20 * legendRows), data: { values: rows }, layer }, description);
}

export interface Dot {
  /** What is measured: a row of the chart. */
  name: string;
  series: string;
  value: number;
  /** Absent where there is no interval. */
  low?: number;
  high?: number;
}

export interface DotChart {
  dots: readonly Dot[];
  /** In the order of the rows and of the legend. */
  names: readonly string[];
  series: readonly string[];
  x: string;
  percent?: boolean;
  /** Ends of the axis. */
  domain?: readonly [number, number];
  /** Where a faint line is drawn down. */
  rule?: number;
}

/** Dots on lines that are the intervals, a row a name. */
export function dotChart(chart: DotChart, description: string): Promise<string> {
  const { dots, series, percent = true, domain, rule } = chart;
  const names = shortNames(chart.names);
  const shortOf = new Map(chart.names.map((name, n) => [name, names[n]!]));
  const scales = scalesOf(series);
  const legend = series.length > 1 ? {} : null;
  const row = {
    y: {
      field: 'name',
      type: 'nominal',
      sort: [...names],
      title: null,
      axis: { grid: false, ticks: false, labelPadding: 9 },
    },
    ...(series.length > 1 && { yOffset: { field: 'series', type: 'nominal', sort: [...series] } }),
    color: { field: 'series', type: 'nominal', scale: scales.color, legend },
  };
  const scale = { ...(domain ? { domain: [...domain] } : { zero: false }) };
  const axis = { ...(percent && { format: SHARE }), tickCount: 5 };
  const layer: object[] = [
    {
      mark: { type: 'rule', strokeWidth: 2 },
      encoding: {
        ...row,
        x: { field: 'low', type: 'quantitative', scale, title: chart.x, axis },
        x2: { field: 'high' },
      },
    },
    {
      mark: { type: 'point', filled: true, size: 46, opacity: 1 },
      encoding: {
        ...row,
        x: { field: 'value', type: 'quantitative', scale, title: chart.x, axis },
        shape: { field: 'series', type: 'nominal', scale: scales.shape, legend },
      },
    },
  ];
  if (rule !== undefined) {
    const mark = { type: 'rule', color: '#7f7f7f', strokeDash: [3, 3] };
    layer.push({ data: { values: [{}] }, mark, encoding: { x: { datum: rule } } });
  }
  const values = dots.map((dot) => ({
    low: dot.value,
    high: dot.value,
    ...dot,
    name: shortOf.get(dot.name),
  }));
  const height = Math.max(60, names.length * Math.max(18, 4 + 9 * series.length));
  return drawChart({ ...frame(height + 40), data: { values }, layer }, description);
}

export interface PlanePoint {
  x: number;
  y: number;
  /** A name of `kinds`, or a number. */
  value: string | number;
}

/** Points in the plane, coloured (and shaped) by kind, or by a number from blue over green to yellow. */
export function planeChart(
  points: readonly PlanePoint[],
  axes: { x: string; y: string; kinds: readonly string[] | null; legend: string },
  description: string,
): Promise<string> {
  const position = (field: 'x' | 'y') => ({
    field,
    type: 'quantitative',
    title: axes[field],
    scale: { zero: false },
    axis: { grid: false, tickCount: 5 },
  });
  const scales = axes.kinds && scalesOf(axes.kinds);
  const colours = scales
    ? {
        color: { field: 'value', type: 'nominal', scale: scales.color },
        shape: { field: 'value', type: 'nominal', scale: scales.shape },
      }
    : {
        color: {
          field: 'value',
          type: 'quantitative',
          scale: { scheme: 'viridis' },
          legend: { title: axes.legend, direction: 'horizontal', gradientLength: 200 },
        },
      };
  return drawChart(
    {
      ...frame(340),
      data: { values: points },
      mark: { type: 'point', filled: true, size: 14, opacity: 0.8 },
      encoding: { x: position('x'), y: position('y'), ...colours },
    },
    description,
  );
}

/** `label=bird,place=land` → `bird, land`, where that still tells all names apart. */
export function shortNames(names: readonly string[]): string[] {
  const short = names.map((name) => name.replace(/(^|,)[^=,]+=/g, '$1 ').trim());
  return new Set(short).size === names.length ? short : [...names];
}

/** The size of a chart, with axes and legend. */
function frame(height: number) {
  return { width: CHART_WIDTH, height, autosize: { type: 'fit', contains: 'padding' } };
}
