/**
 * @file What the tests of the corruptions compare with: stored CIFAR-10 images and the records of the official
 * script's output, which `fixtures/corruptions/make-reference.py` made and explains.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { z } from 'zod';

export const SIDE = 32;
/** The key of the generator in the pixel-by-pixel records: (seed, index of the image, severity). */
export const REFERENCE_SEED = 2019;
export const SEVERITIES = [1, 2, 3, 4, 5] as const;
export const STORED_IMAGES = 128;

/** A file beside `make-reference.py`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../fixtures/corruptions/${name}`, import.meta.url));
}

/** The images of a sheet, row by row: `[rows][columns]`, bytes `[32 · 32 · 3]` each. */
export async function readSheet(name: string): Promise<Uint8Array[][]> {
  const { data, info } = await sharp(fixture(name)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return Array.from({ length: info.height / SIDE }, (_, row) =>
    Array.from({ length: info.width / SIDE }, (_, column) => {
      const image = new Uint8Array(SIDE * SIDE * 3);
      for (let y = 0; y < SIDE; y++) {
        const from = ((row * SIDE + y) * info.width + column * SIDE) * 3;
        image.set(data.subarray(from, from + SIDE * 3), y * SIDE * 3);
      }
      return image;
    }),
  );
}

/** The first 128 images of the CIFAR-10 test set. */
export async function storedImages(): Promise<Uint8Array[]> {
  return (await readSheet('images.png')).flat();
}

const channels = z.tuple([z.number(), z.number(), z.number()]);
const moments = z.object({ mean: channels, std: channels, psnr: z.number() });
const texture = z.object({
  mean: channels,
  std: channels,
  withinCrop: z.number(),
  betweenCrops: z.number(),
  correlation1: z.number(),
  correlation4: z.number(),
});
const record = z.object({
  images: z.object({ storedSha256: z.string(), sha256: z.string() }),
  frost: z.object({ drawn: texture }),
  stored: z.record(z.string(), z.array(moments).length(5)),
  thousand: z.record(z.string(), z.array(moments).length(5)),
});

/** Mean and standard deviation of each channel, and PSNR against the clean images (mean over images, dB). */
export type Moments = z.infer<typeof moments>;
/** What crops of frost look like: see {@link textureOf}. */
export type Texture = z.infer<typeof texture>;

/** The recorded figures. */
export function readRecord(): z.infer<typeof record> {
  return record.parse(JSON.parse(readFileSync(fixture('moments.json'), 'utf8')));
}

/** The moments of corrupted images beside their clean ones. */
export function momentsOf(corrupted: readonly Uint8Array[], clean: readonly Uint8Array[]): Moments {
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let psnr = 0;
  corrupted.forEach((image, i) => {
    let error = 0;
    image.forEach((byte, k) => {
      sums[k % 3]! += byte;
      squares[k % 3]! += byte * byte;
      error += (byte - clean[i]![k]!) ** 2;
    });
    // One byte off by one is the least difference that shows.
    psnr += 10 * Math.log10(255 ** 2 / (Math.max(error, 1) / image.length));
  });
  const pixels = corrupted.length * SIDE * SIDE;
  const mean = [sums[0]! / pixels, sums[1]! / pixels, sums[2]! / pixels] as [number, number, number];
  const std = (c: 0 | 1 | 2): number => Math.sqrt(squares[c]! / pixels - mean[c] ** 2);
  return { mean, std: [std(0), std(1), std(2)], psnr: psnr / corrupted.length };
}

/** The largest relative difference between figures, and which figure it is of. */
export function largestDifference(found: Moments, expected: Moments): { share: number; of: string } {
  const pairs: [string, number, number][] = [['psnr', found.psnr, expected.psnr]];
  for (const c of [0, 1, 2] as const) {
    pairs.push([`mean of ${'RGB'[c]}`, found.mean[c], expected.mean[c]]);
    pairs.push([`std of ${'RGB'[c]}`, found.std[c], expected.std[c]]);
  }
  const shares = pairs.map(([of, a, b]) => ({ of, share: Math.abs(a / b - 1) }));
  return shares.reduce((worst, next) => (next.share > worst.share ? next : worst));
}

/**
 * What frost looks like in numbers: colour and spread over all crops, spread of the gray value within a crop
 * and of its mean between crops, and how alike pixels 1 and 4 apart are within a crop.
 */
export function textureOf(crops: readonly Uint8Array[]): Texture {
  const { mean, std } = momentsOf(crops, crops);
  const means: number[] = [];
  let variance = 0;
  const products = { 1: 0, 4: 0 };
  for (const crop of crops) {
    const gray = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
      return (crop[3 * i]! + crop[3 * i + 1]! + crop[3 * i + 2]!) / 3;
    });
    const middle = gray.reduce((a, b) => a + b) / gray.length;
    means.push(middle);
    const at = (y: number, x: number): number => gray[y * SIDE + x]! - middle;
    variance += gray.reduce((sum, value) => sum + (value - middle) ** 2, 0) / gray.length / crops.length;
    for (const lag of [1, 4] as const) {
      const pairs = 2 * SIDE * (SIDE - lag) * crops.length;
      for (let i = 0; i < SIDE; i++) {
        for (let k = lag; k < SIDE; k++) {
          products[lag] += (at(i, k) * at(i, k - lag) + at(k, i) * at(k - lag, i)) / pairs;
        }
      }
    }
  }
  const middle = means.reduce((a, b) => a + b) / means.length;
  return {
    mean,
    std,
    withinCrop: Math.sqrt(variance),
    betweenCrops: Math.sqrt(means.reduce((sum, m) => sum + (m - middle) ** 2, 0) / means.length),
    correlation1: products[1] / variance,
    correlation4: products[4] / variance,
  };
}
