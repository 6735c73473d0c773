import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Random } from '../../random.js';
import { cropFrost, growFrost, loadFrostPictures } from './frost.js';
import { fixture, readRecord, SIDE, textureOf } from './official.test.fixtures.js';

describe('growFrost', () => {
  const crops = Array.from({ length: 1000 }, (_, i) => growFrost(SIDE, SIDE, new Random(8, i)));

  it('has the colour, spread and grain of the official photographs', () => {
    const expected = readRecord().frost.drawn;
    const found = textureOf(crops);
    const near = (what: string, a: number, b: number, share: number): void => {
      assert.ok(Math.abs(a / b - 1) < share, `${what}: ${a.toFixed(3)}, photographs ${b}`);
    };
    for (const c of [0, 1, 2] as const) {
      near(`mean of channel ${c}`, found.mean[c], expected.mean[c], 0.05);
      near(`spread of channel ${c}`, found.std[c], expected.std[c], 0.05);
    }
    near('spread within a crop', found.withinCrop, expected.withinCrop, 0.05);
    near('spread between crops', found.betweenCrops, expected.betweenCrops, 0.08);
    near('likeness of neighbours', found.correlation1, expected.correlation1, 0.1);
    near('likeness of pixels 4 apart', found.correlation4, expected.correlation4, 0.2);
  });

  it('is bluish white: blue is the strongest channel and red the weakest, in every crop', () => {
    for (const crop of crops.slice(0, 200)) {
      const [red, green, blue] = [0, 1, 2].map((c) =>
        crop.reduce((sum, byte, i) => sum + (i % 3 === c ? byte : 0), 0),
      );
      assert.ok(red! < green! && green! < blue!);
    }
  });

  it('has branches, which grain alone has not: bright pixels hang together', () => {
    // Share of bright pixels with a bright neighbour up, down, left or right; 0.34 for independent grain.
    const clustering = crops.slice(0, 200).map((crop) => {
      const gray = Float64Array.from(
        { length: SIDE * SIDE },
        (_, i) => crop[3 * i]! + crop[3 * i + 1]! + crop[3 * i + 2]!,
      );
      const limit = Float64Array.from(gray).sort()[Math.floor(0.9 * gray.length)]!;
      const bright = (y: number, x: number): boolean =>
        y >= 0 && y < SIDE && x >= 0 && x < SIDE && gray[y * SIDE + x]! > limit;
      let all = 0;
      let joined = 0;
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          if (!bright(y, x)) continue;
          all++;
          if (bright(y - 1, x) || bright(y + 1, x) || bright(y, x - 1) || bright(y, x + 1)) joined++;
        }
      }
      return joined / all;
    });
    const mean = clustering.reduce((a, b) => a + b) / clustering.length;
    assert.ok(mean > 0.45, `${mean.toFixed(3)} of the bright pixels have a bright neighbour`);
  });
});

describe('loadFrostPictures', () => {
  it('keeps the middle pixel of every five by five, of five pictures', async () => {
    const pictures = await loadFrostPictures(fixture('frost-pictures'));
    assert.deepEqual(
      pictures.map(({ height, width }) => [height, width]),
      [
        [36, 41],
        [37, 43],
        [39, 45],
        [40, 48],
        [42, 50],
      ],
    );
    // The first picture is `(3 + channel) · ⌊y / 5⌋ + 5 ⌊x / 5⌋`, modulo 256.
    const { pixels, width } = pictures[0]!;
    for (const [y, x] of [
      [0, 0],
      [3, 40],
      [35, 17],
    ] as const) {
      const expected = [3, 4, 5].map((step) => (step * y + 5 * x) % 256);
      assert.deepEqual([...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)], expected);
    }
  });

  it('names the file that is missing or broken', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'frost-'));
    try {
      await assert.rejects(
        loadFrostPictures(folder),
        /frost1\.png is missing; the folder needs frost1\.png, frost2/,
      );
      const names = ['frost1.png', 'frost2.png', 'frost3.png', 'frost4.jpg', 'frost5.jpg'];
      for (const name of names) await writeFile(join(folder, name), 'not a picture');
      await assert.rejects(loadFrostPictures(folder), /frost\d\.(png|jpg) is no picture that can be read/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('cropFrost', () => {
  const picture = { height: 6, width: 9, pixels: Uint8Array.from({ length: 6 * 9 * 3 }, (_, i) => i) };

  it('cuts every place but the last row and column, as the official randint does', () => {
    const random = new Random(9);
    const corners = new Set(Array.from({ length: 500 }, () => cropFrost([picture], 4, 7, random)[0]!));
    const expected = [0, 1].flatMap((top) => [0, 1].map((left) => (top * 9 + left) * 3));
    assert.deepEqual(
      [...corners].sort((a, b) => a - b),
      expected,
    );
    const crop = cropFrost([picture], 4, 7, random);
    assert.equal(crop[7 * 3]! - crop[0]!, 9 * 3, 'the second row is the row below');
  });

  it('refuses pictures that are too small, and an empty list', () => {
    assert.throws(
      () => cropFrost([picture], 6, 7, new Random(1)),
      /6 x 9 is not larger than the image, 6 x 7/,
    );
    assert.throws(() => cropFrost([], 4, 7, new Random(1)), /list of pictures is empty/);
  });
});
