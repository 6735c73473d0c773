/**
 * @file Learning-speed distributions as a picture: aligned against conflicting examples, one panel an update.
 * The first of the experiments that the paper's reader would ask for. Drawn by Vega-Lite, as SVG.
 */
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';

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
 * @param conflicting - per example, not 0 where it goes against the correlation
 * @returns SVG
 */
export async function speedPlot(
  updates: readonly SpeedsAtUpdate[],
  conflicting: ArrayLike<number>,
  { title }: { title: string },
): Promise<string> {
  if (updates.length === 0) throw new Error('There is no update to show: the run ended in its warm-up.');
  const panels = Math.min(PANELS, updates.length);
  const shown = Array.from(
    { length: panels },
    (_, i) => updates[Math.round((i * (updates.length - 1)) / Math.max(1, panels - 1))]!,
  );
  let highest = 0;
  for (const { speeds } of shown) {
    for (let i = 0; i < speeds.length; i++) if (speeds[i]! > highest) highest = speeds[i]!; // NaN is not greater
  }
  const values = shown.flatMap((update) => {
    const panel = panelOf(update);
    return [0, 1].flatMap((kind) =>
      histogram(update.speeds, highest, (i) => Boolean(conflicting[i]) === Boolean(kind)).map(
        (density, bin) => ({
          panel,
          kind: kind ? 'conflicting' : 'aligned',
          speed: ((bin + 0.5) * highest) / BINS,
          density,
        }),
      ),
    );
  });
  const specification: TopLevelSpec = {
    title,
    data: { values },
    facet: {
      row: {
        field: 'panel',
        sort: shown.map(panelOf),
        title: null,
        header: { labelAngle: 0, labelAlign: 'left' },
      },
    },
    spec: {
      width: 480,
      height: 90,
      mark: { type: 'area', opacity: 0.5, line: true },
      encoding: {
        x: { field: 'speed', type: 'quantitative', title: 'learning speed s = exp(cos / τ), moving average' },
        y: { field: 'density', type: 'quantitative', title: 'density', stack: null, axis: { labels: false } },
        color: { field: 'kind', type: 'nominal', title: null, scale: { range: ['#4c78a8', '#e45756'] } },
      },
    },
    config: { background: 'white' },
  };
  return await new View(parse(compile(specification).spec), { renderer: 'none' }).toSVG();
}

/** The heading of an update's panel. */
function panelOf({ epoch, auroc }: SpeedsAtUpdate): string {
  return `epoch ${epoch}${auroc === null ? '' : `, AUROC ${auroc.toFixed(2)}`}`;
}

/** Shares of the examples that `belongs` picks, by bins from 0 to `highest`. */
function histogram(speeds: ArrayLike<number>, highest: number, belongs: (i: number) => boolean): number[] {
  const counts = new Array<number>(BINS).fill(0);
  let total = 0;
  for (let i = 0; i < speeds.length; i++) {
    const speed = speeds[i]!;
    if (Number.isNaN(speed) || !belongs(i)) continue;
    counts[Math.min(BINS - 1, Math.floor((speed / highest) * BINS))]! += 1;
    total += 1;
  }
  return counts.map((count) => count / Math.max(1, total));
}
