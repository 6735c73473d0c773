/**
 * @file A training run's configuration: every option, once, from the headings in `options/`.
 *
 * The command line, the YAML file and the config that a run saves all have these names (a flag in kebab-case).
 * The values that the paper leaves open are options; each says what its default follows.
 */
import { availableParallelism } from 'node:os';
import { hasFastBfloat16 } from '@la-ssl/torch';
import { z } from 'zod';
import { type DatasetSpec, datasetSpec } from '../data/index.js';
import { METHODS, type MethodSpec, type Recipe } from '../methods/index.js';
import { ENCODER_OPTIONS, ENCODERS } from '../models/index.js';
import { attributeUser } from './knowledge.js';
import { dataOptions } from './options/data.js';
import {
  ENCODER_DEFAULTS,
  ENCODER_OPTION_NAMES,
  type EncoderOption,
  encoderOptions,
  SMALL_IMAGES,
} from './options/encoder.js';
import { methods } from './options/fields.js';
import { methodOptions } from './options/method.js';
import { onlineEvaluationOptions } from './options/online-evaluation.js';
import { optimizationOptions } from './options/optimization.js';
import { RECIPE } from './options/recipe.js';
import { runOptions } from './options/run.js';
import { samplingOptions } from './options/sampling.js';
import { viewOptions } from './options/views.js';
import { samplingProblems, scalingDefaults } from './scaling-options.js';
import { usualViews, VIEW_RECIPES, type Views } from './view-recipe.js';

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

/** Options by heading; the order is that of `--help`. */
const groups = {
  Data: dataOptions,
  Encoder: encoderOptions,
  Method: methodOptions,
  Views: viewOptions,
  Sampling: samplingOptions,
  Optimization: optimizationOptions,
  'Online evaluation': onlineEvaluationOptions,
  Run: runOptions,
} satisfies Record<OptionGroup, z.ZodRawShape>;

/** Options of which each method takes some. */
const METHOD_OPTIONS = Object.keys(methodOptions).filter((name) => name !== 'method') as Exclude<
  keyof typeof methodOptions,
  'method'
>[];

export const trainConfigSchema = z
  .strictObject({
    ...dataOptions,
    ...encoderOptions,
    ...methodOptions,
    ...viewOptions,
    ...samplingOptions,
    ...optimizationOptions,
    ...onlineEvaluationOptions,
    ...runOptions,
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
    for (const { option, message } of samplingProblems(config)) {
      addIssue({ code: 'custom', path: [option], message });
    }
    if (config.attribute !== undefined && attributeUser(config) === null) {
      const takers = methods.filter(([, spec]) => spec.needs === 'attributes').map(([name]) => name);
      const message = `nothing goes by an attribute here; --method ${takers.join(', ')} and --batch-by attribute do. Leave it out.`;
      addIssue({ code: 'custom', path: ['attribute'], message });
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
/** Options as a user gives them, before defaults: all may be left out. */
export type TrainOptions = z.input<typeof trainConfigSchema>;

/** A configuration in which nothing depends on the machine or another option any more: what a run saves. */
export type ResolvedConfig = Omit<TrainConfig, keyof Recipe> &
  Recipe & {
    views: Views;
    scoring: NonNullable<TrainConfig['scoring']>;
    emaWeight: number;
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
    ...definedOnly(scalingDefaults(config)),
    emaWeight: config.sampler === 'high-loss' ? 1 : 0.1,
    ...definedOnly(config),
    views,
    scoring: config.scoring ?? 'in-step',
    threads: config.threads ?? availableParallelism(),
    precision: config.precision === 'auto' ? (hasFastBfloat16() ? 'bfloat16' : 'float32') : config.precision,
    decayExempt: config.decayExempt ?? (optimizer === 'sgd' ? 'nothing' : 'bias-and-norm'),
  } as ResolvedConfig;
}

function encoderDefaults(config: TrainConfig): object {
  const stem = imageSizeOf(config) > SMALL_IMAGES ? 'imagenet' : 'cifar';
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
  const given = Object.keys(dataOptions).flatMap((key) => {
    const value = config[key as keyof TrainConfig];
    if (key === 'dataset' || value === undefined) return [];
    return [[key === 'dataSeed' ? 'seed' : key, value]];
  });
  return { name: config.dataset, ...Object.fromEntries(given) } as DatasetSpec;
}
