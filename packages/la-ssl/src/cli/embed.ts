/** @file `la-ssl embed`: the features of a data set under an encoder, for whatever comes after. */
import { availableParallelism } from 'node:os';
import { setThreads } from '@la-ssl/torch';
import { Command, Option } from 'commander';
import { evalTransform } from '../augment/index.js';
import { loadSplit, SPLITS, type Split } from '../data/index.js';
import { featureBatches } from '../evaluation/index.js';
import { FEATURE_FORMATS, type FeatureFormat, openEncoder, writeFeatures } from '../export/index.js';
import { dataProgress } from './data-progress.js';
import { addDatasetOptions, givenDataset } from './dataset-options.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { wholeNumberFrom } from './options.js';
import { outputFile } from './output-file.js';
import { createProgress } from './progress.js';

interface EmbedFlags {
  split: Split;
  format?: FeatureFormat;
  output?: string;
  batchSize: number;
  threads?: number;
  json?: boolean;
}

export function embedCommand(): Command {
  const command = new Command('embed')
    .summary('Write the features of a data set under the encoder of a run.')
    .description(
      'Compute the features of every example of a data set, as the probe does, and write them as they come. parquet: ' +
        'a row an example, with id, label, group and attributes where known, and features FLOAT[]. npy: float32 ' +
        '[N, F], and the rest beside it as CSV.',
    )
    .argument('<encoder>', 'the folder of a finished run, or a safetensors file of la-ssl export')
    .addOption(new Option('--split <name>', 'of which split').choices(SPLITS).default('train'))
    .addOption(
      new Option('--format <name>', `as the ending of --output says, or ${FEATURE_FORMATS[0]}`).choices(
        FEATURE_FORMATS,
      ),
    )
    .option('--output <file>', 'the file (<run>-<data set>-<split>, here)')
    .option('--batch-size <number>', 'images at a time', wholeNumberFrom(1), 256)
    .option('--threads <number>', 'threads (all processors)', wholeNumberFrom(1))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl embed runs/study-3                          # its own training images
  la-ssl embed runs/study-3 --split test --output test.npy
  la-ssl embed study-3.safetensors --dataset cifar10 --output cifar10.parquet
  la-ssl embed study-3.safetensors --dataset folder --path photos --output photos.parquet
  duckdb -c "SELECT label, count(*) FROM 'cifar10.parquet' GROUP BY label"`,
    );
  addDatasetOptions(command, "the encoder's own");
  return command.action(async (source: string, flags: EmbedFlags) => {
    const { format, file: asked } = outputFile(flags, FEATURE_FORMATS);
    setThreads(flags.threads ?? availableParallelism());
    const loading = dataProgress();
    const opened = await openEncoder(source, loading.onProgress).finally(loading.stop);
    const { encoder, info, name } = opened;
    const spec = givenDataset(command, info.dataset);
    const file = asked ?? `${name}-${spec.name}-${flags.split}.${format}`;
    const { channels = 3 } = info.options;
    if ('path' in spec) {
      // What the encoder is used to, where nothing is said.
      spec.imageSize ??= info.imageSize[0];
      if (channels === 1 || channels === 3) spec.channels ??= channels;
    }
    const dataset = await loadWithBar(spec, (options) => loadSplit(spec, flags.split, options));
    if (dataset.shape.channels !== channels) {
      throw new Error(
        `${source} takes images of ${channels} channels, ${dataset.name} has ${dataset.shape.channels}. ` +
          ('path' in spec ? `Decode it so: --channels ${channels}` : 'Take another data set: --dataset'),
      );
    }
    const progress = createProgress(`embed ${dataset.name}`, 'images');
    const files = await interruptible('Stopping', (signal) => {
      const batches = featureBatches(encoder, dataset, {
        transform: evalTransform(info.normalization),
        batchSize: flags.batchSize,
        precision: info.precision,
        onProgress: (done, total) => progress.update(done, total, ''),
        signal,
      });
      return writeFeatures(file, format, dataset, encoder.features, batches);
    }).finally(() => {
      progress.stop();
      encoder.dispose();
    });
    const result = {
      files,
      examples: dataset.shape.count,
      features: encoder.features,
      split: flags.split,
      dataset: spec,
      ...(dataset.skipped && { skipped: dataset.skipped }),
    };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(result)}\n`
        : `${files.join(', ')}: ${result.examples} examples, ${result.features} features each\n`,
    );
  });
}
