/**
 * @file Image files to pixels: JPEG, PNG, WebP and TIFF, in 8 or 16 bits, gray or colour.
 *
 * As torchvision reads them (`convert('RGB')`: gray thrice, transparency dropped, colour profiles ignored; for one channel
 * `convert('L')` of that), but for two things that are right where that is not: the orientation in EXIF is followed, and
 * 16 bits are scaled to 8, not cut off (gray ones by a window, where one is given). Of several pages the first is taken.
 */
import { fromData, type Tensor } from '@la-ssl/torch';
import { decodeJpeg } from './jpeg.js';
import { luminance } from './luminance.js';
import type { Channels } from './resize.js';
import { type Window, windowed } from './window.js';

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

export interface PictureOptions {
  /** Of the result: 1 is gray; 3 by default. */
  channels?: Channels | undefined;
  /** For gray images of 16 bits; `full` by default. */
  window?: Window | undefined;
}

/**
 * @param content - of an image file
 * @returns uint8 `[H, W, C]`, which the caller frees
 * @throws Error that says what is wrong: truncated, broken, or of another kind
 */
export async function decodeImage(
  content: Uint8Array,
  { channels = 3, window = 'full' }: PictureOptions = {},
): Promise<Tensor> {
  if (content.length === 0) throw new Error('is empty');
  const image = decodeJpeg(content, channels, MOST_PIXELS) ?? (await decodeAny(content, channels, window));
  const [height, width, depth] = image.shape as [number, number, Channels];
  if (depth === channels) return image;
  const pixels = image.data() as Uint8Array;
  image.dispose();
  return fromData(channels === 1 ? luminance(pixels) : thrice(pixels), [height, width, channels]);
}

/** By libvips: whatever it is. @returns `[H, W, 1]` where the window applies or gray is wanted of a gray image, else `[H, W, 3]` */
export async function decodeAny(content: Uint8Array, channels: Channels, window: Window): Promise<Tensor> {
  const { default: sharp } = await import('sharp'); // late, since threads begin sooner without it
  const options = { failOn: 'error', ignoreIcc: true, autoOrient: true, limitInputPixels: false } as const;
  const image = sharp(content, options);
  const { format, depth, space, width, height } = await image.metadata().catch(() => {
    throw new Error('holds no image in a form that is read, or is cut off at its beginning');
  });
  if (!FORMATS.includes(format)) throw new Error(`holds ${format}, not ${FORMATS.join(', ')}`);
  if (depth !== 'uchar' && depth !== 'ushort' && depth !== undefined) {
    throw new Error(`has pixels of type ${depth}; save it with 8 or 16 bits`);
  }
  if (width * height > MOST_PIXELS) throw new Error(`has ${width} × ${height} pixels, more than 2^28`);
  const isWindowed = window !== 'full' && depth === 'ushort' && space === 'grey16';
  const isGray = channels === 1 && space === 'b-w';
  const { data, info } = await image
    .removeAlpha()
    .toColourspace(isWindowed ? 'grey16' : isGray ? 'b-w' : 'srgb')
    .raw({ depth: isWindowed ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      // Not with libvips' own words: it keeps one text for all threads, which may be of another image.
      throw new Error('is broken or cut off', { cause });
    });
  const expected = isWindowed || isGray ? 1 : 3;
  if (info.channels !== expected) {
    throw new Error(`decodes to ${info.channels} channels, not ${expected}`);
  }
  const pixels = isWindowed ? windowed(new Uint16Array(new Uint8Array(data).buffer), window) : data;
  return fromData(pixels, [info.height, info.width, expected]);
}

/** Gray as red, green and blue. */
function thrice(gray: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * gray.length);
  for (let i = 0; i < gray.length; i++) pixels.fill(gray[i]!, 3 * i, 3 * i + 3);
  return pixels;
}
