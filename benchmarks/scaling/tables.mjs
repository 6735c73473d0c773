/** What is printed of measured curves. */
import { table } from '../tables.mjs';

/** Three digits that count. */
const short = (value) => String(Number(value.toPrecision(Math.abs(value) >= 1000 ? 6 : 3)));
const interval = ({ value, low, high }, show) => `${show(value)} [${show(low)}, ${show(high)}]`;

/** `1.02 [0.98, 1.06]`: of the upper part, with its 95 % interval */
export const exponentText = ({ exponent }) => interval(exponent, (value) => value.toFixed(2));

/** Whether part of it plainly does not grow. */
export const isPlain = ({ overhead, slope }) => overhead.low > 0 && slope.low > 0;

/** `240 + 0.031·x² MB`; undefined where no overhead is plain */
export function sumText(fit, unit) {
  if (!isPlain(fit)) return undefined;
  const { overhead, slope, power } = fit;
  return `${short(overhead.value)} + ${short(slope.value)}·x${power === 2 ? '²' : ''} ${unit}`;
}

/** The points of a curve. */
export function pointsTable({ x, points }) {
  const head = [x, 'ms, median', 'quartiles', 'rounds', 'peak MB'];
  const rows = points.map(({ x, ms, peakMB, rounds }) => [
    ...[x.toLocaleString('en'), short(ms.median), ms.quartiles.map(short).join(' – ')],
    ...[String(rounds), peakMB.toFixed(0)],
  ]);
  return table([head, ...rows]);
}

/** How time and memory of each curve grow; the arithmetic's exponent is what should be neared and not be passed. */
export function growthTable(curves) {
  const head = ['', 'x', 'fitted over', 'exponent', 'arithmetic', 'a of a + b·x^m', 'b'];
  const rows = curves.flatMap(({ title, x, time, memory }) => [
    growthRow(`${title}, ms`, x, time),
    growthRow(`${title}, peak MB`, x, memory),
  ]);
  return table([head, ...rows]);
}

function growthRow(title, x, fit) {
  const { from, to, power, overhead, slope } = fit;
  return [
    ...[title, x, `${from.toLocaleString('en')} – ${to.toLocaleString('en')}`],
    ...[exponentText(fit), String(power)],
    ...(isPlain(fit) ? [interval(overhead, short), interval(slope, short)] : ['', '']),
  ];
}
