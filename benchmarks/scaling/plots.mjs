/** Curves as small multiples: the points with their quartiles, the line of the fitted exponent, and the sum with what does not grow. */
import { drawChart, PALETTE } from 'la-ssl/report';
import { exponentText, isPlain, sumText } from './tables.mjs';

const COLUMNS = 3;
const PANEL = { width: 190, height: 150 };
const [POINTS, SUM] = PALETTE;
/** Of a curved line. */
const STEPS = 40;

/** @returns SVG: of each curve, how long it takes */
export const timePlot = (curves) =>
  panels(curves, 'Time', 'ms', ({ x, ms: { median, quartiles } }) => ({
    ...{ x, y: median, low: quartiles[0], high: quartiles[1] },
  }));

/** @returns SVG: of each curve, the most memory of the process */
export const memoryPlot = (curves) =>
  panels(curves, 'Memory', 'MB', ({ x, peakMB }) => ({ x, y: peakMB, low: peakMB, high: peakMB }));

function panels(curves, quantity, unit, pointOf) {
  const fitOf = (curve) => curve[quantity.toLowerCase()];
  const told = curves.map((curve) => `${curve.title}, by ${curve.x}: exponent ${exponentText(fitOf(curve))}`);
  const spec = {
    columns: COLUMNS,
    spacing: 24,
    concat: curves.map((curve) => panel(curve, fitOf(curve), curve.points.map(pointOf), unit)),
  };
  return drawChart(spec, `${quantity}, by size. ${told.join('; ')}.`);
}

function panel({ title, x: xTitle }, fit, points, unit) {
  const axis = (field, title) => ({
    ...{ field, type: 'quantitative', title, scale: { type: 'log', nice: false, padding: 8 } },
    axis: { tickCount: 4, format: '~s' },
  });
  const [x, y] = [axis('x', xTitle), axis('y', unit)];
  const fitted = (values, style) => ({
    data: { values },
    mark: { type: 'line', strokeWidth: 1.5, ...style },
    encoding: { x, y },
  });
  return {
    ...PANEL,
    title: {
      text: title,
      subtitle: [
        `exponent ${exponentText(fit)}, from ${fit.from.toLocaleString('en')}`,
        sumText(fit, unit) ?? '',
      ],
      subtitleFontSize: 11,
    },
    data: { values: points },
    layer: [
      fitted(powerOf(fit), { color: '#7f7f7f', strokeDash: [5, 3] }),
      ...(isPlain(fit) ? [fitted(sumOf(fit, points), { color: SUM })] : []),
      {
        mark: { type: 'rule', color: POINTS, strokeWidth: 2 },
        encoding: { x, y: axis('low', unit), y2: { field: 'high' } },
      },
      { mark: { type: 'point', filled: true, size: 36, opacity: 1, color: POINTS }, encoding: { x, y } },
    ],
  };
}

/** The ends of the fitted power of x: a straight line on these axes. */
const powerOf = ({ factor, exponent, from, to }) =>
  [from, to].map((x) => ({ x, y: factor * x ** exponent.value }));

/** `a + b·x^m` over all points, evenly on this axis. */
function sumOf({ overhead, slope, power }, points) {
  const [first, last] = [points[0].x, points.at(-1).x];
  return Array.from({ length: STEPS + 1 }, (_, k) => {
    const x = first * (last / first) ** (k / STEPS);
    return { x, y: overhead.value + slope.value * x ** power };
  });
}
