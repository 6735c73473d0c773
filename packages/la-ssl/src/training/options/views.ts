/** @file How views are made. */
import { z } from 'zod';
import { VIEWS } from '../view-recipe.js';
import { share, whole } from './fields.js';
import { recipe } from './recipe.js';

export const viewOptions = {
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
};
