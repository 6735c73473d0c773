/** @file Which views suit which images: photographs, or chest X-rays and the like. */
import type { Recipe } from '../methods/index.js';

/** What may be done to an image so that it stays what it is. */
export const VIEWS = ['natural', 'medical'] as const;
export type Views = (typeof VIEWS)[number];

/**
 * What goes before a method's own numbers. Natural views leave them as they are, for they were found on photographs.
 *
 * Medical views are made from three studies of chest X-rays: no hue, saturation, grayscale and solarisation, for there is
 * no colour; no blur and no crop to a small part, for they may take away what the finding rests on; crops of 60 % of the
 * area or more; brightness and contrast by 0.6 to 1.4, which is strength ½; rotation by up to 10°. All three studies flip
 * too; here the heart stays on its side (`flipProbability` changes that). Whether there is any jitter stays with the
 * method: MAE has none.
 *
 * Sources: Zhang 2020 (ConVIRT), https://arxiv.org/abs/2010.00747: crop, jitter, the order;
 * Sowrirajan 2021 (MoCo-CXR), https://arxiv.org/abs/2010.05352: rotation, and why no crops to small parts
 * and no blur; Azizi 2021 (MICLe), https://arxiv.org/abs/2101.05224: jitter of strength ½ without blur.
 */
export const VIEW_RECIPES: Record<Views, Partial<Recipe>> = {
  natural: {},
  medical: {
    cropScale: 0.6,
    jitterStrength: 0.5,
    jitterSaturation: 0,
    jitterHue: 0,
    grayscaleProbability: 0,
    blurProbability: 0,
    solarizeProbability: 0,
    flipProbability: 0,
    rotation: 10,
  },
};

/** Data sets whose images are no photographs. */
const MEDICAL: readonly string[] = ['mimic-cxr'];

/** @param dataset - by its name in a specification */
export function usualViews(dataset: string): Views {
  return MEDICAL.includes(dataset) ? 'medical' : 'natural';
}
