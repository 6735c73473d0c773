/** @file `la-ssl data sheet`: a contact sheet of a data set, a row of examples for each group. */
import { Argument, Command, Option } from 'commander';
import { writeWhole } from '../data/cache.js';
import {
  DATASET_NAMES,
  type DatasetName,
  groupsOf,
  type ImageDataset,
  imagesAt,
  loadSplit,
  SPLITS,
  type Split,
} from '../data/index.js';
import { contactSheet, type SheetSection } from '../report/index.js';
import { OPTION_GROUPS, trainConfigSchema } from '../training/index.js';
import { givenDataset } from './dataset-options.js';
import { loadWithBar } from './load-data.js';
import { addSchemaOptions, wholeNumberFrom } from './options.js';

interface SheetFlags {
  split: Split;
  out?: string;
  perGroup: number;
  json?: boolean;
}

/** The options by which `la-ssl train` asks for a data set; which of them one has is checked when it is named. */
const DATA_OPTIONS = OPTION_GROUPS.Data.filter((key) => key !== 'dataset');

export function dataSheetCommand(): Command {
  const command = new Command('sheet')
    .description(
      'Draw a contact sheet of a data set: some examples of each group, with the size of the group.',
    )
    .addArgument(new Argument('<dataset>', 'which data set').choices(DATASET_NAMES))
    .addOption(new Option('--split <name>', 'of which split').choices(SPLITS).default('train'))
    .option('--per-group <number>', 'examples of each group', wholeNumberFrom(1), 8)
    .option('--out <file>', 'the picture (<dataset>-<split>.png)')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl data sheet shapes
  la-ssl data sheet corrupted-cifar10 --set 1 --severity 3 --per-group 4 --out set1.png
  la-ssl data sheet cifar10 --split test --per-group 12`,
    );
  addSchemaOptions(command, trainConfigSchema, { 'Data, as in la-ssl train': DATA_OPTIONS });
  return command.action(async (name: DatasetName, flags: SheetFlags) => {
    const spec = givenDataset(command, { name });
    const dataset = await loadWithBar(spec, (options) => loadSplit(spec, flags.split, options));
    const { indices, sections } = firstOfEachGroup(dataset, flags.perGroup);
    const sheet = await contactSheet({
      images: imagesAt(dataset, indices),
      shape: { ...dataset.shape, count: indices.length },
      sections,
      columns: flags.perGroup,
      side: 96,
    });
    const file = flags.out ?? `${name}-${flags.split}.png`;
    await writeWhole(file, [sheet]);
    const summary = { file, groups: sections.length, examples: indices.length };
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(summary)}\n`
        : `${file}: ${indices.length} examples of ${sections.length} groups\n`,
    );
  });
}

/** The first examples of each group that has any, with what to write above them. */
function firstOfEachGroup(
  dataset: ImageDataset,
  perGroup: number,
): { indices: number[]; sections: SheetSection[] } {
  const { groups, groupOf } = groupsOf(dataset);
  const members = groups.map((): number[] => []);
  groupOf.forEach((group, i) => {
    const known = members[group];
    if (known && known.length < perGroup) known.push(i);
  });
  const sections = groups.map(({ name, count, aligned }, g) => ({
    title: `${name} (${count}${aligned === undefined ? '' : aligned ? ', aligned' : ''})`,
    count: members[g]!.length,
  }));
  return { indices: members.flat(), sections: sections.filter(({ count }) => count > 0) };
}
