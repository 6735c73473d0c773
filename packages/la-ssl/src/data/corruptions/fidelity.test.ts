/**
 * @file The corruptions against the official script: pixel by pixel where that is possible, and by moments.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { Random } from '../../random.js';
import { CORRUPTIONS, type CorruptionName, corrupt, loadFrostPictures, type Picture } from './index.js';
import {
  fixture,
  largestDifference,
  momentsOf,
  REFERENCE_SEED,
  readRecord,
  readSheet,
  SEVERITIES,
  SIDE,
  STORED_IMAGES,
  storedImages,
} from './official.test.fixtures.js';

const size = { height: SIDE, width: SIDE };

/**
 * Mean absolute difference in byte steps that is let pass. The aim is 2 (JPEG: 4); we hold ourselves to what
 * the arithmetic leaves: single precision in OpenCV's filters, its fixed-point warp, libjpeg's integer DCT.
 */
const LIMITS: Partial<Record<CorruptionName, number>> = {
  defocus_blur: 0.1,
  elastic_transform: 0.1,
  glass_blur: 0.02,
  saturate: 0.02,
  jpeg_compression: 0.5,
};
const EXACT = 0.001;

describe('corruptions against the official output, pixel by pixel, with the same random numbers', () => {
  let images: Uint8Array[];
  let frost: Picture[];
  before(async () => {
    images = await storedImages();
    frost = await loadFrostPictures(fixture('frost-pictures'));
  });

  it('has the first 128 CIFAR-10 test images', () => {
    assert.equal(images.length, STORED_IMAGES);
    const hash = createHash('sha256');
    for (const image of images) hash.update(image);
    assert.equal(hash.digest('hex'), readRecord().images.storedSha256);
  });

  // A Poisson number takes another way to the same distribution; see the moments.
  for (const name of CORRUPTIONS.filter((name) => name !== 'identity' && name !== 'shot_noise')) {
    it(name, async () => {
      const official = await readSheet(`${name}.png`);
      assert.equal(official.length, SEVERITIES.length);
      for (const severity of SEVERITIES) {
        const row = official[severity - 1]!;
        let difference = 0;
        row.forEach((expected, index) => {
          const random = new Random(REFERENCE_SEED, index, severity);
          const found = corrupt(images[index]!, { name, severity, ...size, random, frost });
          found.forEach((byte, k) => {
            difference += Math.abs(byte - expected[k]!) / (row.length * found.length);
          });
        });
        const limit = LIMITS[name] ?? EXACT;
        assert.ok(difference <= limit, `severity ${severity}: off by ${difference} steps, limit ${limit}`);
      }
    });
  }

  it('identity', () => {
    for (const image of images) {
      const random = new Random(0);
      assert.deepEqual(corrupt(image, { name: 'identity', severity: 5, ...size, random }), image);
    }
  });
});

describe('moments over the stored images, with random numbers of our own', () => {
  /** Frost is grown here, not photographed; the aim of 10 % stands. The others are held to less. */
  const limitOf = (name: CorruptionName): number => (name === 'frost' ? 0.1 : 0.05);
  let images: Uint8Array[];
  before(async () => {
    images = await storedImages();
  });

  for (const name of CORRUPTIONS.filter((name) => name !== 'identity')) {
    it(name, () => {
      const expected = readRecord().stored[name]!;
      for (const severity of SEVERITIES) {
        const corrupted = images.map((image, index) =>
          corrupt(image, { name, severity, ...size, random: new Random(1, index, severity) }),
        );
        const worst = largestDifference(momentsOf(corrupted, images), expected[severity - 1]!);
        assert.ok(
          worst.share <= limitOf(name),
          `severity ${severity}: ${worst.of} is off by ${(100 * worst.share).toFixed(1)} %`,
        );
      }
    });
  }
});
