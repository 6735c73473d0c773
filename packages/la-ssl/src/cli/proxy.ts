/** @file `la-ssl proxy`: whether learning speed told the true groups apart, update by update. */
import { Command } from 'commander';
import { proxyOfRun, type RunProxy } from '../analysis/index.js';
import { loadSplit } from '../data/index.js';
import { datasetSpecOf, RunFolder } from '../training/index.js';
import { loadWithBar } from './load-data.js';
import { formatTable } from './table.js';

export function proxyCommand(): Command {
  return new Command('proxy')
    .summary('Say how good a proxy of the true groups learning speed was in a run.')
    .description(
      'Compare the learning speeds that runs left at each update with the true groups: whether conflicting examples are ' +
        'slower, how steady the speeds are, and whom the probabilities favour. Trains and scores nothing.',
    )
    .argument('<run...>', 'folders of runs, finished or not')
    .option('--json', 'print the result as JSON, with quantiles of speed by group')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl proxy runs/la-ssl
  la-ssl proxy runs/uniform runs/la-ssl runs/oracle
  la-ssl proxy runs/la-ssl --json | jq '.[0].updates[-1].byGroup'`,
    )
    .action(async (paths: string[], flags: { json?: boolean }) => {
      const runs: (RunProxy & { run: string })[] = [];
      for (const path of paths) {
        const folder = new RunFolder(path);
        const spec = datasetSpecOf(folder.readConfig());
        const train = await loadWithBar(spec, (options) => loadSplit(spec, 'train', options));
        runs.push({ run: path, ...(await proxyOfRun(folder, train)) });
      }
      process.stdout.write(
        `${flags.json ? JSON.stringify(runs) : runs.map((run) => describeProxy(run)).join('\n\n')}\n`,
      );
    });
}

const HEADER = [
  'before epoch',
  'AUROC',
  'precision %',
  'stability',
  'agreement',
  'conflicting draws %',
  'effective sample %',
  'largest π·N',
];

function describeProxy({ run, sampler, examples, conflictingExamples, updates }: RunProxy & { run: string }) {
  const rows = updates.map((update) => [
    String(update.epoch + 1),
    fixed(update.conflictingIsSlower, 3),
    percent(update.conflictingPrecision),
    fixed(update.rankCorrelation, 3),
    fixed(update.agreement, 3),
    percent(update.conflictingShare),
    percent(update.effectiveSampleShare),
    fixed(update.maxProbability * examples, 1),
  ]);
  const known =
    conflictingExamples === null
      ? 'which are conflicting is not known'
      : `${percent(conflictingExamples)} % of them conflicting`;
  return [
    `${run}: sampler ${sampler}, ${examples} examples, ${known}`,
    formatTable(HEADER, rows),
    groupTable(updates.at(-1)!, examples),
    MEANINGS,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const MEANINGS = `AUROC: chance that a conflicting example is slower than an aligned one (0.5 says nothing). Precision: conflicting among
as many slowest. Stability: rank correlation with the speeds of the update before, most of it by smoothing. Agreement: rank
correlation of what was measured since then with those speeds (0: they mean nothing).`;

/** Draws and speeds of each group at an update. */
function groupTable({ byGroup }: RunProxy['updates'][number], examples: number): string {
  if (!byGroup) return '';
  const rows = Object.entries(byGroup).map(([name, { examples: size, drawShare, speedQuantiles }]) => [
    name,
    String(size),
    percent(size / examples),
    percent(drawShare),
    ...[0, 2, 4].map((level) => fixed(speedQuantiles?.[level] ?? null, 3)),
  ]);
  return formatTable(
    ['group, last update', 'examples', '% of all', '% of draws', 'speed: 5 %', 'median', '95 %'],
    rows,
  );
}

function fixed(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}

function percent(share: number | null): string {
  return share === null ? '–' : (100 * share).toFixed(1);
}
