/** @file `la-ssl data list`: the data sets by name, and what of them is in the cache. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { cacheFolder, DATASET_NAMES, type DatasetName, decodedFiles } from '../data/index.js';
import { formatTable } from './table.js';

const DESCRIPTIONS: Record<DatasetName, string> = {
  cifar10: '60,000 photographs of 32×32 pixels in ten classes; fetched',
  'corrupted-cifar10': 'CIFAR-10 with a corruption that goes with the class; made',
  'colored-mnist': 'MNIST with a colour that goes with the digit; painted as it is loaded',
  'corrupted-mnist': 'MNIST with a corruption that goes with the digit; made',
  folder: 'your own folder of images; read as it is loaded',
  'mimic-cxr': 'chest X-rays with findings; your copy, read as it is loaded',
  mnist: '70,000 handwritten digits of 28×28 pixels; fetched',
  celeba: 'faces with 40 attributes; your copy, read as it is loaded',
  shapes: 'shapes on grounds that go with them; drawn as it is loaded',
  waterbirds: 'birds on land and water; your copy, read as it is loaded',
};

export function dataListCommand(): Command {
  return new Command('list')
    .description('List the data sets, and what of them is in the cache.')
    .option('--json', 'print the list as JSON')
    .addHelpText('after', '\nExamples:\n  la-ssl data list\n  la-ssl data list --json | jq -r .cache')
    .action(async ({ json }: { json?: boolean }) => {
      const cache = cacheFolder();
      const datasets = DATASET_NAMES.map((name) => ({
        name,
        description: DESCRIPTIONS[name],
        cached: cachedFiles(join(cache, name)),
      }));
      const decoded = await decodedFiles(cache);
      if (json) {
        process.stdout.write(`${JSON.stringify({ cache, datasets, decoded })}\n`);
        return;
      }
      const rows = datasets.map(({ name, description, cached }) => [name, sizeOf(cached), description]);
      const table = formatTable(['data set', 'in the cache', 'what it is'], rows);
      process.stdout.write(`${table}\n\nCache: ${cache} (LA_SSL_DATA sets another)\n`);
      if (decoded.length === 0) return;
      process.stdout.write(`Decoded images there: ${sizeOf(decoded)} (la-ssl data clear removes them)\n`);
    });
}

interface CachedFile {
  file: string;
  bytes: number;
}

/** The files of a data set that are complete. */
function cachedFiles(folder: string): CachedFile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // nothing was made yet
  }
  return names
    .filter((name) => name.endsWith('.bin'))
    .sort()
    .map((name) => ({ file: join(folder, name), bytes: statSync(join(folder, name)).size }));
}

export function sizeOf(files: readonly { bytes: number }[]): string {
  if (files.length === 0) return '–';
  const megabytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${megabytes.toFixed(0)} MB`;
}
