/** @file Tables and figures as plain text. */
import type { Estimate } from '../evaluation/index.js';

/** Columns under their headings: words aligned left, as the first column always is, figures right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, c) =>
    Math.max(title.length, ...rows.map((row) => (row[c] ?? '').length)),
  );
  const isText = header.map((_, c) => c === 0 || rows.some((row) => /\p{L}/u.test(row[c] ?? '')));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, c) => (isText[c] ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** `71.3 [69.2, 73.3]`, in per cent; `–` where there is none. */
export function formatEstimate(estimate: Estimate | null | undefined): string {
  if (!estimate) return '–';
  const percent = (share: number): string => (100 * share).toFixed(1);
  return `${percent(estimate.value)} [${percent(estimate.low)}, ${percent(estimate.high)}]`;
}

/** `+6.1 [3.9, 8.2]`, in percentage points. */
export function formatDifference(estimate: Estimate | null | undefined): string {
  if (!estimate) return '–';
  return `${estimate.value > 0 ? '+' : ''}${formatEstimate(estimate)}`;
}
