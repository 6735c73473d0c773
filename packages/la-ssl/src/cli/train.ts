/** @file `la-ssl train`: pretrain an encoder, or go on with a run that was stopped. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { type ImageDataset, loadSplit } from '../data/index.js';
import {
  datasetSpecOf,
  type OnlineEvent,
  OPTION_GROUPS,
  pretrain,
  profileOf,
  type ResolvedConfig,
  RunFolder,
  resolveConfig,
  type TrainEvent,
  trainConfigSchema,
} from '../training/index.js';
import { checkDatasetSpec } from './dataset-options.js';
import { interruptible } from './interrupt.js';
import { loadWithBar } from './load-data.js';
import { addSchemaOptions, checkOptions, givenOptions, readOptionsFile } from './options.js';
import { profileTable } from './profile-table.js';
import { createProgress } from './progress.js';

interface TrainFlags {
  config?: string;
  name?: string;
  runs: string;
  resume?: string;
  profile?: boolean;
  json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command('train')
    .description('Pretrain an encoder without labels, uniformly or by learning speed.')
    .option('-c, --config <file>', 'YAML file with any of the options below; flags go first')
    .option('--name <name>', 'name of the run (data set, sampler and seed)')
    .option('--runs <folder>', 'where runs are kept', 'runs')
    .option('--resume <run>', 'go on with this run, with the options that it was started with')
    .option('--profile', 'say where the time goes: a table at the end, lines in the metrics')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  la-ssl train --dataset corrupted-cifar10 --examples 20000 --epochs 50 --sampler la-ssl
  la-ssl train --dataset folder --path photos --image-size 64 --stem imagenet
  la-ssl train --dataset folder --path xrays --image-size 224 --views medical
  la-ssl train --config study.yaml --seed 3 --name study-3
  la-ssl train --resume runs/study-3`,
    );
  addSchemaOptions(command, trainConfigSchema, OPTION_GROUPS);
  return command.action(async (flags: TrainFlags) => {
    const { folder, config } = flags.resume
      ? resumedRun(flags.resume, givenOptions(command, trainConfigSchema))
      : await newRun(flags, givenOptions(command, trainConfigSchema));
    const outcome = await runTraining(config, folder, flags.profile).catch((error: unknown) => {
      if (!flags.resume && !folder.hasBegun) folder.remove(); // the name is free for another try
      throw error;
    });
    const profile = flags.profile ? profileOf(folder.readMetrics()) : null;
    if (profile && !flags.json) process.stderr.write(`${profileTable(profile)}\n`);
    if (flags.json) {
      process.stdout.write(`${JSON.stringify({ run: folder.path, outcome, ...(profile && { profile }) })}\n`);
    } else if (outcome === 'finished') {
      process.stdout.write(`Finished: ${folder.path}\nNext: la-ssl probe ${folder.path}\n`);
    }
    if (outcome === 'interrupted') {
      process.stderr.write(`Stopped. Go on with: la-ssl train --resume ${folder.path}\n`);
      process.exitCode = 130;
    }
  });
}

function resumedRun(
  path: string,
  given: Record<string, unknown>,
): { folder: RunFolder; config: ResolvedConfig } {
  if (Object.keys(given).length > 0) {
    throw new Error(`--resume keeps the options of the run; leave out ${Object.keys(given).join(', ')}.`);
  }
  const folder = new RunFolder(path);
  const config = resolveConfig(folder.readConfig());
  if (folder.status === 'finished')
    throw new Error(`${path} is finished. Probe it with: la-ssl probe ${path}`);
  return { folder, config };
}

async function newRun(
  flags: TrainFlags,
  given: Record<string, unknown>,
): Promise<{ folder: RunFolder; config: ResolvedConfig }> {
  const fromFile = flags.config ? readOptionsFile(flags.config, trainConfigSchema) : {};
  const config = resolveConfig(checkOptions(trainConfigSchema, { ...fromFile, ...given }));
  checkDatasetSpec(datasetSpecOf(config)); // before the folder is made
  const name = flags.name ?? freeName(flags.runs, `${config.dataset}-${config.sampler}-${config.seed}`);
  if (!/^[\w.-]+$/.test(name))
    throw new Error(`--name ${name}: letters, digits, dots, dashes and underscores only.`);
  const folder = new RunFolder(join(flags.runs, name));
  if (folder.status !== 'empty') {
    const action =
      folder.status === 'finished' ? '' : ` Go on with it: la-ssl train --resume ${folder.path}.`;
    throw new Error(`${folder.path} holds a run already.${action} Or give another --name.`);
  }
  await folder.create(config);
  return { folder, config };
}

function freeName(runs: string, wanted: string): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted}-${i}`;
    if (!existsSync(join(runs, name))) return name;
  }
}

/** Trains with a progress bar; Ctrl-C stops it with a checkpoint. @param profile - as for `pretrain` */
export async function runTraining(
  config: ResolvedConfig,
  folder: RunFolder,
  profile = false,
): Promise<'finished' | 'interrupted'> {
  const spec = datasetSpecOf(config);
  const train = await loadWithBar(spec, (options) => loadSplit(spec, 'train', options));
  if ('path' in spec) await keepExamples(folder, spec.path, train);
  const progress = createProgress(folder.path, 'examples');
  let worth = ''; // of the features, when last seen
  const onEvent = (event: TrainEvent): void => {
    if (event.kind === 'progress') {
      const loss = event.loss === null ? 'scoring' : `loss ${event.loss.toFixed(3)}`;
      progress.update(event.done, event.total, `epoch ${event.epoch + 1}/${event.epochs}, ${loss}${worth}`);
    } else if (event.kind === 'note') {
      progress.line(event.text);
    } else if (event.kind === 'online') {
      worth = `, kNN ${percent(event.knnAccuracy)}`;
      progress.line(describeOnline(event));
    } else if (event.kind === 'update') {
      progress.line(describeUpdate(event));
    } else if (event.kind === 'warning') {
      progress.line(`epoch ${event.epoch + 1}, warning: ${event.text}`);
    }
  };
  try {
    return await interruptible('Stopping after this step, with a checkpoint', (signal) =>
      pretrain(config, { dataset: train, folder, onEvent, signal, profile }),
    );
  } finally {
    progress.stop();
  }
}

