/** @file The result of a study as Markdown and CSV: a row a cell. The same result gives the same bytes. */
import { stringify } from 'yaml';
import { markOf, noteOf } from '../training/index.js';
import { bestText, prunedText } from './chosen.js';
import type { CellResult, Difference, Mean, RunResult, StudyResult } from './results.js';

/** Metrics that are no shares, and so are shown as they are. */
const PLAIN = /^(update|epoch|cost)\.|(auroc|auprc|auroc-gap|ece|brier|log-loss)$/;

/** `biased.worstGroup` → `biased: worst group`, `update.rankCorrelation` → `update: rank correlation`. */
export function headingOf(metric: string): string {
  const [source, ...path] = metric.split('.');
  return `${source}: ${path.join(' ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`;
}

/** Whether a metric is a share, and so is shown in %. */
export function isShare(metric: string): boolean {
  return !PLAIN.test(metric);
}

function figure(value: number, metric: string): string {
  if (isShare(metric)) return (100 * value).toFixed(1);
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3);
}

/** `71.3 [69.2, 73.3]`, shares in %. */
export function formatMean(mean: Mean | null | undefined, metric: string): string {
  if (!mean) return '–';
  const value = figure(mean.value, metric);
  return mean.low === null || mean.high === null
    ? value
    : `${value} [${figure(mean.low, metric)}, ${figure(mean.high, metric)}]`;
}

/** `+6.1 [3.9, 8.2]`; an asterisk where Holm's p-value is below 0.05. */
export function formatChange(difference: Difference | null | undefined, metric: string): string {
  if (!difference) return '–';
  const sign = difference.value > 0 ? '+' : '';
  const star = difference.pHolm !== null && difference.pHolm < 0.05 ? ' *' : '';
  return `${sign}${formatMean(difference, metric)}${star}`;
}

/** `26 [-3, 55]`, in %. */
function formatShare(share: Mean | null | undefined): string {
  if (!share) return '–';
  const [value, low, high] = [share.value, share.low!, share.high!].map((one) => (100 * one).toFixed(0));
  return `${value} [${low}, ${high}]`;
}

/** The header and rows of a table. */
export interface StudyTable {
  header: string[];
  rows: string[][];
}

/** Of every cell the mean over its seeds. */
export function meansTable({ axes, metrics, cells }: StudyResult): StudyTable {
  const rows = cells.map((cell) => [
    ...placeOf(cell, axes),
    cell.prunedAfter == null ? String(cell.seeds.length) : `pruned after ${cell.prunedAfter}`,
    ...metrics.map((metric) => formatMean(cell.metrics[metric], metric)),
  ]);
  return { header: [...placeHeader(axes), 'seeds', ...metrics.map(headingOf)], rows };
}

/** Of every cell that has a baseline the difference from it; null where none has. */
export function differencesTable({ axes, compare, cells }: StudyResult): StudyTable | null {
  const compared = cells.filter(({ baseline }) => baseline !== null);
  if (compared.length === 0) return null;
  const rows = compared.map((cell) => [
    ...placeOf(cell, axes),
    cell.baseline!,
    String(Math.max(0, ...compare.map((metric) => cell.differences[metric]?.count ?? 0))),
    ...compare.map((metric) => formatChange(cell.differences[metric], metric)),
  ]);
  return { header: [...placeHeader(axes), 'less', 'seeds', ...compare.map(headingOf)], rows };
}

/** Of every cell that has an oracle the share of its gain that it recovers; null where none has. */
export function recoveredTable({ axes, compare, cells }: StudyResult): StudyTable | null {
  const judged = cells.filter(({ oracle }) => oracle != null);
  if (judged.length === 0) return null;
  const rows = judged.map(({ recovered = {}, ...cell }) => [
    ...placeOf(cell, axes),
    cell.oracle!,
    ...compare.map((metric) => formatShare(recovered[metric])),
  ]);
  return { header: [...placeHeader(axes), 'recovers of', ...compare.map(headingOf)], rows };
}

