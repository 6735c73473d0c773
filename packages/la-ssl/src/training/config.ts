/**
 * @file Every option of a training run, once: name, range, default, and the sentence that `--help` prints.
 *
 * The command line, the YAML file and the config that a run saves all have these names (a flag in kebab-case).
 * The values that the paper leaves open are options here; each says what its default follows.
 */
import { availableParallelism } from 'node:os';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { z } from 'zod';
import { DATASET_NAMES, type DatasetSpec } from '../data/index.js';
import { share as shareOrPercent } from '../data/spec.js';
import { METHODS } from '../methods/index.js';
import { ENCODERS } from '../models/index.js';

/** Heading under which `--help` shows an option. */
export type OptionGroup = 'Data' | 'Encoder' | 'Method' | 'Views' | 'Sampling' | 'Optimization' | 'Run';

const whole = (least: number) => z.int().min(least);
const positive = () => z.number().positive();
const share = () => z.number().min(0).max(1);
const seed = () =>
  z
    .int()
    .min(0)
    .max(2 ** 32 - 1);

/** Options by heading; the order is that of `--help`. */
const groups = {
  Data: {
    dataset: z.enum(DATASET_NAMES).default('corrupted-cifar10').describe('data set'),
    set: z
      .int()
      .optional()
      .describe('corrupted-cifar10: which ten corruptions, 0 weather and digital, 1 noise and blur'),
    severity: z.int().optional().describe('corrupted-cifar10: severity, 1 to 5'),
    alignedShare: shareOrPercent
      .optional()
      .describe('share of the training examples whose attribute goes with the label, such as 0.95 or 95%'),
    examples: whole(1).optional().describe('how many training examples, the same number of each class (all)'),
    testExamples: whole(1).optional().describe('how many test examples, the same number of each class (all)'),
    dataSeed: seed().optional().describe('seed of what is random in the data set itself'),
    frostPictures: z.string().optional().describe('corrupted-cifar10: a folder with pictures of frost'),
  },
  Encoder: {
    encoder: z.enum(ENCODERS).default('resnet18').describe('encoder'),
    stem: z
      .enum(['cifar', 'imagenet'])
      .default('cifar')
      .describe('first layers: for small images, or for 224 pixels and more'),
    width: whole(1).default(64).describe('channels of the first stage; 64 is the standard network'),
  },
  Method: {
    method: z.enum(METHODS).default('simclr').describe('self-supervised method'),
    temperature: positive().default(0.5).describe('temperature of the loss (SimCLR on CIFAR-10: 0.5)'),
    hidden: whole(1).optional().describe("size of the projector's hidden layer (that of the features)"),
    projections: whole(1).default(128).describe('size of the projections'),
    maskDuplicates: z
      .boolean()
      .default(true)
      .describe('an example drawn twice into a batch is not its own negative'),
  },
  Views: {
    cropScale: share().default(0.08).describe('least share of the image area that a crop keeps'),
    jitterStrength: z
      .number()
      .min(0)
      .max(2)
      .default(0.5)
      .describe('strength of the colour jitter (SimCLR on CIFAR-10: 0.5)'),
    jitterProbability: share().default(0.8).describe('probability of colour jitter'),
    grayscaleProbability: share().default(0.2).describe('probability of grayscale'),
    blurProbability: share().default(0).describe('probability of blur (SimCLR on CIFAR-10: none)'),
    flipProbability: share().default(0.5).describe('probability of a horizontal flip'),
  },
  Sampling: {
    sampler: z
      .enum(['uniform', 'la-ssl', 'oracle', 'la-ssl-shuffled'])
      .default('la-ssl')
      .describe(
        'how examples are drawn; oracle knows the true groups; la-ssl-shuffled is a control that gives the probabilities to random examples',
      ),
    gamma: z
      .number()
      .min(0)
      .default(10)
      .describe("how sharply slow examples are preferred (the paper's CelebA value: 10)"),
    r: share()
      .default(0.1)
      .describe("quantile of the speeds at which the threshold lies (the paper's CelebA value: 0.1)"),
    warmupEpochs: whole(0)
      .default(10)
      .describe("uniform epochs before the first update (the paper's CelebA value: 10)"),
    updateEvery: whole(1).default(2).describe("epochs between updates (the paper's CelebA value: 2)"),
    scoring: z
      .enum(['full-pass', 'in-step'])
      .optional()
      .describe(
        'measure speeds by a pass over all examples before an epoch, or from the training step at no cost (full-pass for la-ssl, else in-step)',
      ),
    scoreEvery: whole(1).default(1).describe('epochs between full passes; every update is preceded by one'),
    viewsPerScore: whole(2)
      .default(2)
      .describe('views of each example in a full pass; the similarity is averaged over all pairs'),
    emaWeight: z
      .number()
      .gt(0)
      .max(1)
      .default(0.1)
      .describe('weight of a new similarity in the moving average'),
    speedTemperature: positive().optional().describe('temperature of the learning speed (that of the loss)'),
    uniformShare: share().default(0).describe('share of the draws that ignore the speeds (the paper: none)'),
    conflictingShare: share()
      .optional()
      .describe('oracle: share of the draws that are conflicting (without it: all groups equally often)'),
  },
  Optimization: {
    epochs: whole(1).default(100).describe('epochs, each of as many draws as there are examples'),
    batchSize: whole(2).default(256).describe('examples a step'),
    lr: positive().default(0.06).describe('learning rate after the warm-up'),
    lrWarmupEpochs: z
      .number()
      .min(0)
      .default(0)
      .describe('epochs over which the learning rate rises from zero'),
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD'),
    weightDecay: z.number().min(0).default(5e-4).describe('weight decay'),
  },
  Run: {
    seed: seed().default(0).describe('seed of weights, views and draws'),
    threads: whole(1).optional().describe('threads (all processors)'),
    precision: z
      .enum(['auto', 'float32', 'bfloat16'])
      .default('auto')
      .describe('auto: bfloat16 where the processor has it'),
    checkpointMinutes: positive()
      .default(10)
      .describe('minutes between checkpoints inside an epoch; each epoch ends with one'),
    logEvery: whole(1).default(10).describe('steps between lines of the metrics file'),
  },
} satisfies Record<OptionGroup, z.ZodRawShape>;

