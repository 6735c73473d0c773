/**
 * @file Frost for the frost corruption: crops of photographs, or ice grown from random numbers.
 *
 * The official script crops from five photographs, which are not ours to hand on; whoever has them can load
 * them. Without them, fern-shaped crystals are grown, in the colours and contrasts of the photographs.
 *
 * Source: Hendrycks & Dietterich 2019, https://arxiv.org/abs/1903.12261, `make_cifar_c.py`.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Random } from '../../random.js';
import type { Picture } from './picture.js';
import { plasmaFractal } from './plasma-fractal.js';
import { roundHalfEven } from './zoom.js';

/** The script names a sixth picture, but draws from five. */
const FILES = ['frost1.png', 'frost2.png', 'frost3.png', 'frost4.jpg', 'frost5.jpg'];
/** The photographs are taken at a fifth of their size. */
const EVERY = 5;

/**
 * Reads the official frost photographs, at a fifth of their size, as `cv2.resize` reduces them: by leaving
 * out four pixels of five.
 * @param folder - holds frost1.png to frost3.png, frost4.jpg and frost5.jpg
 * @throws Error if one of them is missing or is no picture
 */
export async function loadFrostPictures(folder: string): Promise<Picture[]> {
  return Promise.all(
    FILES.map(async (file) => {
      const path = join(folder, file);
      if (!existsSync(path)) {
        throw new Error(
          `${path} is missing; the folder needs ${FILES.join(', ')} of hendrycks/robustness, ImageNet-C/create_c`,
        );
      }
      const image = sharp(path).toColourspace('srgb').removeAlpha().raw();
      const { data, info } = await image.toBuffer({ resolveWithObject: true }).catch((cause: unknown) => {
        throw new Error(`${path} is no picture that can be read; fetch it again`, { cause });
      });
      return reduce({ pixels: data, height: info.height, width: info.width });
    }),
  );
}

/** The middle pixel of every five by five. */
function reduce({ pixels, height, width }: Picture): Picture {
  const small = { height: roundHalfEven(height / EVERY), width: roundHalfEven(width / EVERY) };
  const reduced = new Uint8Array(small.height * small.width * 3);
  const middle = (position: number, size: number): number =>
    Math.min(position * EVERY + Math.floor(EVERY / 2), size - 1);
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      const from = (middle(y, height) * width + middle(x, width)) * 3;
      reduced.set(pixels.subarray(from, from + 3), (y * small.width + x) * 3);
    }
  }
  return { ...small, pixels: reduced };
}

/**
 * A random piece of a random picture.
 * @returns bytes `[height, width, 3]`
 * @throws RangeError if there is no picture, or the one drawn is not larger than the piece
 */
export function cropFrost(
  pictures: readonly Picture[],
  height: number,
  width: number,
  random: Random,
): Uint8Array {
  if (pictures.length === 0)
    throw new RangeError('frost: the list of pictures is empty; leave it out to grow frost');
  const { pixels, ...size } = pictures[random.below(pictures.length)]!;
  if (size.height <= height || size.width <= width) {
    throw new RangeError(
      `frost: a picture of ${size.height} x ${size.width} is not larger than the image, ${height} x ${width}`,
    );
  }
  const top = random.below(size.height - height);
  const left = random.below(size.width - width);
  const crop = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * size.width + left) * 3;
    crop.set(pixels.subarray(from, from + width * 3), y * width * 3);
  }
  return crop;
}

/** The look of one photograph: mean colour, and how far its channels swing about it within one crop. */
interface Look {
  colour: readonly [number, number, number];
  contrast: readonly [number, number, number];
  /** How far the mean of a crop swings, as a multiple of the contrast. */
  drift: number;
}

/** Measured on crops of the five official photographs: a teal pane, rime (twice), grey ice, dark ferns. */
const RIME: Look = { colour: [198, 203, 212], contrast: [17.8, 18.4, 19.1], drift: 0.49 };
const LOOKS: readonly Look[] = [
  { colour: [77, 148, 165], contrast: [22, 13.1, 12], drift: 0.76 },
  RIME,
  RIME,
  { colour: [144, 159, 171], contrast: [26.2, 26.2, 27.4], drift: 0.38 },
  { colour: [101, 113, 125], contrast: [34.9, 34.3, 33.5], drift: 0.45 },
];

/** Shares of the pattern's variance, so that neighbours are as alike as in the reduced photographs. */
const CRYSTALS = 0.45;
const CLOUDS = 0.1;
const GRAIN = 0.45;

/**
 * Ice grown from random numbers: fern crystals, thicker and thinner places, and grain.
 * @returns bytes `[height, width, 3]`
 */
export function growFrost(height: number, width: number, random: Random): Uint8Array {
  const { colour, contrast, drift } = LOOKS[random.below(LOOKS.length)]!;
  const shift = random.normal(0, drift);
  const crystals = standardise(growCrystals(height, width, random));
  const side = 2 ** Math.ceil(Math.log2(Math.max(height, width, 2)));
  const clouds = standardise(plasmaFractal(side, 2, random));
  const pattern = standardise(
    crystals.map((crystal, i) => {
      const cloud = clouds[Math.floor(i / width) * side + (i % width)]!;
      return Math.sqrt(CRYSTALS) * crystal + Math.sqrt(CLOUDS) * cloud + Math.sqrt(GRAIN) * random.normal();
    }),
  );
  const bytes = new Uint8ClampedArray(height * width * 3);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = colour[i % 3]! + contrast[i % 3]! * (pattern[Math.floor(i / 3)]! + shift);
  }
  return new Uint8Array(bytes.buffer);
}

/** One fern for so many pixels. */
const AREA_OF_FERN = 48;
/** Side branches of an ice crystal leave at 60°. */
const BRANCH_ANGLE = Math.PI / 3;
/** Pixels between two side branches. */
const BRANCH_EVERY = 2;

/** Ferns: a spine with branches on both sides, shorter towards the tip; the brightest of what crosses shows. */
function growCrystals(height: number, width: number, random: Random): Float64Array {
  const ice = new Float64Array(height * width);
  const needle = (
    fromX: number,
    fromY: number,
    heading: number,
    length: number,
    brightness: number,
  ): void => {
    for (let t = 0; t < length; t += 0.5) {
      const x = Math.floor(fromX + t * Math.cos(heading));
      const y = Math.floor(fromY + t * Math.sin(heading));
      if (x < 0 || x >= width || y < 0 || y >= height) continue;
      const i = y * width + x;
      ice[i] = Math.max(ice[i]!, brightness * (1 - t / (2 * length)));
    }
  };
  for (let fern = 0; fern < (height * width) / AREA_OF_FERN; fern++) {
    const x = random.uniform(0, width);
    const y = random.uniform(0, height);
    const heading = random.uniform(0, 2 * Math.PI);
    const length = random.uniform(5, 16);
    const brightness = random.uniform(0.4, 1);
    needle(x, y, heading, length, brightness);
    for (let t = BRANCH_EVERY; t < length; t += BRANCH_EVERY) {
      for (const turn of [-BRANCH_ANGLE, BRANCH_ANGLE]) {
        const rootX = x + t * Math.cos(heading);
        const rootY = y + t * Math.sin(heading);
        needle(rootX, rootY, heading + turn, (length - t) / 2, 0.8 * brightness);
      }
    }
  }
  return ice;
}

/** Shifted and scaled to mean 0 and standard deviation 1; a constant becomes 0. */
function standardise(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (variance === 0 ? 0 : (value - mean) / Math.sqrt(variance)));
}
