/** @file A folder of small pictures and text files, for tests of data sets of image files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import sharp from 'sharp';
import { decodeImage, type PictureOptions } from './decode.js';

/**
 * Makes a folder that goes when the test ends.
 * @param pictures - paths of pictures of 12 × 10 pixels, the n-th of gray 10 n
 * @param texts - other files by path
 */
export async function picturesOf(
  t: TestContext,
  pictures: readonly string[],
  texts: Record<string, string | Uint8Array> = {},
): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'la-ssl-pictures-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [i, file] of pictures.entries()) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    const flat = sharp(new Uint8Array(120).fill(10 * i), { raw: { width: 12, height: 10, channels: 1 } });
    await flat.toFile(join(root, file));
  }
  for (const [file, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

/** What `decodeImage` makes of a file, out of libtorch's memory: pixels `[H, W, C]`. */
export async function decoded(
  content: Uint8Array,
  options?: PictureOptions,
): Promise<{ pixels: Uint8Array; width: number; height: number }> {
  using image = await decodeImage(content, options);
  const [height = 0, width = 0] = image.shape;
  return { pixels: image.data() as Uint8Array, width, height };
}
