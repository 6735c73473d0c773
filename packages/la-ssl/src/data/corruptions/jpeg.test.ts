import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import sharp from 'sharp';
import { jpegRoundTrip } from './jpeg.js';
import { SIDE, storedImages } from './official.test.fixtures.js';

/** libjpeg itself, through sharp. */
async function libjpeg(pixels: Uint8Array, height: number, width: number, quality: number): Promise<Buffer> {
  const options = { quality, chromaSubsampling: '4:2:0', optimiseCoding: false };
  const file = await sharp(pixels, { raw: { height, width, channels: 3 } })
    .jpeg(options)
    .toBuffer();
  return sharp(file).removeAlpha().raw().toBuffer();
}

function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}

describe('jpegRoundTrip', () => {
  let images: Uint8Array[];
  before(async () => {
    images = (await storedImages()).slice(0, 24);
  });

  for (const quality of [10, 49, 50, 75, 95, 100]) {
    it(`comes within one step of libjpeg at quality ${quality}`, async () => {
      const all = await Promise.all(images.map((image) => libjpeg(image, SIDE, SIDE, quality)));
      const differences = images.map((pixels, i) =>
        meanDifference(jpegRoundTrip({ pixels, height: SIDE, width: SIDE }, quality), all[i]!),
      );
      const mean = differences.reduce((a, b) => a + b) / differences.length;
      assert.ok(mean < 0.6, `off by ${mean}`);
    });
  }

  it('pads a picture whose sides are no multiples of a block, as libjpeg does', async () => {
    const [height, width] = [23, 37];
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
      const [y, x] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width];
      return 128 + 90 * Math.sin(x / 4 + (i % 3)) * Math.cos(y / 5);
    });
    const found = jpegRoundTrip({ pixels, height, width }, 80);
    const expected = await libjpeg(pixels, height, width, 80);
    assert.ok(meanDifference(found, expected) < 0.6, `off by ${meanDifference(found, expected)}`);
  });

  it('keeps a plain colour to within the rounding of its conversion', () => {
    const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => [200, 90, 40][i % 3]!);
    const found = jpegRoundTrip({ pixels, height: SIDE, width: SIDE }, 100);
    assert.ok(found.every((byte, i) => Math.abs(byte - pixels[i]!) <= 2));
  });
});
