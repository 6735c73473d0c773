/** @file From a configuration to the parts of a run: method, optimizer, views, monitor, sampler. */
import { Generator, optim, scope, setThreads } from '@la-ssl/torch';
import { simclrAugment } from '../augment/index.js';
import { type Groups, groupsOf, type ImageDataset } from '../data/index.js';
import { METHODS, type Method, type MethodSpec } from '../methods/index.js';
import { createEncoder } from '../models/index.js';
import {
  conflictingShareProbabilities,
  groupBalancedProbabilities,
  LearningSpeedMonitor,
  LearningSpeedSampler,
  OracleSampler,
  type Sampler,
  UniformSampler,
} from '../sampling/index.js';
import { methodOptionsOf, type ResolvedConfig } from './config.js';
import { augmentedViews, type MakeViews } from './views.js';

/** The parts of a run. */
export interface RunParts {
  method: Method;
  optimizer: optim.SGD;
  makeViews: MakeViews;
  monitor: LearningSpeedMonitor;
  sampler: Sampler;
  groups: Groups | null;
  /** 1 where an example goes against the correlation; null where that is not known of all. */
  conflicting: Uint8Array | null;
}

/** @throws Error where the data set does not have what the configuration asks for */
export function createRun(config: ResolvedConfig, dataset: ImageDataset): RunParts {
  setThreads(config.threads);
  const count = dataset.shape.count;
  if (count < 2)
    throw new Error(`${dataset.name} has ${count} examples; a contrastive loss needs at least 2.`);
  const groups = dataset.labels ? groupsOf(dataset) : null;
  const conflicting =
    groups?.aligned && !groups.aligned.includes(-1)
      ? Uint8Array.from(groups.aligned, (aligned) => 1 - aligned)
      : null;
  const monitor = new LearningSpeedMonitor({ count, emaWeight: config.emaWeight });
  const sampler = createSampler(config, monitor, groups, conflicting);
  const method = createMethod(config, dataset.shape.channels);
  const augment = simclrAugment({
    cropScale: [config.cropScale, 1],
    strength: config.jitterStrength,
    jitterProbability: config.jitterProbability,
    grayscaleProbability: config.grayscaleProbability,
    blurProbability: config.blurProbability,
    flipProbability: config.flipProbability,
  });
  return {
    method,
    optimizer: new optim.SGD(method.namedParameters(), config),
    makeViews: augmentedViews(Array(METHODS[config.method].views).fill(augment), config.seed),
    monitor,
    sampler,
    groups,
    conflicting,
  };
}

/** The method with its encoder, freshly initialised from the run's seed. */
export function createMethod(config: ResolvedConfig, channels: number): Method {
  return scope(() => {
    const generator = new Generator(config.seed);
    const { stem, width } = config;
    const newEncoder = () => createEncoder(config.encoder, { stem, width, channels, generator });
    const parts = { newEncoder, generator, bfloat16: config.precision === 'bfloat16' };
    return (METHODS[config.method] as MethodSpec).create(parts, methodOptionsOf(config));
  });
}

function createSampler(
  config: ResolvedConfig,
  monitor: LearningSpeedMonitor,
  groups: Groups | null,
  conflicting: Uint8Array | null,
): Sampler {
  const { seed, warmupEpochs } = config;
  const count = monitor.speeds.length;
  switch (config.sampler) {
    case 'uniform':
      return new UniformSampler({ count, seed });
    case 'la-ssl':
    case 'la-ssl-shuffled':
      return new LearningSpeedSampler({ ...config, monitor, shuffled: config.sampler === 'la-ssl-shuffled' });
    case 'oracle': {
      if (config.conflictingShare !== undefined && !conflicting) {
        throw new Error(
          "sampler oracle with conflictingShare needs to know which examples are conflicting: this data set's attributes do not say what goes with which label.",
        );
      }
      if (!groups || groups.groupOf.includes(-1)) {
        throw new Error(
          'sampler oracle needs the group of every example, and this data set does not have it.',
        );
      }
      const probabilities =
        config.conflictingShare !== undefined && conflicting
          ? conflictingShareProbabilities(conflicting, config.conflictingShare)
          : groupBalancedProbabilities(groups.groupOf);
      return new OracleSampler({ probabilities, seed, warmupEpochs });
    }
    default:
      return config.sampler satisfies never;
  }
}
