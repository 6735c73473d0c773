/**
 * @file Random resized crop: a rectangle of each image, of random area, shape and place, resized to one size.
 *
 * Parameters are drawn as torchvision's `RandomResizedCrop.get_params` draws them. The resizing is bilinear
 * without antialiasing, torchvision's default for tensors (SimCLR's own TensorFlow code: bicubic). Where views
 * are as large as the images, crops are only ever magnified, and antialiasing would do nothing.
 *
 * Small images: one `grid_sampler` call over a grid clamped to the crop, so that no pixel from outside of it comes in; 23 µs
 * a view of 3×32×32 on one thread, against 20 for two batched products with interpolation matrices. Large ones: resized one by
 * one, since that takes half the time at 224×224 and two thirds at 96×96.
 *
 * Sources: Szegedy 2015, Section 6; Chen 2020 (SimCLR), Appendix A; torchvision 0.14.
 */
import {
  arange,
  cat,
  fromData,
  gridSampler,
  scope,
  stack,
  type Tensor,
  upsampleBilinear2d,
  where,
} from '@la-ssl/torch';
import type { Random } from '../random.js';
import { type Applied, checkImages, perExample } from './images.js';

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
const BILINEAR = 0;
const BORDER = 1;

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
  const resize = rows * columns < LARGE ? readPoints : resizeEach;
  return scope(() => resize(images, params, size, flip));
}

/** From so many pixels on, the results are resized one by one. */
const LARGE = 64 * 64;

/** All images by one call, over a grid of the points at which they are read. */
function readPoints(
  images: Tensor,
  params: CropParams,
  [rows, columns]: readonly [number, number],
  flip?: Applied,
): Tensor {
  const [count, , height, width] = images.shape as [number, number, number, number];
  const y = samplingPoints(params.top, params.height, rows, height);
  const x = samplingPoints(params.left, params.width, columns, width, flip);
  const shape = [count, rows, columns];
  const grid = stack([x.unsqueeze(1).expand(shape), y.unsqueeze(2).expand(shape)], { dim: 3 });
  return gridSampler(images, grid, BILINEAR, BORDER, false);
}

/** Each image by a call of its own: half the time for large ones. */
function resizeEach(
  images: Tensor,
  { top, left, height, width }: CropParams,
  size: readonly [number, number],
  flip?: Applied,
): Tensor {
  return cat(
    Array.from({ length: top.length }, (_, i) =>
      scope(() => {
        const crop = images.narrow(0, i, 1).narrow(2, top[i]!, height[i]!).narrow(3, left[i]!, width[i]!);
        // What is read here and there is faster read from one piece, mirrored or not.
        const piece = flip?.applied[i] ? crop.flip([3]) : crop.clone({ memoryFormat: 'contiguous' });
        return upsampleBilinear2d(piece, size, false);
      }),
    ),
  );
}

/**
 * Where along one side the `size` pixels of the result are read: at
 * `start + clamp((i + ½) · length / size − ½, 0, length − 1)`, in grid_sampler's unit, where the side goes
 * from −1 to 1; in reverse where `flip` says so.
 * @returns `[N, size]`
 */
function samplingPoints(
  start: Int32Array,
  length: Int32Array,
  size: number,
  side: number,
  flip?: Applied,
): Tensor {
  const column = (values: Float32Array) => fromData(values, [values.length, 1]);
  const step = column(Float32Array.from(length, (l) => l / size));
  const last = column(Float32Array.from(length, (l) => l - 1));
  const middles = arange(0, size, { dtype: 'float32' }).add_(0.5);
  const ordered = flip
    ? where(perExample(flip.applied).flatten({ startDim: 1 }).ne(0), middles.flip([0]), middles)
    : middles;
  const points = ordered.mul(step).sub_(0.5);
  const inside = points
    .clamp_({ min: 0 })
    .minimum(last)
    .add_(column(Float32Array.from(start)));
  return inside.mul_(2 / side).add_(1 / side - 1);
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
