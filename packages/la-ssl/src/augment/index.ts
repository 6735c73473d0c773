/**
 * @file Augmentations: batched tensor operations on `[N, C, H, W]`, with parameters for each example.
 *
 * Every operation comes as two functions: `sampleX` draws the parameters, `applyX` uses them.
 */
export * from './color-jitter.js';
export * from './eval.js';
export * from './gaussian-blur.js';
export { applyGrayscale, sampleGrayscale } from './grayscale.js';
export * from './horizontal-flip.js';
export { type Applied, toUnitRange } from './images.js';
export * from './normalize.js';
export * from './pipeline.js';
export {
  applyRandomResizedCrop,
  CROP_DEFAULTS,
  type CropOptions,
  type CropParams,
  sampleRandomResizedCrop,
} from './random-resized-crop.js';
export * from './rotation.js';
export * from './solarize.js';
