/**
 * @file `la-ssl demo`: the whole idea in a few minutes, on images that are drawn on the spot.
 *
 * Trains the same encoder twice, uniformly and by learning speed, from the same first weights and the same number of
 * steps, and compares linear probes of the two. Settings were chosen on other seeds than the one that it runs with.
 */
import { join } from 'node:path';
import { Command } from 'commander';
import {
  type ResolvedConfig,
  RunFolder,
  resolveConfig,
  type TrainOptions,
  trainConfigSchema,
} from '../training/index.js';
import { wholeNumberFrom } from './options.js';
import { probeRuns } from './probe.js';
import { compareRuns } from './probe-compare.js';
import { probesAsJson, shortTable } from './probe-tables.js';
import { runTraining } from './train.js';

/** What the runs share. Chosen on seeds 100 to 102. */
export const DEMO: TrainOptions = {
  dataset: 'shapes',
  examples: 4000,
  encoder: 'resnet18',
  stem: 'cifar',
  width: 8,
  temperature: 0.2,
  projections: 64,
  cropScale: 0.2,
  epochs: 20,
  batchSize: 64,
  lr: 0.1,
  lrWarmupEpochs: 1,
  warmupEpochs: 8,
  updateEvery: 1,
  // Speeds from the training step cost nothing, and a third of the draws stays uniform: drawing from the slowest tenth
  // alone leaves too few images to learn from.
  scoring: 'in-step',
  uniformShare: 0.35,
  conflictingShare: 0.5,
};

const INTRODUCTION = `Shapes on grounds: the label is a shape (star, heart, ring, cross), and in 95 % of the training images each
shape lies on its own ground (sea, meadow, sand, brick). In the test set every ground is equally likely. An encoder
that learns the ground and neglects the shape fails on the conflicting images. Both runs start from the same weights
and take the same number of steps; the second draws what it learns slowly more often.
`;

const SAMPLERS = ['uniform', 'la-ssl', 'oracle'] as const;

interface DemoFlags {
  runs: string;
  seed: number;
  oracle?: boolean;
  threads?: number;
  json?: boolean;
}

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Train an encoder twice on drawn images, uniformly and by learning speed, and compare the two.',
    )
    .option('--runs <folder>', 'where the runs go', 'runs')
    .option('--seed <number>', 'seed of the runs', wholeNumberFrom(0), 0)
    .option('--oracle', 'train a third time, drawing half conflicting images by their true group')
    .option('--threads <number>', 'threads (all processors)', wholeNumberFrom(1))
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nExamples:\n  la-ssl demo\n  la-ssl demo --seed 1 --oracle --runs /tmp/runs')
    .action(async (flags: DemoFlags) => {
      process.stderr.write(`${INTRODUCTION}\n`);
      const paths: string[] = [];
      for (const sampler of flags.oracle ? SAMPLERS : SAMPLERS.slice(0, 2)) {
        const folder = new RunFolder(join(flags.runs, `demo-${flags.seed}`, sampler));
        const config = await demoRun(folder, { ...DEMO, sampler, seed: flags.seed, threads: flags.threads });
        if (folder.status !== 'finished' && (await runTraining(config, folder)) === 'interrupted') {
          process.stderr.write('Stopped. Go on with the same command.\n');
          process.exitCode = 130;
          return;
        }
        paths.push(folder.path);
      }
      const runs = await probeRuns(paths);
      const probed = runs.map((run) => run.probed);
      const comparisons = compareRuns(probed);
      if (flags.json) process.stdout.write(`${JSON.stringify(probesAsJson(probed, comparisons))}\n`);
      else {
        process.stdout.write(
          `\n${shortTable(probed, comparisons)}\n\n` +
            'A linear probe of the frozen features, fitted on the training labels as they are. Intervals are over the\n' +
            `${runs[0]!.data.test.shape.count} test images, of this one seed; that of the difference is paired.\n\n` +
            `Written: ${paths.join(', ')}\n` +
            `More:    la-ssl probe ${paths.join(' ')}   (also a balanced and an attribute probe)\n` +
            `         la-ssl score ${paths[1]}   (the images that were learned slowest)\n`,
        );
      }
    });
}

/** The run in this folder, begun where there is none. @throws Error where it was made with other settings */
async function demoRun(folder: RunFolder, options: TrainOptions): Promise<ResolvedConfig> {
  const config = trainConfigSchema.parse(options);
  if (folder.status === 'empty') await folder.create(resolveConfig(config));
  else {
    const { threads: _threads, precision: _precision, ...saved } = folder.readConfig();
    const { threads: _now, precision: _auto, ...wanted } = resolveConfig(config);
    if (JSON.stringify(Object.entries(saved).sort()) !== JSON.stringify(Object.entries(wanted).sort())) {
      throw new Error(`${folder.path} holds a run with other settings. Remove it, or give another --runs.`);
    }
    process.stderr.write(
      `${folder.path} is ${folder.status === 'finished' ? 'trained already' : 'gone on with'}.\n`,
    );
  }
  return resolveConfig(folder.readConfig());
}
