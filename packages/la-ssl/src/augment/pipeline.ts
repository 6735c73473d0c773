/**
 * @file SimCLR's augmentation: crop, flip, colour jitter, grayscale, blur, solarisation, then normalisation.
 * Those of the other methods are this with other numbers; those of medical images are turned after the flip, too.
 *
 * One operator for the whole batch, with parameters of its own for every example. All random numbers come from
 * the generator that is passed in: made anew from (seed, step, ...), the same place of a run gives the same
 * views, and nothing needs to be saved to resume.
 * `node benchmarks/run.mjs augment` measures it against torchvision.
 *
 * Source: Chen 2020, "A Simple Framework for Contrastive Learning of Visual Representations", Appendix A
 * (ImageNet) and B.9 (CIFAR-10: strength ½, no blur).
 */
import { autocast, noGrad, scope, type Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { type Step, stepOf } from './changes.js';
import { jitterOfStrength, jitterSteps, sampleColorJitter } from './color-jitter.js';
import { blurKernelSize, sampleGaussianBlur, wholeKernelSize } from './gaussian-blur.js';
import { sampleGrayscale } from './grayscale.js';
import { sampleHorizontalFlip } from './horizontal-flip.js';
import { checkPixels, checkProbability } from './images.js';
import {
  checkNormalization,
  defaultNormalization,
  IMAGENET_NORMALIZATION,
  type Normalization,
} from './normalize.js';
import { CROP_DEFAULTS, checkCropRanges, sampleRandomResizedCrop } from './random-resized-crop.js';
import { applyRotation, checkRotation, sampleRotation } from './rotation.js';
import { sampleSolarize, solarizeStep } from './solarize.js';

/**
 * Makes one view of each image.
 * @param images - `[N, C, H, W]`, uint8 or float32 in [0, 1]
 * @returns float32, normalised, `[N, C, size, size]` or as large as the images
 */
export type AugmentPipeline = (images: Tensor, random: Random) => Tensor;

export interface SimclrAugmentOptions extends Partial<Normalization> {
  /** Strength of the colour jitter, from 0 to 2.5; see `jitterOfStrength`. */
  strength?: number;
  /** Saturation's amount, in place of 0.8 times the strength: BYOL and those after it have half of that. */
  saturation?: number | undefined;
  /** Hue's amount, at most ½, in place of 0.2 times the strength. */
  hue?: number | undefined;
  /** Least and greatest share of the area that a crop keeps. */
  cropScale?: readonly [number, number];
  flipProbability?: number;
  /** Greatest angle by which views are turned, to both sides, in degrees; 0 for none. */
  rotation?: number;
  jitterProbability?: number;
  grayscaleProbability?: number;
  blurProbability?: number;
  /** Width of the blur: a tenth of the side as in SimCLR, or whole as in PIL; see `wholeKernelSize`. */
  blurKernel?: 'tenth' | 'whole';
  solarizeProbability?: number;
  /** Side of the views, in pixels; without it they are as large as the images. */
  size?: number;
}

type Settings = Required<Omit<SimclrAugmentOptions, 'size' | 'saturation' | 'hue' | keyof Normalization>> &
  SimclrAugmentOptions;

/** What SimCLR uses on CIFAR-10. Mean and std: see `defaultNormalization`. */
export const SIMCLR_CIFAR = {
  strength: 0.5,
  cropScale: [0.08, 1],
  flipProbability: 0.5,
  rotation: 0,
  jitterProbability: 0.8,
  grayscaleProbability: 0.2,
  blurProbability: 0,
  blurKernel: 'tenth',
  solarizeProbability: 0,
} as const satisfies SimclrAugmentOptions;

/** What SimCLR uses on ImageNet. */
export const SIMCLR_IMAGENET = {
  ...SIMCLR_CIFAR,
  ...IMAGENET_NORMALIZATION,
  strength: 1,
  blurProbability: 0.5,
} as const satisfies SimclrAugmentOptions;

/**
 * SimCLR's augmentation; by default that for CIFAR-10. Images of one channel get no hue, saturation or
 * grayscale.
 * @throws RangeError for an option out of its range
 */
export function simclrAugment(options: SimclrAugmentOptions = {}): AugmentPipeline {
  const settings: Settings = { ...SIMCLR_CIFAR, ...options };
  checkOptions(settings);
  const { strength, cropScale: scale, flipProbability, rotation, jitterProbability } = settings;
  const { grayscaleProbability, blurProbability, blurKernel, solarizeProbability } = settings;
  const amounts = jitterOfStrength(strength);
  const { saturation = amounts.saturation, hue = amounts.hue } = settings;
  const jitterOptions = { ...amounts, saturation, hue, probability: jitterProbability };

  const view: AugmentPipeline = (images, random) => {
    checkPixels(images);
    const [count, channels, height, width] = images.shape as [number, number, number, number];
    const size = [settings.size ?? height, settings.size ?? width] as const;
    const crop = sampleRandomResizedCrop(count, { height, width, scale }, random);
    const flip =
      flipProbability > 0 ? sampleHorizontalFlip(count, { probability: flipProbability }, random) : undefined;
    const turn = rotation > 0 ? sampleRotation(count, { limit: rotation }, random) : undefined;
    const steps: Step[] = [];
    if (jitterProbability > 0 && strength > 0) {
      steps.push(...jitterSteps(sampleColorJitter(count, jitterOptions, random)));
    }
    if (grayscaleProbability > 0 && channels === 3) {
      steps.push(stepOf('grayscale', sampleGrayscale(count, { probability: grayscaleProbability }, random)));
    }
    if (blurProbability > 0) {
      const blur = sampleGaussianBlur(count, { probability: blurProbability }, random);
      steps.push(stepOf('blur', blur, blur.sigma));
    }
    if (solarizeProbability > 0) {
      steps.push(solarizeStep(sampleSolarize(count, { probability: solarizeProbability }, random)));
    }
    const blurSize = (blurKernel === 'whole' ? wholeKernelSize : blurKernelSize)(Math.min(...size));
    const { mean, std } = { ...defaultNormalization(channels), ...options };
    const normalization = checkNormalization(channels, { mean, std });
    if (!turn) return changeImages(images, { crop, flip, size, steps, blurSize, normalization });
    const turned = applyRotation(changeImages(images, { crop, flip, size }), turn);
    return changeImages(turned, { steps, blurSize, normalization });
  };
  // Whatever the caller's modes are: no graph, and no bfloat16.
  return (images, random) =>
    noGrad(() => autocast(() => scope(() => view(images, random)), { enabled: false }));
}

function checkOptions(options: Settings): void {
  const { strength, saturation, hue, cropScale, size } = options;
  if (!(strength >= 0 && strength <= 2.5)) {
    throw new RangeError(`strength must be from 0 to 2.5 (where hue turns by up to ½), got ${strength}.`);
  }
  if (saturation !== undefined && !(saturation >= 0 && saturation < Infinity)) {
    throw new RangeError(`saturation must be a number from 0 on, got ${saturation}.`);
  }
  if (hue !== undefined && !(hue >= 0 && hue <= 0.5)) {
    throw new RangeError(`hue must be from 0 to ½, got ${hue}.`);
  }
  if (size !== undefined && !(Number.isInteger(size) && size > 0)) {
    throw new RangeError(`size must be a positive whole number of pixels, got ${size}.`);
  }
  checkCropRanges(cropScale, CROP_DEFAULTS.ratio);
  checkRotation(options.rotation);
  checkProbability('flipProbability', options.flipProbability);
  checkProbability('jitterProbability', options.jitterProbability);
  checkProbability('grayscaleProbability', options.grayscaleProbability);
  checkProbability('blurProbability', options.blurProbability);
  checkProbability('solarizeProbability', options.solarizeProbability);
}