/** A cell is told by its values, one that is beside the grid or drawn by its name too. */
function placeHeader(axes: readonly string[]): string[] {
  return ['cell', ...axes];
}

function placeOf(cell: CellResult, axes: readonly string[]): string[] {
  return [`${cell.name}${markOf(cell.told)}`, ...axes.map((axis) => cell.values[axis] ?? '–')];
}

/** How `recoveredTable` is to be read. */
export const RECOVERED =
  "The share of the oracle's gain that a cell recovers is in %, with Fieller's interval; – where that gain may be none.";

/** How the figures are to be read. */
export function captionOf(result: StudyResult): string {
  const parts = ['Shares in %, means over seeds with 95 % intervals (Student).'];
  const compared = result.cells.filter(({ baseline }) => baseline !== null).length;
  if (compared > 0) parts.push('Differences are paired by seed, in points where they are of shares.');
  if (compared > 1) {
    parts.push(
      `An asterisk: p < 0.05 after Holm's correction for the ${compared} comparisons of that metric.`,
    );
  }
  if (result.cells.some(({ oracle }) => oracle != null)) {
    parts.push(RECOVERED);
  }
  parts.push(noteOf(result.cells.map(({ told }) => told)));
  return parts.filter((part) => part !== '').join(' ');
}

/** The page of a study. */
export function studyMarkdown(result: StudyResult): string {
  const { title, question, base, budget, study } = result;
  const differences = differencesTable(result);
  const recovered = recoveredTable(result);
  const failed = result.runs.filter((run) => run.failed);
  const codes = [...new Set(result.runs.flatMap(({ code }) => code ?? []))];
  return `${[
    `# ${title}`,
    question,
    `Study \`${study}\`, budget \`${budget}\`, ${result.runs.length} runs, code ${codes.join(', ') || 'unknown'}.`,
    markdownTable(meansTable(result)),
    ...(differences ? [markdownTable(differences)] : []),
    ...(recovered ? [markdownTable(recovered)] : []),
    captionOf(result),
    ...chosenTexts(result),
    ...(failed.length > 0 ? [failuresOf(failed)] : []),
    `What all runs share:\n\n\`\`\`yaml\n${stringify(base)}\`\`\``,
  ].join('\n\n')}\n`;
}

/** What was chosen and what was stopped, where the study does either. */
export function chosenTexts(result: StudyResult): string[] {
  const best = bestText(result, { mean: formatMean, heading: headingOf });
  return [best, prunedText(result)].filter((text) => text !== null);
}

function failuresOf(failed: readonly RunResult[]): string {
  return [
    'These runs failed and are not in the tables:',
    ...failed.map((run) => `- ${run.name}: ${run.failed!.at(-1)}`),
  ].join('\n');
}

function markdownTable({ header, rows }: StudyTable): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A row a cell, every figure in full; empty where there is none. */
export function studyCsv({ axes, metrics, compare, cells }: StudyResult): string {
  const header = [
    ...['cell', ...axes, 'told', 'seeds', 'prunedAfter'],
    ...metrics.flatMap((metric) => [metric, `${metric}.low`, `${metric}.high`]),
    'baseline',
    ...compare.flatMap((metric) =>
      ['', '.low', '.high', '.p', '.pHolm'].map((end) => `${metric}.difference${end}`),
    ),
  ];
  const rows = cells.map((cell) => [
    ...[cell.name, ...axes.map((axis) => cell.values[axis]), cell.told.join(' '), cell.seeds.length],
    cell.prunedAfter,
    ...metrics.flatMap((metric) => partsOf(cell.metrics[metric])),
    cell.baseline,
    ...compare.flatMap((metric) => {
      const difference = cell.differences[metric];
      return [...partsOf(difference), difference?.pValue, difference?.pHolm];
    }),
  ]);
  return [header, ...rows].map((row) => `${row.map(csvField).join(',')}\n`).join('');
}

function partsOf(mean: Mean | null | undefined): (number | null | undefined)[] {
  return [mean?.value, mean?.low, mean?.high];
}

function csvField(value: string | number | null | undefined): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
