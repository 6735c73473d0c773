/** @file `la-ssl data`: fetch, make, list and look at data sets; a file each for the larger ones. */
import { Command } from 'commander';
import { dataCifar10Command } from './data-cifar10.js';
import { dataClearCommand } from './data-clear.js';
import { dataCorruptedCifar10Command } from './data-corrupted-cifar10.js';
import { dataDescribeCommand } from './data-describe.js';
import { dataListCommand } from './data-list.js';
import { dataMnistCommand } from './data-mnist.js';
import { dataPreviewCommand } from './data-preview.js';

export function dataCommand(): Command {
  const command = new Command('data').description('Fetch, make, list and look at data sets.').addHelpText(
    'after',
    `
Examples:
  la-ssl data list
  la-ssl data cifar10
  la-ssl data corrupted-cifar10 --severity 3 --aligned-share 99%
  la-ssl data describe shapes --sheet shapes.png
  la-ssl data preview shapes --method byol`,
  );
  for (const below of [
    dataListCommand(),
    dataClearCommand(),
    dataCifar10Command(),
    dataCorruptedCifar10Command(),
    dataMnistCommand(),
    dataDescribeCommand(),
    dataPreviewCommand(),
  ])
    command.addCommand(below);
  return command;
}
