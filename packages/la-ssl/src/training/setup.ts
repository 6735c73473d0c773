/** @file From a configuration to the parts of a run: method, optimizer, views, monitor, sampler. */
import { Generator, optim, scope, setThreads } from '@la-ssl/torch';
import { type Groups, groupsOf, type ImageDataset } from '../data/index.js';
import { METHODS, type Method, type MethodSpec } from '../methods/index.js';
import { createEncoder, type Encoder, type EncoderOptions } from '../models/index.js';
import {
  conflictingShareProbabilities,
  groupBalancedProbabilities,
  LearningSpeedMonitor,
  LearningSpeedSampler,
  OracleSampler,
  type Sampler,
  type ScalingFunction,
  UniformSampler,
} from '../sampling/index.js';
import { methodOptionsOf, type ResolvedConfig } from './config.js';
import { type AttributeCodes, attributeCodes, attributeUser } from './knowledge.js';
import { viewPipelines } from './view-pipelines.js';
import { augmentedViews, type MakeViews } from './views.js';

/** The parts of a run. */
export interface RunParts {
  method: Method;
  optimizer: optim.Optimizer;
  makeViews: MakeViews;
  monitor: LearningSpeedMonitor;
  sampler: Sampler;
  groups: Groups | null;
  /** 1 where an example goes against the correlation; null where that is not known of all. */
  conflicting: Uint8Array | null;
  /** What the method or the batches go by; null where nothing does. */
  attributes: AttributeCodes | null;
}

/** What an encoder must know of its images. */
type ImageSize = Pick<ImageDataset['shape'], 'channels' | 'height' | 'width'>;

/**
 * @param initialise - called with every new encoder, to give it other first weights
 * @throws Error where the data set does not have what the configuration asks for
 */
export function createRun(
  config: ResolvedConfig,
  dataset: ImageDataset,
  initialise?: (encoder: Encoder) => void,
): RunParts {
  setThreads(config.threads);
  const count = dataset.shape.count;
  if (count < 2)
    throw new Error(`${dataset.name} has ${count} examples; a contrastive loss needs at least 2.`);
  const groups = dataset.labels ? groupsOf(dataset) : null;
  const conflicting =
    groups?.aligned && !groups.aligned.includes(-1)
      ? Uint8Array.from(groups.aligned, (aligned) => 1 - aligned)
      : null;
  const monitor = new LearningSpeedMonitor({
    count,
    emaWeight: config.emaWeight,
    biasCorrection: config.emaBiasCorrection,
  });
  const sampler = createSampler(config, monitor, dataset, { groups, conflicting });
  const user = attributeUser(config);
  const attributes = user === null ? null : attributeCodes(dataset, user, config.attribute);
  const method = createMethod(config, dataset.shape, { initialise, attributeValues: attributes?.values });
  return {
    method,
    optimizer: createOptimizer(config, method),
    makeViews: viewsOf(config, dataset.shape),
    monitor,
    sampler,
    groups,
    conflicting,
    attributes,
  };
}

/** What makes the views of a run on such images. @throws Error as `viewPipelines` and `encoderOptionsOf` */
export function viewsOf(config: ResolvedConfig, image: ImageSize): MakeViews {
  const { patchSize } = encoderOptionsOf(config, image);
  return augmentedViews(viewPipelines(config, { ...image, patchSize }), config.seed);
}

/**
 * The method with its encoder, freshly initialised from the run's seed.
 * @param initialise - as for `createRun`
 * @param attributeValues - V of the attribute; where only the encoder is wanted it does not matter
 */
export function createMethod(
  config: ResolvedConfig,
  image: ImageSize,
  {
    initialise,
    attributeValues = 2,
  }: {
    initialise?: ((encoder: Encoder) => void) | undefined;
    attributeValues?: number | undefined;
  } = {},
): Method {
  return scope(() => {
    const generator = new Generator(config.seed);
    const spec: MethodSpec = METHODS[config.method];
    return spec.create(
      {
        newEncoder: (own = {}) => {
          const options = { ...encoderOptionsOf(config, image), ...own, generator };
          const encoder = createEncoder(config.encoder, options);
          initialise?.(encoder);
          return encoder;
        },
        generator,
        bfloat16: config.precision === 'bfloat16',
        attributeValues,
      },
      methodOptionsOf(config),
    );
  });
}

