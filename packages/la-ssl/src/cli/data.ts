/** @file `la-ssl data`: fetch, make, list and look at data sets; a file each for the larger ones. */
import { Command } from 'commander';
import { dataCifar10Command } from './data-cifar10.js';
import { dataCorruptedCifar10Command } from './data-corrupted-cifar10.js';
import { dataDescribeCommand } from './data-describe.js';
import { dataListCommand } from './data-list.js';
import { dataMnistCommand } from './data-mnist.js';

export function dataCommand(): Command {
  const command = new Command('data').description('Fetch, make, list and look at data sets.').addHelpText(
    'after',
    `
Examples:
  la-ssl data list
  la-ssl data cifar10
  la-ssl data corrupted-cifar10 --severity 3 --aligned-share 99%
  la-ssl data describe shapes --sheet shapes.png`,
  );
  for (const below of [
    dataListCommand(),
    dataCifar10Command(),
    dataCorruptedCifar10Command(),
    dataMnistCommand(),
    dataDescribeCommand(),
  ])
    command.addCommand(below);
  return command;
}
