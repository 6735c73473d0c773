/**
 * @file Every option of a training run, once: name, range, default, and the sentence that `--help` prints.
 *
 * The command line, the YAML file and the config that a run saves all have these names (a flag in kebab-case).
 * The values that the paper leaves open are options here; each says what its default follows.
 */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { z } from 'zod';
import { boundaries } from '../data/age-groups.js';
import { conditions } from '../data/controlled-spec.js';
import { DATASET_NAMES, type DatasetSpec, datasetSpec } from '../data/index.js';
import { nameList, share as shareOrPercent, sharesByAttribute } from '../data/spec.js';
import { windowOption } from '../data/window.js';
import { METHODS, type MethodName, type MethodSpec, type Recipe } from '../methods/index.js';
import { ENCODER_OPTIONS, ENCODERS } from '../models/index.js';
import { usualViews, VIEW_RECIPES, VIEWS, type Views } from './view-recipe.js';

/** Heading under which `--help` shows an option. */
export type OptionGroup =
  | 'Data'
  | 'Encoder'
  | 'Method'
  | 'Views'
  | 'Sampling'
  | 'Optimization'
  | 'Online evaluation'
  | 'Run';

const whole = (least: number) => z.int().min(least);
const positive = () => z.number().positive();
const share = () => z.number().min(0).max(1);
const seed = () =>
  z
    .int()
    .min(0)
    .max(2 ** 32 - 1);

/** What a method's recipe may change. Source: SimCLR on CIFAR-10, for which `README.md` has the numbers. */
const RECIPE: Recipe = {
  optimizer: 'sgd',
  lr: 0.06,
  weightDecay: 5e-4,
  weightDecayEnd: undefined,
  lrWarmupEpochs: 0,
  clipGradient: 0,
  clipEachGradient: 0,
  beta2: 0.999,
  cropScale: 0.08,
  jitterStrength: 0.5,
  jitterSaturation: undefined,
  jitterHue: undefined,
  jitterProbability: 0.8,
  grayscaleProbability: 0.2,
  blurProbability: 0,
  blurKernel: 'tenth',
  solarizeProbability: 0,
  flipProbability: 0.5,
  rotation: 0,
  localCrops: 0,
  localCropSize: undefined,
  localCropScale: 0.05,
};

/** Options that say what encoder; `ENCODER_OPTIONS` has those that each takes. */
const ENCODER_OPTION_NAMES = ['stem', 'width', 'patchSize', 'depth', 'pooling'] as const;
type EncoderOption = (typeof ENCODER_OPTION_NAMES)[number];

const methods = Object.entries(METHODS) as [MethodName, MethodSpec][];

/** Defaults of the options that some encoders take; that of the stem follows from the size of the images. */
const ENCODER_DEFAULTS = { width: 64, depth: 12, pooling: 'token' } as const;

/** Up to so many pixels the first layers keep the resolution of the images. */
const SMALL = 64;

/** An option of some encoders only; `--help` says of which. */
function ofEncoder<T extends z.ZodType>(name: EncoderOption, type: T, text: string) {
  const takers = ENCODERS.filter((encoder) => ENCODER_OPTIONS[encoder].includes(name));
  const families = [...new Set(takers.map((encoder) => (encoder.startsWith('vit') ? 'vit' : 'resnet')))];
  const byDefault = name in ENCODER_DEFAULTS ? `, default: ${ENCODER_DEFAULTS[name as 'width']}` : '';
  return type.optional().describe(`${text} (${families.join(', ')}${byDefault})`);
}

/** An option whose default a method's recipe or that of the views may change; `--help` says which do. */
function recipe<T extends z.ZodType>(name: keyof Recipe, type: T, text: string) {
  const usual = RECIPE[name];
  const others = methods.flatMap(([method, { recipe: own }]) =>
    own[name] === undefined || own[name] === usual ? [] : [`${method}: ${own[name]}`],
  );
  const medical = VIEW_RECIPES.medical[name];
  if (medical !== undefined && medical !== usual) others.push(`medical views: ${medical}`);
  const defaults = [...(usual === undefined ? [] : [`default: ${usual}`]), ...others].join('; ');
  return type.optional().describe(defaults ? `${text} (${defaults})` : text);
}