/** What the configuration says of its encoder, for these images. @throws Error where a transformer's images are not square */
export function encoderOptionsOf(
  config: ResolvedConfig,
  { channels, height, width }: ImageSize,
): EncoderOptions {
  const { stem, width: channelsOfFirst, depth, pooling } = config;
  if (!config.encoder.startsWith('vit')) return { stem, width: channelsOfFirst, channels };
  if (height !== width) {
    throw new Error(`${config.encoder} takes square images, and these are of ${height} × ${width} pixels.`);
  }
  const patchSize = config.patchSize ?? (height <= 64 ? 4 : 16);
  return { patchSize, imageSize: height, depth, pooling, channels };
}

function createOptimizer(config: ResolvedConfig, method: Method): optim.Optimizer {
  const { lr, weightDecay, momentum, beta2 } = config;
  const all = [...method.namedParameters()].filter(([, parameter]) => parameter.requiresGrad);
  const constant = ([name]: [string, unknown]): boolean => method.constantRate?.has(name) ?? false;
  const groups: optim.ParameterGroup[] = [
    { parameters: new Map(all.filter((entry) => !constant(entry))) },
    { parameters: new Map(all.filter(constant)), lr },
  ];
  const exempted = config.decayExempt === 'nothing' ? groups : optim.exemptBiasAndNorm(groups);
  switch (config.optimizer) {
    case 'sgd':
      return new optim.SGD(exempted, { lr, weightDecay, momentum });
    case 'adamw':
      return new optim.AdamW(exempted, { lr, weightDecay, betas: [momentum, beta2] });
    case 'lars': {
      const { trustCoefficient: eta, clipTrust: clip } = config;
      return new optim.LARS(exempted, { lr, weightDecay, momentum, eta, clip });
    }
    default:
      return config.optimizer satisfies never;
  }
}

/** @throws Error where the data set does not have what the sampler goes by */
function createSampler(
  config: ResolvedConfig,
  monitor: LearningSpeedMonitor,
  { labels }: ImageDataset,
  { groups, conflicting }: Pick<RunParts, 'groups' | 'conflicting'>,
): Sampler {
  const { seed, warmupEpochs, updateEvery, uniformShare } = config;
  const count = monitor.speeds.length;
  switch (config.sampler) {
    case 'uniform':
      return new UniformSampler({ count, seed });
    case 'la-ssl':
    case 'la-ssl-shuffled':
      return new LearningSpeedSampler({ ...config, monitor, shuffled: config.sampler === 'la-ssl-shuffled' });
    case 'high-loss':
      return new LearningSpeedSampler({
        ...{ monitor, seed, warmupEpochs, updateEvery, uniformShare },
        scaling: byLoss,
      });
    case 'class-balanced': {
      if (!labels || labels.includes(-1)) {
        throw new Error(
          'sampler class-balanced needs the label of every example, and this data set does not have it.',
        );
      }
      return new OracleSampler({ probabilities: groupBalancedProbabilities(labels), seed, warmupEpochs });
    }
    case 'oracle':
      return new OracleSampler({
        probabilities: oracleProbabilities(config, groups, conflicting),
        seed,
        warmupEpochs,
      });
    default:
      return config.sampler satisfies never;
  }
}

/**
 * Where the speed is exp(−loss), the loss: what draws in proportion to it, without weights that would undo that.
 *
 * That is the proportional variant of prioritized replay with α = 1 (Schaul 2016, § 3.3, https://arxiv.org/abs/1511.05952),
 * a loss in place of its error. Online batch selection (Loshchilov and Hutter 2016, https://arxiv.org/abs/1511.06343)
 * goes by the rank of the last loss, JTT (Liu 2021, https://arxiv.org/abs/2107.09044) by the errors of a classifier.
 */
const byLoss: ScalingFunction = () => ({ threshold: null, h: (speed) => -Math.log(speed) });

function oracleProbabilities(
  { conflictingShare }: ResolvedConfig,
  groups: Groups | null,
  conflicting: Uint8Array | null,
): Float64Array {
  if (conflictingShare !== undefined && !conflicting) {
    throw new Error(
      "sampler oracle with conflictingShare needs to know which examples are conflicting: this data set's attributes do not say what goes with which label.",
    );
  }
  if (!groups || groups.groupOf.includes(-1)) {
    throw new Error('sampler oracle needs the group of every example, and this data set does not have it.');
  }
  return conflictingShare !== undefined && conflicting
    ? conflictingShareProbabilities(conflicting, conflictingShare)
    : groupBalancedProbabilities(groups.groupOf);
}
