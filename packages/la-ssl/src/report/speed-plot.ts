/**
 * @file Learning-speed distributions as a picture: aligned against conflicting examples, or groups, one panel an update.
 * The first of the experiments that the paper's reader would ask for.
 */
import { drawChart, scalesOf } from './chart.js';
import { spread } from './update-speeds.js';

/** The speeds of one update. */
export interface SpeedsAtUpdate {
  /** First epoch that was drawn with them, counted from 0. */
  epoch: number;
  /** One an example, > 0; NaN where it was never seen. */
  speeds: ArrayLike<number>;
  /** AUROC of "conflicting is slower", where it is known. */
  auroc: number | null;
}

const BINS = 30;
const PANELS = 4;

/**
 * @param updates - in the order of training; at most four are shown, first and last among them
 * @param kinds - per example what it is drawn as, such as `aligned`; null where it is left out
 * @returns SVG
 * @throws Error where there is no update
 */
export async function speedPlot(
  updates: readonly SpeedsAtUpdate[],
  kinds: readonly (string | null)[],
  { title, width = 480 }: { title: string; width?: number },
): Promise<string> {
  if (updates.length === 0) throw new Error('There is no update to show: the run ended in its warm-up.');
  const shown = spread(updates, PANELS);
  const names = kindsOf(kinds);
  const { low, high } = rangeOf(shown, kinds);
  const values = shown.flatMap((update) =>
    names.flatMap((kind) =>
      histogram(update.speeds, low, high, (i) => kinds[i] === kind).map((density, bin) => ({
        panel: panelOf(update),
        kind,
        speed: low + ((bin + 0.5) * (high - low)) / BINS,
        density,
      })),
    ),
  );
  const scales = scalesOf(names);
  return drawChart(
    {
      ...(title && { title: { text: title, limit: width + 80 } }),
      data: { values },
      facet: {
        row: {
          field: 'panel',
          sort: shown.map(panelOf),
          title: null,
          header: { labelOrient: 'top', labelAnchor: 'start' },
        },
      },
      spec: {
        width,
        height: 80,
        encoding: {
          x: {
            field: 'speed',
            type: 'quantitative',
            title: 'learning speed s, moving average',
            scale: { zero: false, nice: false },
          },
          y: {
            field: 'density',
            type: 'quantitative',
            title: 'density',
            stack: null,
            axis: { labels: false, ticks: false, grid: false },
          },
          color: { field: 'kind', type: 'nominal', scale: scales.color, title: null },
        },
        layer: [
          { mark: { type: 'area', fillOpacity: 0.18 } },
          {
            mark: { type: 'line', strokeWidth: 2 },
            encoding: {
              strokeDash: { field: 'kind', type: 'nominal', scale: scales.strokeDash, title: null },
            },
          },
        ],
      },
    },
    `Distributions of the learning speeds of ${names.join(', ')}: ${shown.map(panelOf).join('; ')}.`,
  );
}

/** The kinds that there are, in the order of their names. */
export function kindsOf(kinds: readonly (string | null)[]): string[] {
  return [...new Set(kinds.filter((kind) => kind !== null))].sort();
}

/** The heading of an update's panel. */
function panelOf({ epoch, auroc }: SpeedsAtUpdate): string {
  return `before epoch ${epoch + 1}${auroc === null ? '' : `, AUROC ${auroc.toFixed(2)}`}`;
}

function rangeOf(
  updates: readonly SpeedsAtUpdate[],
  kinds: readonly (string | null)[],
): { low: number; high: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { speeds } of updates) {
    for (let i = 0; i < speeds.length; i++) {
      if (kinds[i] === null) continue;
      if (speeds[i]! > high) high = speeds[i]!; // NaN is neither
      if (speeds[i]! < low) low = speeds[i]!;
    }
  }
  return high > low ? { low, high } : { low: 0, high: Math.max(high, 1) };
}

/** Shares of the examples that `belongs` picks, by bins from `low` to `high`. */
function histogram(
  speeds: ArrayLike<number>,
  low: number,
  high: number,
  belongs: (i: number) => boolean,
): number[] {
  const counts = new Array<number>(BINS).fill(0);
  let total = 0;
  for (let i = 0; i < speeds.length; i++) {
    const speed = speeds[i]!;
    if (Number.isNaN(speed) || !belongs(i)) continue;
    counts[Math.min(BINS - 1, Math.floor(((speed - low) / (high - low)) * BINS))]! += 1;
    total += 1;
  }
  return counts.map((count) => count / Math.max(1, total));
}
