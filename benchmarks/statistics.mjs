/** The middle of what was measured, and how far it spreads. */

export const quantile = (sorted, q) => sorted[Math.round(q * (sorted.length - 1))];

export const ascending = (values) => [...values].sort((a, b) => a - b);

export const median = (values) => quantile(ascending(values), 0.5);

/** @returns median, and quartiles */
export function spread(values) {
  const sorted = ascending(values);
  return { median: quantile(sorted, 0.5), quartiles: [quantile(sorted, 0.25), quantile(sorted, 0.75)] };
}

/** Time of `a` by that of `b`, two lists of what was measured in turns: above 1, `b` is faster. */
export function ratioByRound(a, b) {
  const byRound = a.map((time, i) => time / b[i]);
  return { ratio: median(byRound), least: Math.min(...byRound), most: Math.max(...byRound) };
}
