/** @file Image files with broken bytes, as many as are asked for: they must give an image or a reason, and soon. */
import assert from 'node:assert/strict';
import sharp, { type Sharp } from 'sharp';
import { Random } from '../../random.js';
import { decoded } from './pictures.test.support.js';

/** 24 × 20 pixels of colour that no format stores in a few bytes. */
function picture(): Sharp {
  const random = new Random(1);
  const pixels = Uint8Array.from({ length: 24 * 20 * 3 }, () => random.below(256));
  return sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } });
}

function gray16(): Sharp {
  const random = new Random(2);
  const pixels = Uint16Array.from({ length: 24 * 20 }, () => random.below(65_536));
  return sharp(pixels, { raw: { width: 24, height: 20, channels: 1 } }).toColourspace('grey16');
}

/** What is broken, and between which bytes; all where nothing is said. */
const SOURCES: Record<string, () => Promise<[content: Buffer, start?: number, end?: number]>> = {
  jpeg: async () => [await picture().jpeg().toBuffer()],
  'progressive jpeg': async () => [await picture().jpeg({ progressive: true }).toBuffer()],
  png: async () => [await picture().png().toBuffer()],
  'png of 16 bits': async () => [await gray16().png().toBuffer()],
  webp: async () => [await picture().webp().toBuffer()],
  'lossless webp': async () => [await picture().webp({ lossless: true }).toBuffer()],
  tiff: async () => [await picture().tiff({ compression: 'lzw' }).toBuffer()],
  'tiff of 16 bits': async () => [await gray16().tiff({ compression: 'none' }).toBuffer()],
  exif: async () => {
    const content = await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const start = content.indexOf('Exif');
    return [content, start - 4, start + content.readUInt16BE(start - 2)];
  },
};

export const FUZZED: readonly string[] = Object.keys(SOURCES);

/** What takes the processor for longer (µs) hangs: a machine that is busy with something else does not count. */
const PATIENCE = 30_000_000;

/**
 * Decodes a file that was broken in so many ways.
 * @returns how many gave an image
 */
export async function fuzz(name: string, count: number): Promise<number> {
  const [whole, start = 0, end = whole.length] = await SOURCES[name]!();
  const random = new Random(7);
  let images = 0;
  for (let i = 0; i < count; i++) {
    const content = broken(whole, start, end, random);
    const state = `${name}, case ${i}`;
    try {
      const window = i % 2 ? 'auto' : 'full';
      const channels = i % 3 ? 3 : 1;
      const { pixels, width, height } = await soon(decoded(content, { channels, window }), state);
      assert.equal(pixels.length, width * height * channels, state);
      images++;
    } catch (error) {
      const isReason = error instanceof Error && !(error instanceof assert.AssertionError);
      assert.ok(isReason && /^(is|has|holds|decodes) /.test(error.message), `${state}: ${error}`);
    }
  }
  return images;
}

export async function soon<T>(work: Promise<T>, state: string): Promise<T> {
  const start = process.cpuUsage();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const { user, system } = process.cpuUsage(start);
      if (user + system > PATIENCE) reject(new assert.AssertionError({ message: `${state} hangs` }));
    }, 1_000);
  });
  return Promise.race([work, late]).finally(() => clearInterval(timer));
}

/** Some bytes changed, and now and then a part cut out, doubled or cut off. */
export function broken(whole: Buffer, start: number, end: number, random: Random): Buffer {
  const place = (): number => start + random.below(end - start);
  const content = Buffer.from(whole);
  for (let k = random.below(5); k >= 0; k--) content[place()] = random.below(256);
  const [a, b] = [place(), place()].sort((x, y) => x - y) as [number, number];
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([content.subarray(0, a), content.subarray(b)]);
    case 1:
      return Buffer.concat([content.subarray(0, b), content.subarray(a)]);
    case 2:
      return content.subarray(0, a);
    default:
      return content;
  }
}
