/**
 * @file Random resized crop: a rectangle of each image, of random area, shape and place, resized to one size.
 *
 * Parameters are drawn as torchvision's `RandomResizedCrop.get_params` draws them. The resizing is bilinear
 * without antialiasing, torchvision's default for tensors (SimCLR's own TensorFlow code: bicubic). Where views
 * are as large as the images, crops are only ever magnified, and antialiasing would do nothing.
 *
 * Sources: Szegedy 2015, Section 6; Chen 2020 (SimCLR), Appendix A; torchvision 0.14.
 */
import type { Tensor } from '@la-ssl/torch';
import type { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { type Applied, checkImages } from './images.js';

/** A rectangle an example, in pixels, inside of the image. */
export interface CropParams {
  top: Int32Array;
  left: Int32Array;
  height: Int32Array;
  width: Int32Array;
}

export interface CropOptions {
  /** Height of the images, in pixels. */
  height: number;
  /** Width of the images, in pixels. */
  width: number;
  /** Least and greatest share of the area. */
  scale?: readonly [number, number];
  /** Least and greatest width / height. */
  ratio?: readonly [number, number];
}

export const CROP_DEFAULTS = {
  scale: [0.08, 1],
  ratio: [3 / 4, 4 / 3],
} as const satisfies Partial<CropOptions>;

const TRIES = 10;

/**
 * Draws rectangles: area uniform in `scale`, the logarithm of width / height uniform in that of `ratio`, place
 * uniform. After ten tries that do not fit, the greatest central rectangle within `ratio`.
 * @throws RangeError for impossible ranges or sizes
 */
export function sampleRandomResizedCrop(count: number, options: CropOptions, random: Random): CropParams {
  const { height, width, scale, ratio } = { ...CROP_DEFAULTS, ...options };
  checkCropRanges(scale, ratio);
  if (!(Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0)) {
    throw new RangeError(`height and width must be positive whole numbers, got ${height} and ${width}.`);
  }
  const params = {
    top: new Int32Array(count),
    left: new Int32Array(count),
    height: new Int32Array(count),
    width: new Int32Array(count),
  };
  const fallback = centralCrop(height, width, ratio);
  for (let i = 0; i < count; i++) {
    const crop = tryCrop(height, width, scale, ratio, random) ?? fallback;
    params.top[i] = crop.top;
    params.left[i] = crop.left;
    params.height[i] = crop.height;
    params.width[i] = crop.width;
  }
  return params;
}

interface Rectangle {
  top: number;
  left: number;
  height: number;
  width: number;
}

function tryCrop(
  height: number,
  width: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: Random,
): Rectangle | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = height * width * random.uniform(scale[0], scale[1]);
    const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(area * aspect));
    const h = roundHalfEven(Math.sqrt(area / aspect));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      return { top: random.below(height - h + 1), left: random.below(width - w + 1), height: h, width: w };
    }
  }
  return undefined;
}

function centralCrop(height: number, width: number, ratio: readonly [number, number]): Rectangle {
  let h = height;
  let w = width;
  if (width / height < ratio[0]) h = roundHalfEven(width / ratio[0]);
  else if (width / height > ratio[1]) w = roundHalfEven(height * ratio[1]);
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}

/** As Python rounds. */
function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/**
 * Cuts each image to its rectangle and resizes it.
 * @param images - float32 `[N, C, H, W]`
 * @param size - height and width of the result
 * @param flip - which results are mirrored, left and right exchanged, at no cost
 * @returns `[N, C, size[0], size[1]]`
 * @throws RangeError where a rectangle is not inside of the image
 */
export function applyRandomResizedCrop(
  images: Tensor,
  params: CropParams,
  size: readonly [number, number],
  flip?: Applied,
): Tensor {
  checkImages('applyRandomResizedCrop', images, params.top.length);
  const [, , height, width] = images.shape as [number, number, number, number];
  checkInside(params, height, width);
  const [rows, columns] = size;
  if (!(Number.isInteger(rows) && Number.isInteger(columns) && rows > 0 && columns > 0)) {
    throw new RangeError(`The size of a crop must be two positive whole numbers, got [${size.join(', ')}].`);
  }
  return changeImages(images, { crop: params, flip, size });
}

function checkInside(params: CropParams, height: number, width: number): void {
  for (let i = 0; i < params.top.length; i++) {
    const [top, left, h, w] = [params.top[i]!, params.left[i]!, params.height[i]!, params.width[i]!];
    if (top < 0 || left < 0 || h < 1 || w < 1 || top + h > height || left + w > width) {
      throw new RangeError(
        `The crop of example ${i} (top ${top}, left ${left}, ${h}×${w}) is not inside of its image (${height}×${width}).`,
      );
    }
  }
}

/** @throws RangeError for impossible ranges */
export function checkCropRanges(scale: readonly [number, number], ratio: readonly [number, number]): void {
  if (!(scale[0] > 0 && scale[0] <= scale[1] && scale[1] <= 1)) {
    throw new RangeError(`The crop scale must be 0 < least ≤ greatest ≤ 1, got [${scale.join(', ')}].`);
  }
  if (!(ratio[0] > 0 && ratio[0] <= ratio[1] && ratio[1] < Infinity)) {
    throw new RangeError(`The crop ratio must be 0 < least ≤ greatest, got [${ratio.join(', ')}].`);
  }
}