/** An option of some methods only; `--help` says of which, with their defaults. */
function own<T extends z.ZodType>(name: string, type: T, text: string) {
  const takers = methods.flatMap(([method, { options }]) => {
    if (!(name in options)) return [];
    const value = (options as Record<string, unknown>)[name];
    return [value === undefined ? method : `${method}: ${value}`];
  });
  return type.optional().describe(`${text} (${takers.join('; ')})`);
}

const columnOf = (what: string) =>
  z.string().min(1).optional().describe(`folder with a table: column of ${what}`);

/** Options by heading; the order is that of `--help`. */
const groups = {
  Data: {
    dataset: z.enum(DATASET_NAMES).default('corrupted-cifar10').describe('data set'),
    set: z
      .int()
      .optional()
      .describe(
        'corrupted-cifar10, corrupted-mnist: which ten corruptions, 0 weather and digital, 1 noise and blur; colored-mnist: corrupt the images too, a second attribute',
      ),
    severity: z
      .int()
      .optional()
      .describe(
        'corrupted-cifar10, corrupted-mnist: severity, 1 to 5; colored-mnist: 1, colours vary much, to 5, hardly',
      ),
    corruptionSeverity: z
      .int()
      .optional()
      .describe('colored-mnist with --set: severity of the corruptions, 1 to 5'),
    variant: z
      .enum(['lff', 'irm'])
      .optional()
      .describe('colored-mnist: ten digits and colours, or two (default: lff)'),
    labelNoise: shareOrPercent
      .optional()
      .describe('colored-mnist, irm: probability that a label is flipped (default: 0.25)'),
    alignedShare: sharesByAttribute
      .optional()
      .describe(
        'share of the training examples whose attribute goes with the label, such as 0.95 or 95%, or of several attributes: colour=95%,corruption=80%; where attributes are not painted, others are left out',
      ),
    testAlignedShare: sharesByAttribute
      .optional()
      .describe('the same of the test examples, of which others are left out (as they stand)'),
    imbalance: z
      .number()
      .min(1)
      .optional()
      .describe(
        'ratio of the largest to the smallest class in training: the classes become smaller in their order',
      ),
    imbalanceKind: z
      .enum(['exponential', 'step'])
      .optional()
      .describe(
        'with --imbalance: from class to class, or the first half large and the others small (default: exponential)',
      ),
    trainWhere: conditions
      .optional()
      .describe(
        'train only on examples with this value of an attribute, or one of these: place=land or corruption=snow,corruption=fog',
      ),
    testWhere: conditions.optional().describe('the same of the test examples'),
    examples: whole(1).optional().describe('how many training examples, the same number of each class (all)'),
    testExamples: whole(1).optional().describe('how many test examples, the same number of each class (all)'),
    dataSeed: seed().optional().describe('seed of what is random in the data set itself'),
    path: z
      .string()
      .transform((path) => resolve(path)) // so that the run knows it from any folder
      .optional()
      .describe(
        'folder: the folder of images, or of a folder for each class, or of train/ and test/ with those; waterbirds, ' +
          'celeba, mimic-cxr: the folder that their archives unpack to',
      ),
    table: z
      .string()
      .transform((file) => (existsSync(file) ? resolve(file) : file)) // else it is below the folder
      .optional()
      .describe('folder: CSV or Parquet file, in the folder or elsewhere, with a row for each image'),
    imageColumn: columnOf('the paths of the images'),
    labelColumn: columnOf('the labels'),
    attributeColumns: nameList.optional().describe('folder with a table: columns of attributes, such as a,b'),
    splitColumn: columnOf('the splits: train, val, test, or 0, 1, 2'),
    idColumn: columnOf('ids of the examples, in place of their paths'),
    label: z
      .string()
      .optional()
      .describe(
        'celeba: which attribute is the label (default: Blond_Hair); mimic-cxr: which finding (default: No Finding)',
      ),
    attributes: nameList
      .optional()
      .describe(
        'attributes that make groups with the label; celeba: any (default: Male); mimic-cxr: age, sex (default: age)',
      ),
    labeler: z
      .enum(['chexpert', 'negbio'])
      .optional()
      .describe('mimic-cxr: which reading of the reports (default: chexpert)'),
    uncertainLabel: z
      .enum(['positive', 'negative', 'exclude'])
      .optional()
      .describe('mimic-cxr: what an uncertain finding is (default: exclude, the image is left out)'),
    missingLabel: z
      .enum(['negative', 'exclude'])
      .optional()
      .describe('mimic-cxr: what a finding is that is not mentioned (default: negative)'),
    xrayViews: z
      .enum(['frontal', 'all'])
      .optional()
      .describe('mimic-cxr: AP and PA, or lateral ones too (default: frontal)'),
    patients: z
      .string()
      .transform((file) => (existsSync(file) ? resolve(file) : file)) // else it is below the folder
      .optional()
      .describe('mimic-cxr: the table patients of MIMIC-IV, for age and sex (patients.csv.gz in the folder)'),
    ageBoundaries: boundaries
      .optional()
      .describe('mimic-cxr: ages at which a new group begins, such as 40,60 (default: 60)'),
    imageSize: whole(1)
      .optional()
      .describe(
        'image files: side to which images are resized and cropped, in pixels, 8 to 1024; 224 is usual for photographs (default: 32)',
      ),
    window: windowOption
      .optional()
      .describe(
        'gray image files of 16 bits, such as X-rays: full keeps the upper 8 bits, auto takes the 0.5 % and 99.5 % quantiles of each image for black and white, <low>:<high> these values (default: full)',
      ),
    cacheImages: z
      .enum(['auto', 'on', 'off'])
      .optional()
      .describe(
        'image files: keep decoded images on the disk, so that later starts need not decode and memory need not hold them; auto: 5,000 or more, or what memory cannot hold (default: auto)',
      ),
    onBad: z
      .enum(['stop', 'skip'])
      .optional()
      .describe('image files: what to do about images that cannot be used (default: stop)'),
    frostPictures: z
      .string()
      .optional()
      .describe(
        'corrupted-cifar10, corrupted-mnist, colored-mnist with --set: a folder with pictures of frost',
      ),
  },
  Encoder: {
    encoder: z.enum(ENCODERS).default('resnet18').describe('encoder'),
    stem: ofEncoder(
      'stem',
      z.enum(['cifar', 'imagenet']),
      `first layers: for images of up to ${SMALL} pixels, or for larger ones; by default as the images are`,
    ),
    width: ofEncoder('width', whole(1), 'channels of the first stage; 64 is the standard network'),
    patchSize: ofEncoder(
      'patchSize',
      whole(1),
      'side of a patch in pixels (4 for images of up to 64 pixels, else 16)',
    ),
    depth: ofEncoder('depth', whole(1), 'blocks'),
    pooling: ofEncoder(
      'pooling',
      z.enum(['token', 'avg']),
      'features: the class token, or the mean of the patches',
    ),
    init: z
      .string()
      .optional()
      .describe('safetensors of torchvision, timm or another run to start the encoder from'),
  },
  Method: {
    method: z
      .enum(methods.map(([name]) => name))
      .default('simclr')
      .describe('self-supervised method'),
    temperature: own('temperature', positive(), 'temperature of the loss'),
    speedTemperature: own(
      'speedTemperature',
      positive(),
      'temperature of the learning speed, or that of the loss',
    ),
    hidden: own('hidden', whole(1), "size of the projector's hidden layers, or that of the features"),
    projections: own('projections', whole(1), 'size of the projections'),
    projectorLayers: own('projectorLayers', whole(1), 'linear layers of the projector'),
    predictorHidden: own('predictorHidden', whole(1), "size of the predictor's hidden layer"),
    lambda: own('lambda', positive(), 'weight of what different projections have in common'),
    lossScale: own('lossScale', positive(), 'what the loss is multiplied with'),
    invarianceWeight: own('invarianceWeight', z.number().min(0), 'weight of the distance between views'),
    varianceWeight: own('varianceWeight', z.number().min(0), 'weight of projections that vary too little'),
    covarianceWeight: own('covarianceWeight', z.number().min(0), 'weight of projections that vary together'),
    maskDuplicates: own(
      'maskDuplicates',
      z.boolean(),
      'an example drawn twice into a batch is not its own negative',
    ),
    encoderMomentum: own(
      'encoderMomentum',
      share(),
      'momentum of the encoder that follows the other, in the first step; it goes to 1 by a cosine',
    ),
    freezePatches: own(
      'freezePatches',
      z.boolean(),
      'the patch projection of a transformer keeps its random first weights',
    ),
    bottleneck: own('bottleneck', whole(1), 'size of the layer before the prototypes'),
    headBatchNorm: own('headBatchNorm', z.boolean(), 'batch norm in the heads of student and teacher'),
    prototypes: own('prototypes', whole(2), 'outputs of student and teacher'),
    studentTemperature: own('studentTemperature', positive(), 'temperature of the student'),
    teacherTemperature: own('teacherTemperature', positive(), 'temperature of the teacher after its warm-up'),
    teacherTemperatureStart: own(
      'teacherTemperatureStart',
      positive(),
      'temperature of the teacher at first',
    ),
    teacherWarmupEpochs: own(
      'teacherWarmupEpochs',
      whole(0),
      'epochs over which the temperature of the teacher rises; 0: it does not',
    ),
    centerMomentum: own('centerMomentum', share(), "momentum of the centre of the teacher's outputs"),
    freezeLastLayerEpochs: own(
      'freezeLastLayerEpochs',
      whole(0),
      'epochs in which the prototypes keep their first weights',
    ),
    maskRatio: own('maskRatio', z.number().gt(0).lt(1), 'share of the patches that is hidden'),
    normalizeTarget: own(
      'normalizeTarget',
      z.boolean(),
      'what is hidden is to be drawn with mean 0 and variance 1 in each patch',
    ),
    decoderWidth: own('decoderWidth', whole(4), "size of the decoder's tokens, or 2/3 of the encoder's"),
    decoderDepth: own('decoderDepth', whole(1), 'blocks of the decoder'),
    decoderHeads: own('decoderHeads', whole(1), 'heads of the decoder, or one for each 32 of its width'),
    speed: own(
      'speed',
      z.enum(['reconstruction', 'features']),
      'learning speed: by the error of what is drawn, or by the features under two masks',
    ),
  },
  Views: {
    views: z
      .enum(VIEWS)
      .optional()
      .describe('what suits the images: photographs, or chest X-rays and the like (by the data set)'),
    cropScale: recipe('cropScale', share(), 'least share of the image area that a crop keeps'),
    jitterStrength: recipe('jitterStrength', z.number().min(0).max(2), 'strength of the colour jitter'),
    jitterSaturation: recipe(
      'jitterSaturation',
      z.number().min(0),
      'amount of its saturation, by default 0.8 times the strength',
    ),
    jitterHue: recipe(
      'jitterHue',
      z.number().min(0).max(0.5),
      'amount of its hue, by default 0.2 times the strength',
    ),
    jitterProbability: recipe('jitterProbability', share(), 'probability of colour jitter'),
    grayscaleProbability: recipe('grayscaleProbability', share(), 'probability of grayscale'),
    blurProbability: recipe('blurProbability', share(), 'probability of blur'),
    blurKernel: recipe(
      'blurKernel',
      z.enum(['tenth', 'whole']),
      'width of the blur: a tenth of the side as in SimCLR, or whole as in PIL',
    ),
    solarizeProbability: recipe(
      'solarizeProbability',
      share(),
      'probability of solarisation, in every second view',
    ),
    flipProbability: recipe('flipProbability', share(), 'probability of a horizontal flip'),
    rotation: recipe(
      'rotation',
      z.number().min(0).max(180),
      'greatest angle by which views are turned, in degrees',
    ),
    localCrops: recipe('localCrops', whole(0), 'small views of each image beside the full ones'),
    localCropSize: recipe(
      'localCropSize',
      whole(1),
      'side of a small view in pixels, by default half of that of the images',
    ),
    localCropScale: recipe(
      'localCropScale',
      z.number().gt(0).max(1),
      'least share of the image area that a small view keeps; the greatest is cropScale',
    ),
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
    uniformShare: share().default(0).describe('share of the draws that ignore the speeds (the paper: none)'),
    conflictingShare: share()
      .optional()
      .describe('oracle: share of the draws that are conflicting (without it: all groups equally often)'),
  },
  Optimization: {
    epochs: whole(1).default(100).describe('epochs, each of as many draws as there are examples'),
    batchSize: whole(2).default(256).describe('examples a step'),
    optimizer: recipe('optimizer', z.enum(['sgd', 'adamw', 'lars']), 'optimizer'),
    lr: recipe('lr', positive(), 'learning rate after the warm-up'),
    lrWarmupEpochs: recipe(
      'lrWarmupEpochs',
      z.number().min(0),
      'epochs over which the learning rate rises from zero',
    ),
    momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD and LARS, beta 1 of AdamW'),
    beta2: recipe('beta2', z.number().min(0).lt(1), 'beta 2 of AdamW'),
    weightDecay: recipe('weightDecay', z.number().min(0), 'weight decay'),
    weightDecayEnd: recipe('weightDecayEnd', z.number().min(0), 'weight decay at the end, by a cosine'),
    decayExempt: z
      .enum(['nothing', 'bias-and-norm'])
      .optional()
      .describe('what weight decay and the rates of LARS leave out (bias-and-norm, with SGD nothing)'),
    trustCoefficient: positive().default(0.02).describe('LARS: eta, the rate by the norm of the weights'),
    clipTrust: z
      .boolean()
      .default(true)
      .describe("LARS: the rate of no tensor exceeds that of SGD, as in solo-learn's form"),
    clipGradient: recipe(
      'clipGradient',
      z.number().min(0),
      'greatest norm of the whole gradient; 0: no limit',
    ),
    clipEachGradient: recipe(
      'clipEachGradient',
      z.number().min(0),
      "greatest norm of each tensor's gradient; 0: no limit",
    ),
    accumulate: whole(1)
      .default(1)
      .describe('parts of a batch that go through the network one after another, their gradients added up'),
  },
  'Online evaluation': {
    onlineEvaluation: z
      .boolean()
      .default(true)
      .describe(
        'nearest neighbours and a linear probe of the features while training, where there are labels; trains nothing else',
      ),
    knnExamples: whole(1)
      .optional()
      .describe('training examples whose labels the neighbours have (up to 3000, by the length of the run)'),
    knnQueries: whole(1)
      .optional()
      .describe('other training examples on which both are judged (up to 1000, by the length of the run)'),
    knnEvery: whole(1)
      .optional()
      .describe('epochs between evaluations (as many as 1 % of the time allows; one comes last in any case)'),
    onlineProbeLr: positive().default(0.1).describe('learning rate of the linear probe'),
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

/** Options of which each method takes some. */
const METHOD_OPTIONS = Object.keys(groups.Method).filter((name) => name !== 'method') as Exclude<
  keyof (typeof groups)['Method'],
  'method'
>[];

export const trainConfigSchema = z
  .strictObject({
    ...groups.Data,
    ...groups.Encoder,
    ...groups.Method,
    ...groups.Views,
    ...groups.Sampling,
    ...groups.Optimization,
    ...groups['Online evaluation'],
    ...groups.Run,
  })
  .superRefine((config, { addIssue }) => {
    const { options } = METHODS[config.method];
    for (const name of METHOD_OPTIONS) {
      if (config[name] === undefined || name in options) continue;
      const takers = methods.filter(([, spec]) => name in spec.options).map(([method]) => method);
      const message = `${config.method} has no such option; it belongs to ${takers.join(', ')}.`;
      addIssue({ code: 'custom', path: [name], message });
    }
    const { encoders, recipe: ofMethod } = METHODS[config.method] as MethodSpec;
    if (encoders && !encoders.includes(config.encoder)) {
      const [usual, ...others] = encoders;
      const message = `${config.method} cannot train ${config.encoder}. Take --encoder ${usual} (or ${others.join(', ')}).`;
      addIssue({ code: 'custom', path: ['method'], message });
    }
    if (config.localCrops !== undefined && config.localCrops > 0 && ofMethod.localCrops === undefined) {
      const takers = methods.filter(([, spec]) => spec.recipe.localCrops !== undefined).map(([name]) => name);
      const which = takers.length > 0 ? `these do: ${takers.join(', ')}` : 'no method does yet';
      const message = `${config.method} takes no small views; ${which}. Leave it out.`;
      addIssue({ code: 'custom', path: ['localCrops'], message });
    }
    for (const name of ENCODER_OPTION_NAMES) {
      if (config[name] === undefined) continue;
      if (ENCODER_OPTIONS[config.encoder].includes(name)) continue;
      const takers = ENCODERS.filter((encoder) => ENCODER_OPTIONS[encoder].includes(name));
      const message = `${config.encoder} has no such option; it belongs to ${takers.join(', ')}.`;
      addIssue({ code: 'custom', path: [name], message });
    }
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
export type ResolvedConfig = Omit<TrainConfig, keyof Recipe> &
  Recipe & {
    views: Views;
    scoring: NonNullable<TrainConfig['scoring']>;
    threads: number;
    precision: 'float32' | 'bfloat16';
    decayExempt: 'nothing' | 'bias-and-norm';
  };

/** Settles what is left to the method, to the machine (threads, precision) and to other options. */
export function resolveConfig(config: TrainConfig): ResolvedConfig {
  const { options, recipe } = METHODS[config.method] as MethodSpec;
  const { optimizer } = { ...RECIPE, ...recipe, ...definedOnly(config) };
  const { views = usualViews(config.dataset) } = config;
  return {
    ...encoderDefaults(config),
    ...definedOnly(RECIPE),
    ...definedOnly(recipe),
    ...VIEW_RECIPES[views],
    ...definedOnly(options),
    ...definedOnly(config),
    views,
    scoring: config.scoring ?? (config.sampler.startsWith('la-ssl') ? 'full-pass' : 'in-step'),
    threads: config.threads ?? availableParallelism(),
    precision: config.precision === 'auto' ? (hasFastBfloat16() ? 'bfloat16' : 'float32') : config.precision,
    decayExempt: config.decayExempt ?? (optimizer === 'sgd' ? 'nothing' : 'bias-and-norm'),
  } as ResolvedConfig;
}

function encoderDefaults(config: TrainConfig): object {
  const stem = imageSizeOf(config) > SMALL ? 'imagenet' : 'cifar';
  const taken = Object.entries({ ...ENCODER_DEFAULTS, stem }).filter(([name]) =>
    ENCODER_OPTIONS[config.encoder].includes(name as EncoderOption),
  );
  return Object.fromEntries(taken);
}

/** Side of the images in pixels, as asked for; a data set that has one size only has small images. */
function imageSizeOf(config: TrainConfig): number {
  const spec = datasetSpec.safeParse(datasetSpecOf(config)); // what is wrong with it is said where it is loaded
  return spec.data && 'imageSize' in spec.data ? spec.data.imageSize : 0;
}

function definedOnly<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The options that the configuration's method takes, complete. */
export function methodOptionsOf(config: ResolvedConfig): object {
  const { options } = METHODS[config.method];
  const given = new Map<string, unknown>(Object.entries(config));
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, given.get(name) ?? value]));
}

/** The data set that a configuration asks for; the data room checks it and fills in its own defaults. */
export function datasetSpecOf(config: TrainConfig): DatasetSpec {
  const given = Object.keys(groups.Data).flatMap((key) => {
    const value = config[key as keyof TrainConfig];
    if (key === 'dataset' || value === undefined) return [];
    return [[key === 'dataSeed' ? 'seed' : key, value]];
  });
  return { name: config.dataset, ...Object.fromEntries(given) } as DatasetSpec;
}
