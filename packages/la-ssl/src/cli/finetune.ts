/** @file `la-ssl finetune`: trains the whole encoder of a finished run on the labels, and measures it by group. */
import { loadSafetensors, scope, setThreads } from '@la-ssl/torch';
import { Command } from 'commander';
import { loadDataset } from '../data/index.js';
import { detailedMetrics, FINE_TUNE_DEFAULTS, fineTune, testScores } from '../evaluation/index.js';
import { createMethod, datasetSpecOf, RunFolder, resolveConfig } from '../training/index.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { wholeNumberFrom } from './options.js';
import { nonNegative } from './probe.js';
import { createProgress } from './progress.js';
import { formatEstimate, formatTable } from './table.js';

type FineTuneFlags = typeof FINE_TUNE_DEFAULTS & { json?: boolean };

export function finetuneCommand(): Command {
  const by = FINE_TUNE_DEFAULTS;
  return new Command('finetune')
    .summary('Train the whole encoder of a finished run on the labels, and measure it by group.')
    .description(
      'Fine-tune a copy of the encoder with a linear head on the training labels as they are: cross-entropy, SGD with ' +
        'a cosine, crops and flips. The result goes into finetune.json; the encoder of the run stays as it is. Ctrl-C ' +
        'stops it and leaves nothing behind.',
    )
    .argument('<run>', 'the folder of a finished run')
    .option('--epochs <number>', 'epochs', wholeNumberFrom(1), by.epochs)
    .option('--batch-size <number>', 'images at a time', wholeNumberFrom(2), by.batchSize)
    .option('--lr <number>', 'learning rate of the first step', nonNegative, by.lr)
    .option('--weight-decay <number>', 'weight decay', nonNegative, by.weightDecay)
    .option('--crop-scale <number>', 'least share of the area that a crop keeps', nonNegative, by.cropScale)
    .option('--seed <number>', 'of the order and the views', wholeNumberFrom(0), by.seed)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  la-ssl finetune runs/la-ssl\n  la-ssl finetune runs/la-ssl --epochs 10 --lr 0.03',
    )
    .action(async (path: string, { json, ...options }: FineTuneFlags) => {
      const folder = new RunFolder(path);
      const config = resolveConfig(folder.readConfig());
      if (folder.status !== 'finished') {
        throw new Error(`${path} is not finished. Go on with it: la-ssl train --resume ${path}`);
      }
      const spec = datasetSpecOf(config);
      const data = await loadWithBar(spec, (load) => loadDataset(spec, load));
      setThreads(config.threads);
      const method = createMethod(config, data.train.shape);
      const progress = createProgress(`finetune ${path}`, 'steps');
      try {
        scope(() => method.encoder.loadStateDict(loadSafetensors(folder.encoderFile).tensors));
        const { loss, ...outcome } = await interruptible('Stopping', (signal) =>
          fineTune(method.encoder, data, {
            ...options,
            precision: config.precision,
            onStep: (done, total, current) => progress.update(done, total, `loss ${current.toFixed(3)}`),
            signal,
          }),
        );
        const detail = detailedMetrics(testScores(data, outcome));
        const result = { options, loss, metrics: outcome.metrics, detail };
        await folder.writeJson('finetune.json', result);
        const { overall, aligned, conflicting, worstGroup } = outcome.metrics;
        const cells = [overall, aligned, conflicting, worstGroup].map(formatEstimate);
        const header = ['fine-tuned', 'overall', 'aligned', 'conflicting', 'worst group', 'which'];
        const table = formatTable(header, [[path, ...cells, worstGroup?.group ?? '–']]);
        process.stdout.write(`${json ? JSON.stringify({ run: path, ...result }) : table}\n`);
      } finally {
        progress.stop();
        method.dispose();
      }
    });
}
