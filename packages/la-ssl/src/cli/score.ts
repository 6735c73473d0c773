/** @file `la-ssl score`: the training examples of a run from the slowest to the fastest, and their pictures. */
import { Command } from 'commander';
import {
  describeExample,
  type RunScores,
  type ScoreSummary,
  scoreRun,
  summariseScores,
} from '../analysis/index.js';
import { type ImageDataset, loadSplit } from '../data/index.js';
import { type ScoreFiles, writeScoreFiles, writeSpeedPlot } from '../report/index.js';
import { datasetSpecOf, RunFolder } from '../training/index.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { wholeNumberFrom } from './options.js';
import { createProgress } from './progress.js';
import { formatTable } from './table.js';

interface ScoreFlags {
  top: number;
  out?: string;
  views?: number;
  json?: boolean;
}

/** Rows of the table that is printed; the file has them all. */
const PRINTED = 12;

export function scoreCommand(): Command {
  return new Command('score')
    .summary('Show the slowest training examples of a run, with their pictures.')
    .description(
      'Measure the learning speed of every training example with a run’s last checkpoint, and show the slowest. ' +
        'Writes slowest.csv (every example), contact sheets of both ends (slowest.png, fastest.png), and where groups ' +
        'are known how the speeds were distributed at each update (speeds.svg).',
    )
    .argument('<run>', 'the folder of a run, finished or not')
    .option('--top <number>', 'examples on each contact sheet', wholeNumberFrom(1), 64)
    .option(
      '--views <number>',
      'views of each example, averaged over all pairs (as the run has it)',
      wholeNumberFrom(2),
    )
    .option('--out <folder>', 'where to write (score/ in the run folder)')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl score runs/study-3
  la-ssl score runs/study-3 --views 8 --top 100      # steadier speeds
  la-ssl score runs/study-3 --out slow --json | jq .conflictingIsSlower`,
    )
    .action(async (path: string, flags: ScoreFlags) => {
      const folder = new RunFolder(path);
      const spec = datasetSpecOf(folder.readConfig());
      const train = await loadWithBar(spec, (options) => loadSplit(spec, 'train', options));
      const progress = createProgress(`score ${path}`, 'examples');
      const scores = await interruptible('Stopping', (signal) =>
        scoreRun(folder, train, {
          views: flags.views,
          signal,
          onProgress: (done, total) => progress.update(done, total, ''),
        }),
      ).finally(() => progress.stop());
      const files = await writeScoreFiles(flags.out ?? folder.file('score'), train, scores, flags.top);
      const plot = await writeSpeedPlot(folder, train, flags.out ?? folder.file('score'));
      const summary = summariseScores(scores, flags.top);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(asJson(path, train, scores, summary, { ...files, plot }, flags.top))}\n`
          : `${describeScores(train, scores, summary, { ...files, plot }, flags.top)}\n`,
      );
    });
}

function asJson(
  run: string,
  dataset: ImageDataset,
  { speeds, order, views, groups }: RunScores,
  summary: ScoreSummary,
  files: ScoreFiles & { plot: string | null },
  top: number,
): unknown {
  const slowest = Array.from(order.slice(0, top), (i) => ({
    index: i,
    id: dataset.ids[i],
    ...describeExample(dataset, i, groups),
    speed: speeds[i],
  }));
  return { run, views, ...summary, top, slowest, files };
}

function describeScores(
  dataset: ImageDataset,
  { speeds, order, views, groups }: RunScores,
  summary: ScoreSummary,
  files: ScoreFiles & { plot: string | null },
  top: number,
): string {
  const header = [
    'slowest examples',
    'label',
    ...dataset.attributes.map(({ name }) => name),
    'aligned',
    'speed',
  ];
  const rows = Array.from(order.slice(0, Math.min(PRINTED, top)), (i) => {
    const { label, attributes, aligned } = describeExample(dataset, i, groups);
    const alignment = aligned === null ? '–' : aligned ? 'yes' : 'no';
    return [
      dataset.ids[i]!,
      label ?? '–',
      ...attributes.map((a) => a ?? '–'),
      alignment,
      speeds[i]!.toFixed(3),
    ];
  });
  const { aligned, conflicting, conflictingShare, conflictingIsSlower } = summary;
  const figures = [
    `Mean speed of ${summary.examples} examples, ${views} views each: ${summary.meanSpeed.toFixed(3)}`,
  ];
  for (const [name, kind] of Object.entries({ aligned, conflicting })) {
    if (kind) figures.push(`  ${name} (${kind.examples}): ${kind.meanSpeed.toFixed(3)}`);
  }
  if (conflictingIsSlower !== null)
    figures.push(`AUROC "conflicting is slower": ${conflictingIsSlower.toFixed(3)} (0.5 says nothing)`);
  if (conflictingShare) {
    const [slowest, all] = [conflictingShare.slowest, conflictingShare.all].map(
      (s) => `${(100 * s).toFixed(1)} %`,
    );
    figures.push(
      `Conflicting among the slowest ${Math.min(top, summary.examples)}: ${slowest} (of all: ${all})`,
    );
  }
  const paths = [`All examples: ${files.table}`, `Pictures: ${files.slowest} and ${files.fastest}`];
  if (files.plot) paths.push(`Speeds over the run, aligned against conflicting: ${files.plot}`);
  return [formatTable(header, rows), figures.join('\n'), paths.join('\n')].join('\n\n');
}
