/** @file `la-ssl finetune`: trains the whole encoder of a finished run on the labels, and measures it by group. */
import { Command, InvalidArgumentError } from 'commander';
import { loadDataset } from '../data/index.js';
import {
  FINE_TUNE_DEFAULTS,
  type FineTuneResult,
  type FineTuneSettings,
  fineTuneRun,
  savedFineTune,
} from '../evaluation/index.js';
import { datasetSpecOf, type ResolvedConfig, RunFolder, resolveConfig } from '../training/index.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { wholeNumberFrom } from './options.js';
import { nonNegative } from './probe.js';
import { createProgress } from './progress.js';
import { formatEstimate, formatTable } from './table.js';

type FineTuneFlags = FineTuneSettings & { again?: boolean; json?: boolean };

export function finetuneCommand(): Command {
  const by = FINE_TUNE_DEFAULTS;
  return new Command('finetune')
    .summary('Train the whole encoder of a finished run on the labels, and measure it by group.')
    .description(
      'Fine-tune a copy of the encoder with a linear head on the training labels as they are: cross-entropy, SGD with ' +
        'a cosine, crops and flips. The result goes into finetune.json; the encoder of the run stays as it is. ' +
        'Stopped by Ctrl-C or killed, it goes on where it was by the same command.',
    )
    .argument('<run>', 'the folder of a finished run')
    .option('--epochs <number>', 'epochs', wholeNumberFrom(1), by.epochs)
    .option('--batch-size <number>', 'images at a time', wholeNumberFrom(2), by.batchSize)
    .option('--lr <number>', 'learning rate of the first step', positive, by.lr)
    .option('--weight-decay <number>', 'weight decay', nonNegative, by.weightDecay)
    .option(
      '--crop-scale <number>',
      'least share of the area that a crop keeps, above 0 to 1',
      share,
      by.cropScale,
    )
    .option('--seed <number>', 'of the order and the views', wholeNumberFrom(0), by.seed)
    .option('--again', 'make it anew, even where it was made or begun with the same options')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  la-ssl finetune runs/la-ssl\n  la-ssl finetune runs/la-ssl --epochs 10 --lr 0.03',
    )
    .action(async (path: string, { again, json, ...options }: FineTuneFlags) => {
      const folder = new RunFolder(path);
      const config = resolveConfig(folder.readConfig());
      if (folder.status !== 'finished') {
        throw new Error(`${path} is not finished. Go on with it: la-ssl train --resume ${path}`);
      }
      const saved = again ? null : savedFineTune(folder, options);
      if (saved) process.stderr.write(`${path} is fine-tuned with these options already (anew: --again).\n`);
      const result = saved ?? (await work(folder, config, options, again));
      if (result === 'interrupted') {
        process.stderr.write('Stopped. Go on with the same command.\n');
        process.exitCode = 130;
        return;
      }
      const { overall, aligned, conflicting, worstGroup, clusters } = result.metrics;
      const cells = [overall, aligned, conflicting, worstGroup].map(formatEstimate);
      const title = clusters ? `fine-tuned, intervals by ${clusters.name} (${clusters.count})` : 'fine-tuned';
      const header = [title, 'overall', 'aligned', 'conflicting', 'worst group', 'which'];
      const table = formatTable(header, [[path, ...cells, worstGroup?.group ?? '–']]);
      process.stdout.write(`${json ? JSON.stringify({ run: path, ...result }) : table}\n`);
    });
}

function positive(text: string): number {
  const value = nonNegative(text);
  if (value === 0) throw new InvalidArgumentError('It takes a number above 0.');
  return value;
}

function share(text: string): number {
  const value = positive(text);
  if (value > 1) throw new InvalidArgumentError('It takes a number above 0, of 1 at most.');
  return value;
}

/** Fine-tunes with a progress bar; Ctrl-C stops it with a checkpoint. */
async function work(
  folder: RunFolder,
  config: ResolvedConfig,
  options: FineTuneSettings,
  again: boolean | undefined,
): Promise<FineTuneResult | 'interrupted'> {
  const spec = datasetSpecOf(config);
  const data = await loadWithBar(spec, (load) => loadDataset(spec, load));
  const progress = createProgress(`finetune ${folder.path}`, 'steps');
  const onStep = (done: number, total: number, loss: number): void =>
    progress.update(done, total, `loss ${loss.toFixed(3)}`);
  try {
    return await interruptible('Stopping after this step, with a checkpoint', (signal) =>
      fineTuneRun(folder, config, data, options, { onStep, signal, again }),
    );
  } finally {
    progress.stop();
  }
}
