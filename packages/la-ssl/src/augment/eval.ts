/** @file What images go through where nothing is random: scaled to [0, 1] and normalised, at their own size. */
import { noGrad, type Tensor } from '@la-ssl/torch';
import { changeImages } from './change-images.js';
import { checkPixels } from './images.js';
import { checkNormalization, defaultNormalization, type Normalization } from './normalize.js';

/**
 * @param normalization - must be that of the augmentation; by default `defaultNormalization`
 * @returns a function from `[N, C, H, W]`, uint8 or float32 in [0, 1], to normalised float32
 */
export function evalTransform(normalization?: Normalization): (images: Tensor) => Tensor {
  return (images) => {
    checkPixels(images);
    const channels = images.shape[1] as number;
    const chosen = checkNormalization(channels, normalization ?? defaultNormalization(channels));
    return noGrad(() => changeImages(images, { normalization: chosen }));
  };
}
