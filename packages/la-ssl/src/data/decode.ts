/**
 * @file Image files to pixels: JPEG, PNG, WebP and TIFF, in 8 or 16 bits, gray or colour, several at once.
 *
 * As torchvision reads them (`convert('RGB')`: gray thrice, transparency dropped, colour profiles ignored), but for two
 * things that are right where that is not: the orientation in EXIF is followed, and 16 bits are scaled to 8, not cut off.
 * Of several pages the first is taken.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import sharp from 'sharp';
import { errorCode } from './cache.js';
import { type Picture, resizeAndCrop } from './resize.js';

/** Endings of image files, in lower case. */
export const IMAGE_ENDINGS: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff'];

/** Pixels of the largest image that is read: a file of a few bytes may claim any number. */
const MOST_PIXELS = 2 ** 28;

const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'tiff'];

/** A file that cannot be used, and why. */
export interface BadFile {
  path: string;
  reason: string;
}

/**
 * @param content - of an image file
 * @throws Error that says what is wrong: truncated, broken, or of another kind
 */
export async function decodeImage(content: Uint8Array): Promise<Picture> {
  if (content.length === 0) throw new Error('is empty');
  const options = { failOn: 'error', ignoreIcc: true, autoOrient: true, limitInputPixels: false } as const;
  const image = sharp(content, options);
  const { format, depth, width, height } = await image.metadata().catch(() => {
    throw new Error('holds no image in a form that is read, or is cut off at its beginning');
  });
  if (!FORMATS.includes(format)) throw new Error(`holds ${format}, not ${FORMATS.join(', ')}`);
  if (depth !== 'uchar' && depth !== 'ushort' && depth !== undefined) {
    throw new Error(`has pixels of type ${depth}; save it with 8 or 16 bits`);
  }
  if (width * height > MOST_PIXELS) throw new Error(`has ${width} × ${height} pixels, more than 2^28`);
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      // Not with libvips' own words: it keeps one text for all threads, which may be of another image.
      throw new Error('is broken or cut off', { cause });
    });
  if (info.channels !== 3) throw new Error(`decodes to ${info.channels} channels, not 3`);
  return { pixels: data, width: info.width, height: info.height };
}

export interface DecodeOptions {
  /** S: the images become squares of this side, in pixels. */
  side: number;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface DecodedFiles {
  /** `[N, 3, S, S]`, of the files that could be decoded, in the order given. */
  images: Uint8Array;
  /** Which files they are, `[N]`. */
  indices: Int32Array;
  /** Shorter sides of the images as they were, `[N]`, in pixels. */
  sides: Int32Array;
  /** The others. */
  bad: { index: number; reason: string }[];
}

/**
 * Decodes files, as many at once as there are processors.
 * @throws where there is not the memory for all, before the first is read
 * @throws what `signal` was aborted with
 */
export async function decodeFiles(
  files: readonly string[],
  { side, signal, onProgress }: DecodeOptions,
): Promise<DecodedFiles> {
  const size = 3 * side * side;
  const images = allocate(files.length, side);
  const sides = new Int32Array(files.length);
  const reasons = new Map<number, string>();
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < files.length) {
      signal?.throwIfAborted();
      const i = next++;
      try {
        const picture = await decodeImage(await readFile(files[i]!));
        images.set(resizeAndCrop(picture, side), i * size);
        sides[i] = Math.min(picture.width, picture.height);
      } catch (error) {
        const code = errorCode(error);
        reasons.set(i, code ? `cannot be read (${code})` : (error as Error).message);
      }
      onProgress?.(++done, files.length);
    }
  };
  // One more than processors, so that none waits for the disk.
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));

  const indices = Int32Array.from(files.keys()).filter((i) => !reasons.has(i));
  indices.forEach((i, n) => {
    if (i !== n) images.copyWithin(n * size, i * size, (i + 1) * size);
  });
  return {
    images: images.subarray(0, indices.length * size),
    indices,
    sides: indices.map((i) => sides[i]!),
    bad: [...reasons].map(([index, reason]) => ({ index, reason })).sort((a, b) => a.index - b.index),
  };
}

/** @throws Error that says how much memory the images take and what there is */
function allocate(count: number, side: number): Uint8Array {
  const bytes = count * 3 * side * side;
  const free = process.availableMemory?.() ?? freemem(); // the first knows a container's limit, from Node 20.13 on
  const tooMuch = (there: string): Error =>
    new Error(
      `${count} images of ${side} × ${side} pixels take ${gigabytes(bytes)} of memory, ${there}. ` +
        'Make them smaller (--image-size), or take fewer (--examples).',
    );
  if (bytes > free) throw tooMuch(`and ${gigabytes(free)} are free`);
  try {
    return new Uint8Array(bytes);
  } catch {
    throw tooMuch('more than one array of Node.js can have');
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