export const trainConfigSchema = z.strictObject({
  ...groups.Data,
  ...groups.Encoder,
  ...groups.Method,
  ...groups.Views,
  ...groups.Sampling,
  ...groups.Optimization,
  ...groups.Run,
});

/** Names of the options under each heading. */
export const OPTION_GROUPS: Record<OptionGroup, string[]> = Object.fromEntries(
  Object.entries(groups).map(([group, options]) => [group, Object.keys(options)]),
) as Record<OptionGroup, string[]>;

/** A complete, valid configuration. */
export type TrainConfig = z.output<typeof trainConfigSchema>;
/** What a user gives: any part of it. */
export type TrainOptions = z.input<typeof trainConfigSchema>;

/** A configuration in which nothing depends on the machine or another option any more: what a run saves. */
export type ResolvedConfig = TrainConfig & {
  scoring: NonNullable<TrainConfig['scoring']>;
  threads: number;
  precision: 'float32' | 'bfloat16';
  speedTemperature: number;
};

/** Settles what is left to the machine (threads, precision) and to other options. */
export function resolveConfig(config: TrainConfig): ResolvedConfig {
  return {
    ...config,
    scoring: config.scoring ?? (config.sampler.startsWith('la-ssl') ? 'full-pass' : 'in-step'),
    threads: config.threads ?? availableParallelism(),
    precision: config.precision === 'auto' ? (hasFastBfloat16() ? 'bfloat16' : 'float32') : config.precision,
    speedTemperature: config.speedTemperature ?? config.temperature,
  };
}

/** The data set that a configuration asks for; the data room checks it and fills in its own defaults. */
export function datasetSpecOf(config: TrainConfig): DatasetSpec {
  const { dataset, set, severity, alignedShare, examples, testExamples, dataSeed, frostPictures } = config;
  const options = { set, severity, alignedShare, examples, testExamples, seed: dataSeed, frostPictures };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { name: dataset, ...Object.fromEntries(given) } as DatasetSpec;
}
