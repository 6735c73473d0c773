/** @file `la-ssl data corrupted-cifar10`: make Corrupted CIFAR-10 once, and say what is in it. */
import { join } from 'node:path';
import { Command } from 'commander';
import {
  cacheFolder,
  corruptedCifar10Spec,
  groupsOf,
  type ImageDataset,
  loadDataset,
} from '../data/index.js';
import { dataProgress } from './data-progress.js';
import { addSchemaOptions, checkOptions, givenOptions } from './options.js';
import { formatTable } from './table.js';

export function dataCorruptedCifar10Command(): Command {
  const command = new Command('corrupted-cifar10')
    .summary('Make Corrupted CIFAR-10, and count its groups.')
    .description(
      'Make Corrupted CIFAR-10: the kind of corruption goes with the class in most of the training images, and in ' +
        'none of the test images. It is kept in the cache; CIFAR-10 is fetched first where it is missing.',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl data corrupted-cifar10
  la-ssl data corrupted-cifar10 --set 1 --severity 3 --aligned-share 99.5%
  la-ssl data corrupted-cifar10 --examples 20000 --json`,
    );
  const options = Object.keys(corruptedCifar10Spec.shape).filter((key) => key !== 'name');
  addSchemaOptions(command, corruptedCifar10Spec, { Data: options });
  return command.action(async (flags: { json?: boolean }) => {
    const spec = checkOptions(corruptedCifar10Spec, {
      name: 'corrupted-cifar10',
      ...givenOptions(command, corruptedCifar10Spec),
    });
    const { onProgress, stop } = dataProgress();
    const splits = await loadDataset(spec, { fetch: true, onProgress }).finally(stop);
    const folder = join(cacheFolder(), 'corrupted-cifar10');
    const counts = Object.values(splits).map(countsOf);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ folder, spec, splits: counts })}\n`
        : `${describeCounts(counts)}\n\nCache: ${folder}\nLook at it: la-ssl data describe corrupted-cifar10 --sheet corrupted-cifar10.png\n`,
    );
  });
}

interface Counts {
  split: string;
  examples: number;
  aligned: number;
  conflicting: number;
  smallestGroup: { name: string; count: number };
}

function countsOf(dataset: ImageDataset): Counts {
  const { groups, aligned } = groupsOf(dataset);
  const smallest = groups.reduce((least, group) => (group.count < least.count ? group : least));
  return {
    split: dataset.split,
    examples: dataset.shape.count,
    aligned: aligned?.filter((flag) => flag === 1).length ?? 0,
    conflicting: aligned?.filter((flag) => flag === 0).length ?? 0,
    smallestGroup: { name: smallest.name, count: smallest.count },
  };
}

function describeCounts(counts: readonly Counts[]): string {
  const rows = counts.map(({ split, examples, aligned, conflicting, smallestGroup }) => [
    split,
    String(examples),
    ...[aligned, conflicting].map((n) => `${n} (${((100 * n) / examples).toFixed(1)} %)`),
    `${smallestGroup.count}: ${smallestGroup.name}`,
  ]);
  return formatTable(['split', 'examples', 'aligned', 'conflicting', 'smallest group'], rows);
}
