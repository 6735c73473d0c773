/** @file `la-ssl data preview`: the views that an encoder will see, by the pipelines of a run with the same options. */
import { Argument, Command, Option } from 'commander';
import { writeWhole } from '../data/cache.js';
import { DATASET_NAMES, type DatasetName, loadSplit, SPLITS, type Split } from '../data/index.js';
import { spreadOverGroups, viewSheet } from '../report/index.js';
import {
  datasetSpecOf,
  OPTION_GROUPS,
  type ResolvedConfig,
  resolveConfig,
  trainConfigSchema,
} from '../training/index.js';
import { checkDatasetSpec } from './dataset-options.js';
import { loadWithBar } from './load-data.js';
import { addSchemaOptions, checkOptions, givenOptions, readOptionsFile, wholeNumberFrom } from './options.js';
import { outputFile } from './output-file.js';
import { formatTable } from './table.js';

interface PreviewFlags {
  config?: string;
  split: Split;
  rows: number;
  out?: string;
  json?: boolean;
}

/** The options of a run that change its views, by heading. */
const OPTIONS: Record<string, string[]> = {
  'Data, as in la-ssl train': OPTION_GROUPS.Data.filter((key) => key !== 'dataset'),
  'Views, as in la-ssl train': OPTION_GROUPS.Views,
  'Run, as in la-ssl train': ['method', 'encoder', 'patchSize', 'maskRatio', 'seed'],
};

export function dataPreviewCommand(): Command {
  const command = new Command('preview')
    .description(
      'Draw what an encoder will see: some images of different groups, and six views of each as a run with these options ' +
        'would make them; small views, and the masks of MAE, too.',
    )
    .addArgument(
      new Argument('[dataset]', 'which data set (that of --config, or corrupted-cifar10)').choices(
        DATASET_NAMES,
      ),
    )
    .option(
      '-c, --config <file>',
      'YAML file with the options of la-ssl train, such as that of a run; flags go first',
    )
    .addOption(new Option('--split <name>', 'of which split').choices(SPLITS).default('train'))
    .option('--rows <number>', 'how many images', wholeNumberFrom(1), 6)
    .option('--out <file>', 'the picture (<dataset>-views.png)')
    .option('--json', 'print the file and the options of the views as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl data preview shapes --method byol
  la-ssl data preview folder --path xrays --image-size 224 --views medical --examples 100
  la-ssl data preview cifar10 --method mae --encoder vit-tiny --out mae.png
  la-ssl data preview --config runs/study-3/config.yaml --rows 3`,
    );
  addSchemaOptions(command, trainConfigSchema, OPTIONS);
  return command.action(async (dataset: DatasetName | undefined, flags: PreviewFlags) => {
    const fromFile = flags.config ? readOptionsFile(flags.config, trainConfigSchema) : {};
    const given = { ...fromFile, ...givenOptions(command, trainConfigSchema), ...(dataset && { dataset }) };
    const config = resolveConfig(checkOptions(trainConfigSchema, given));
    const spec = datasetSpecOf(config);
    checkDatasetSpec(spec);
    const { file = `${config.dataset}-views.png` } = outputFile(
      flags.out === undefined ? {} : { output: flags.out },
      ['png'],
    );
    const images = await loadWithBar(spec, (options) => loadSplit(spec, flags.split, options));
    const indices = spreadOverGroups(images, flags.rows);
    await writeWhole(file, [await viewSheet(config, images, indices)]);
    const views = viewOptionsOf(config);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ file, examples: indices.map((i) => images.ids[i]), views })}\n`
        : `${formatTable(
            ['views', config.method],
            Object.entries(views).map(([key, value]) => [key, String(value)]),
          )}\n\n${file}: ${indices.length} images\n`,
    );
  });
}

/** Every option of the views that has a value. */
function viewOptionsOf(config: ResolvedConfig): Record<string, unknown> {
  const values = new Map<string, unknown>(Object.entries(config));
  const known = OPTION_GROUPS.Views.filter((key) => values.get(key) !== undefined);
  return Object.fromEntries(known.map((key) => [key, values.get(key)]));
}
