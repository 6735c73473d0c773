/** @file `la-ssl data describe`: what a data set has, by split and group, and how its attributes go with the label. */
import { Argument, Command, Option } from 'commander';
import { describeSplit } from '../analysis/index.js';
import { writeWhole } from '../data/cache.js';
import {
  DATASET_NAMES,
  type DatasetMetadata,
  type DatasetName,
  type DatasetSpec,
  type ImageDataset,
  imageSetOf,
  type LoadOptions,
  loadSplit,
  MissingSplit,
  SPLITS,
  type Split,
  subsetOf,
} from '../data/index.js';
import { groupSheet } from '../report/index.js';
import { OPTION_GROUPS, trainConfigSchema } from '../training/index.js';
import { givenDataset } from './dataset-options.js';
import { formatDescription } from './describe-tables.js';
import { loadWithBar } from './load-data.js';
import { addSchemaOptions, UsageError, wholeNumberFrom } from './options.js';
import { outputFile } from './output-file.js';

interface DescribeFlags {
  split?: Split;
  sheet?: string;
  perGroup: number;
  checkImages?: boolean;
  json?: boolean;
}

export function dataDescribeCommand(): Command {
  const command = new Command('describe')
    .description(
      'Say what a data set has: counts by split and group, the share that is aligned, how strongly each attribute goes ' +
        'with the label, what is unknown and what was left out; with --sheet some examples of each group as a picture. ' +
        'Of image files only those on the sheet are opened.',
    )
    .addArgument(new Argument('<dataset>', 'which data set').choices(DATASET_NAMES))
    .addOption(new Option('--split <name>', 'only this split (all there are)').choices(SPLITS))
    .option(
      '--sheet <file>',
      'draw examples of each group of the training images, or of --split, into this PNG',
    )
    .option('--per-group <number>', 'examples of each group on the sheet', wholeNumberFrom(1), 8)
    .option('--check-images', 'image files: decode all of them, to find those that are broken')
    .option('--json', 'print all counts as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl data describe shapes
  la-ssl data describe folder --path photos --sheet photos.png
  la-ssl data describe folder --path photos --check-images --on-bad skip --json | jq '.splits[].skipped'
  la-ssl data describe corrupted-cifar10 --set 1 --severity 3 --sheet set1.png --per-group 4
  la-ssl data describe cifar10 --split test --json | jq '.splits[0].groups'`,
    );
  addSchemaOptions(command, trainConfigSchema, {
    'Data, as in la-ssl train': OPTION_GROUPS.Data.filter((key) => key !== 'dataset'),
  });
  return command.action(async (name: DatasetName, flags: DescribeFlags) => {
    if (flags.sheet !== undefined) outputFile({ output: flags.sheet }, ['png']);
    const spec = givenDataset(command, { name });
    if (flags.checkImages && !('path' in spec)) {
      throw new UsageError(
        `--check-images does not apply here: ${name} is not made of image files. Leave it out.`,
      );
    }
    const { datasets, sheet } = await loadWithBar(spec, async (options) => {
      const described = await splitsOf(spec, flags, options);
      const [{ data, load }] = described;
      return {
        datasets: described.map((split) => split.data),
        sheet: flags.sheet === undefined ? null : await groupSheet(data, flags.perGroup, load),
      };
    });
    const splits = datasets.map(describeSplit);
    if (sheet) await writeWhole(flags.sheet!, [sheet.png]);
    const drawn = sheet && { file: flags.sheet, groups: sheet.groups, examples: sheet.examples };
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ dataset: spec, splits, ...(drawn && { sheet: drawn }) })}\n`);
      return;
    }
    process.stdout.write(`${formatDescription(datasets[0]!, splits)}\n`);
    if ('path' in spec && !flags.checkImages)
      process.stdout.write('\nNot every image was opened: --check-images finds those that are broken.\n');
    if (drawn)
      process.stdout.write(`\n${drawn.file}: ${drawn.examples} examples of ${drawn.groups} groups\n`);
  });
}

/** A split, and the way to the pixels of some of its examples. */
interface DescribedSplit {
  data: DatasetMetadata;
  load: (indices: Int32Array) => Promise<ImageDataset>;
}

/** The splits that there are, training first. @throws as `loadSplit`, and where none is there */
async function splitsOf(
  spec: DatasetSpec,
  { split: only, checkImages }: DescribeFlags,
  options: LoadOptions,
): Promise<[DescribedSplit, ...DescribedSplit[]]> {
  const images = await imageSetOf(spec, options);
  const describe = async (split: Split): Promise<DescribedSplit> => {
    if (images && !checkImages) {
      return { data: images.describe(split), load: (indices) => images.load(split, indices) };
    }
    const data = await (images ? images.load(split) : loadSplit(spec, split, options));
    return { data, load: async (indices) => subsetOf(data, indices) };
  };
  const splits: DescribedSplit[] = [];
  for (const split of only ? [only] : SPLITS) {
    try {
      splits.push(await describe(split));
    } catch (error) {
      if (only || !(error instanceof MissingSplit)) throw error;
    }
  }
  const [first, ...others] = splits;
  if (!first) throw new Error(`${spec.name} has no split that could be described.`);
  return [first, ...others];
}