/** Writes into the run which images it has. @throws Error where it began with others, whose speeds it knows */
async function keepExamples(folder: RunFolder, path: string, { ids, skipped }: ImageDataset): Promise<void> {
  const names = createHash('sha256').update(ids.join('\n')).digest('hex');
  const file = folder.file('images.json');
  if (folder.hasBegun && existsSync(file)) {
    const known = JSON.parse(readFileSync(file, 'utf8')) as { count: number; names: string };
    if (known.names === names) return;
    throw new Error(
      `${path} has other images than when ${folder.path} began: ${ids.length} now, ${known.count} then. ` +
        'Put them back as they were, or start a new run.',
    );
  }
  await folder.writeJson('images.json', { count: ids.length, names, skipped: skipped ?? [] });
}

function percent(share: number | null): string {
  return share === null ? 'unknown' : `${(100 * share).toFixed(1)} %`;
}

function describeOnline({ epoch, knnAccuracy, probeAccuracy, queries }: OnlineEvent): string {
  const parts = [`kNN ${percent(knnAccuracy)}`];
  if (probeAccuracy !== null) parts.push(`online probe ${percent(probeAccuracy)}`);
  return `${epoch === 0 ? 'untrained' : `after epoch ${epoch}`}: ${parts.join(', ')} of ${queries} training images`;
}

function describeUpdate(event: Extract<TrainEvent, { kind: 'update' }>): string {
  const parts = [
    `epoch ${event.epoch + 1}: effective sample size ${percent(event.effectiveSampleShare)}`,
    `conflicting draws ${percent(event.conflictingShare)}`,
    `AUROC "conflicting is slower" ${event.conflictingIsSlower?.toFixed(3) ?? 'unknown'}`,
  ];
  if (event.chosen) parts.push(`${event.chosen.name} ${event.chosen.value.toPrecision(3)}`);
  if (event.uniformBecause) parts.push(`uniform, because ${event.uniformBecause.replaceAll('-', ' ')}`);
  return parts.join(', ');
}
