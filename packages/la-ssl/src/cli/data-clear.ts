/** @file `la-ssl data clear`: removes decoded images from the cache. */
import { Command } from 'commander';
import { cacheFolder, clearDecoded } from '../data/index.js';
import { sizeOf } from './data-list.js';

export function dataClearCommand(): Command {
  return new Command('clear')
    .summary('Remove decoded images from the cache.')
    .description(
      'Remove the decoded images that --cache-images keeps. Data sets that were fetched or made stay; runs that use some of ' +
        'the images keep them until they end.',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExample:\n  la-ssl data clear')
    .action(async ({ json }: { json?: boolean }) => {
      const removed = await clearDecoded(cacheFolder());
      const bytes = removed.reduce((sum, file) => sum + file.bytes, 0);
      if (json)
        process.stdout.write(`${JSON.stringify({ removed: removed.map(({ file }) => file), bytes })}\n`);
      else process.stdout.write(`Removed of decoded images: ${sizeOf(removed)}\n`);
    });
}
