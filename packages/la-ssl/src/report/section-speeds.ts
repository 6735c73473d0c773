/** @file The section on learning speeds: their distributions over time, whether they tell conflicting examples. */
import { quantile } from '../sampling/index.js';
import { CHART_WIDTH } from './chart.js';
import { counted, formatNumber } from './figures.js';
import { type Part, type Section, slugOf, type Table } from './parts.js';
import type { RunMaterial } from './run-material.js';
import type { RunRecord } from './run-record.js';
import { curve } from './section-learning.js';
import { quoted } from './section-run.js';
import { kindsOf, speedPlot } from './speed-plot.js';

export async function speedsSection(material: readonly RunMaterial[]): Promise<Section> {
  const runs = material.map(({ run }) => run);
  const parts: (Part | null)[] = [];
  for (const own of material) parts.push(...(await distributions(own)));
  const updates = ({ updates }: RunRecord): string => counted(updates.length, 'update');
  parts.push(
    await curve(runs, {
      slug: 'auroc',
      title: 'Do the speeds tell conflicting examples?',
      y: 'AUROC, conflicting is slower',
      x: 'epoch of the update',
      rule: 0.5,
      of: valuesOf('conflictingIsSlower'),
      about: updates,
      more: '0.5, the dashed line, says nothing; 1 says that every conflicting example is slower than every aligned one.',
    }),
    await curve(runs, {
      slug: 'stability',
      title: 'Stability of the speeds',
      y: 'rank correlation',
      x: 'epoch of the update',
      of: valuesOf('rankCorrelation'),
      about: updates,
      more: "Spearman's, with the speeds at the update before; the moving average alone makes it high.",
    }),
    await curve(runs, {
      slug: 'agreement',
      title: 'New measurements against the speeds before',
      y: 'rank correlation',
      x: 'epoch of the update',
      rule: 0,
      of: valuesOf('agreement'),
      about: updates,
      more: "Spearman's; 0 where the speeds mean nothing.",
    }),
  );
  return { id: 'speeds', title: 'Learning speeds', parts: parts.filter((part) => part !== null) };
}

/** A figure of the updates by its name; of files of other versions too. */
export function valuesOf(name: string): (run: Pick<RunRecord, 'updates'>) => number[][] {
  return ({ updates }) =>
    updates.flatMap((update) => {
      const value = (update as unknown as Record<string, unknown>)[name];
      return typeof value === 'number' ? [[update.epoch + 1, value]] : [];
    });
}

/** How the speeds of one run are distributed at some updates, or why there are none. */
export async function distributions({ run, updates, kinds }: RunMaterial): Promise<Part[]> {
  if (!kinds || updates.length === 0) {
    const { name, folder, config, status } = run;
    const text =
      status === 'finished'
        ? `${name} made no update: its ${config.epochs} epochs end before or with the warm-up (warmupEpochs ${config.warmupEpochs}). A fresh measurement is made by:`
        : `${name} has made no update yet. This goes on with it:`;
    const command = status === 'finished' ? 'la-ssl score' : 'la-ssl train --resume';
    return [{ kind: 'note', text, command: `${command} ${quoted(folder.path)}` }];
  }
  const aurocs = new Map(run.updates.map(({ epoch, conflictingIsSlower }) => [epoch, conflictingIsSlower]));
  const shown = updates.map((update) => ({ ...update, auroc: aurocs.get(update.epoch) ?? null }));
  const names = kindsOf(kinds.of);
  const counts = names.map((name) => {
    const count = kinds.of.reduce((sum, kind) => sum + (kind === name ? 1 : 0), 0);
    return `${name} ${count.toLocaleString('en')}`;
  });
  const svg = await speedPlot(shown, kinds.of, { title: '', width: CHART_WIDTH - 40 });
  const slug = slugOf('speeds', run.name);
  const table: Table = {
    kind: 'table',
    slug: `${slug}-quantiles`,
    caption: `Learning speeds of ${run.name}, by ${kinds.by}: median and the range from the 5 % to the 95 % quantile of the examples (a range, no interval of confidence)`,
    header: ['epoch of the update', 'examples', 'count', 'median', '5 %', '95 %'],
    rows: updates.flatMap(({ epoch, speeds }) =>
      names.map((name) => {
        const own = Float64Array.from(speeds).filter((speed, i) => kinds.of[i] === name && speed > 0);
        const at = (level: number): string => (own.length > 0 ? formatNumber(quantile(own, level)) : '–');
        return [String(epoch + 1), name, formatNumber(own.length), at(0.5), at(0.05), at(0.95)];
      }),
    ),
  };
  return [
    {
      kind: 'figure',
      slug,
      title: `Speeds of ${run.name}`,
      caption: `Learning speeds by ${kinds.by} (${counts.join(', ')}) at ${updates.length} of ${counted(run.speedFiles.length, 'update')}; slow is left.`,
      svg,
    },
    table,
  ];
}
