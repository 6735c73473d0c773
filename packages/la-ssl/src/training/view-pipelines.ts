/** @file From a configuration to what makes a run's views: full views, then local crops where a method takes them. */
import { type AugmentPipeline, simclrAugment } from '../augment/index.js';
import { METHODS } from '../methods/index.js';
import type { ResolvedConfig } from './config.js';

/** What makes the views of a training step, in their order. */
export interface ViewPipelines {
  /** As large as the images; scoring has no others. */
  full: readonly AugmentPipeline[];
  /** Small crops, after the full views. */
  local: readonly AugmentPipeline[];
}

/** In pixels. */
interface ImageSize {
  height: number;
  width: number;
  /** Side of a transformer's patches, of which every view must be made. */
  patchSize?: number | undefined;
}

/**
 * Every second full view may be solarised, as in BYOL, BarlowTwins and DINO. Local crops keep from
 * `localCropScale` to `cropScale` of the area, and full views from `cropScale` on.
 * Source: Caron 2021 (DINO), Section 3.1, https://arxiv.org/abs/2104.14294
 * @throws Error where local crops would be larger than the images, are not whole patches, or have no range of areas
 */
export function viewPipelines(config: ResolvedConfig, image: ImageSize): ViewPipelines {
  const shared = {
    strength: config.jitterStrength,
    saturation: config.jitterSaturation,
    hue: config.jitterHue,
    jitterProbability: config.jitterProbability,
    grayscaleProbability: config.grayscaleProbability,
    blurProbability: config.blurProbability,
    blurKernel: config.blurKernel,
    flipProbability: config.flipProbability,
    rotation: config.rotation,
  };
  const fullView = (solarizeProbability: number): AugmentPipeline =>
    simclrAugment({ ...shared, cropScale: [config.cropScale, 1], solarizeProbability });
  const full = Array.from({ length: METHODS[config.method].views }, (_, i) =>
    fullView(i % 2 === 1 ? config.solarizeProbability : 0),
  );
  const { localCrops } = config;
  if (localCrops === 0) return { full, local: [] };
  const size = localCropSize(config, image);
  const cropScale = [config.localCropScale, config.cropScale] as const;
  if (cropScale[0] > cropScale[1]) {
    throw new Error(
      `Local crops keep from localCropScale = ${cropScale[0]} to cropScale = ${cropScale[1]} of the area: ` +
        'the first must not be greater. Give a lower localCropScale, or a higher cropScale.',
    );
  }
  const localView = simclrAugment({ ...shared, cropScale, size });
  return { full, local: Array<AugmentPipeline>(localCrops).fill(localView) };
}

/** Side of a local crop: as given, or half of the shorter side of the image, in whole patches. */
function localCropSize(config: ResolvedConfig, { height, width, patchSize = 1 }: ImageSize): number {
  const side = Math.min(height, width);
  const size = config.localCropSize ?? Math.max(patchSize, Math.floor(side / 2 / patchSize) * patchSize);
  if (size > side) {
    throw new Error(
      `localCropSize is ${size}, and the images are of ${height} × ${width} pixels. Give at most ${side}.`,
    );
  }
  if (size % patchSize !== 0) {
    throw new Error(
      `localCropSize is ${size}, and ${config.encoder} takes whole patches of ${patchSize} pixels. ` +
        `Give a multiple of ${patchSize}.`,
    );
  }
  return size;
}
