/** @file Options whose defaults a method's recipe, or that of the views, may change. */
import type { z } from 'zod';
import type { Recipe } from '../../methods/index.js';
import { VIEW_RECIPES } from '../view-recipe.js';
import { methods } from './fields.js';

/** What a method's recipe may change. Source: SimCLR on CIFAR-10, for which `README.md` has the numbers. */
export const RECIPE: Recipe = {
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

/** An option whose default a method's recipe or that of the views may change; `--help` says which do. */
export function recipe<T extends z.ZodType>(name: keyof Recipe, type: T, text: string) {
  const usual = RECIPE[name];
  const others = methods.flatMap(([method, { recipe: own }]) =>
    own[name] === undefined || own[name] === usual ? [] : [`${method}: ${own[name]}`],
  );
  const medical = VIEW_RECIPES.medical[name];
  if (medical !== undefined && medical !== usual) others.push(`medical views: ${medical}`);
  const defaults = [...(usual === undefined ? [] : [`default: ${usual}`]), ...others].join('; ');
  return type.optional().describe(defaults ? `${text} (${defaults})` : text);
}
