/** @file What images go through where nothing is random: scaled to [0, 1] and normalised, at their own size. */
import { noGrad, scope, type Tensor } from '@la-ssl/torch';
import { toUnitRange } from './images.js';
import { applyNormalize, defaultNormalization, type Normalization } from './normalize.js';

/**
 * @param normalization - must be that of the augmentation; by default `defaultNormalization`
 * @returns a function from `[N, C, H, W]`, uint8 or float32 in [0, 1], to normalised float32
 */
export function evalTransform(normalization?: Normalization): (images: Tensor) => Tensor {
  return (images) =>
    noGrad(() =>
      scope(() =>
        applyNormalize(toUnitRange(images), normalization ?? defaultNormalization(images.shape[1] as number)),
      ),
    );
}
