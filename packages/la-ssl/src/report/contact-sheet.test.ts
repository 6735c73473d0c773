import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { type ContactSheetOptions, contactSheet } from './contact-sheet.js';

async function drawn(options: ContactSheetOptions) {
  const { data, info } = await sharp(await contactSheet(options))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): number[] => {
    const start = (y * info.width + x) * info.channels;
    return [...data.subarray(start, start + 3)];
  };
  return { ...info, at };
}

const PAPER = [250, 250, 248];
const INK = [24, 24, 28];

test('each pixel of a picture becomes a square, pictures stand in rows', async () => {
  // two RGB pictures of 1 × 2 pixels, [N, C, H, W]
  const images = Uint8Array.of(10, 20, 30, 40, 50, 60, 110, 120, 130, 140, 150, 160);
  const shape = { count: 2, channels: 3, height: 1, width: 2 };
  const { at } = await drawn({ images, shape, side: 8, columns: 2 });
  for (let y = 8; y < 12; y++) {
    for (let x = 0; x < 4; x++) {
      assert.deepEqual(at(8 + x, y), [10, 30, 50]);
      assert.deepEqual(at(12 + x, y), [20, 40, 60]);
      assert.deepEqual(at(24 + x, y), [110, 130, 150]); // 8 wide and 8 apart
    }
  }
  assert.deepEqual(at(16, 8), PAPER);
  assert.deepEqual(at(8, 12), PAPER);
});

test('grey pictures come out grey, and a column holds the next row', async () => {
  const shape = { count: 2, channels: 1, height: 1, width: 1 };
  const { at } = await drawn({ images: Uint8Array.of(7, 200), shape, side: 4, columns: 1 });
  assert.deepEqual(at(8, 8), [7, 7, 7]);
  assert.deepEqual(at(8, 8 + 4 + 8), [200, 200, 200]);
});

test('captions and titles are drawn dot by dot, without a font of the machine', async () => {
  const shape = { count: 1, channels: 1, height: 1, width: 1 };
  const images = Uint8Array.of(128);
  const { at } = await drawn({ images, shape, side: 20, captions: [['T!']] });
  const dots = Array.from({ length: 7 }, (_, y) =>
    Array.from({ length: 11 }, (_, x) => {
      const colour = at(8 + 2 * x, 8 + 20 + 4 + 2 * y);
      assert.ok([INK, PAPER].some((known) => known.join() === colour.join()));
      return colour.join() === INK.join() ? '#' : '.';
    }).join(''),
  );
  assert.deepEqual(dots, [
    '#####...#..',
    '..#.....#..',
    '..#.....#..',
    '..#.....#..',
    '..#.....#..',
    '..#........',
    '..#.....#..',
  ]);
  const titled = await drawn({ images, shape, side: 20, sections: [{ title: 'T', count: 1 }] });
  assert.deepEqual(titled.at(8, 8), INK);
  assert.deepEqual(titled.at(8, 8 + 24), [128, 128, 128]);
});

test('a long caption is shortened and widens the cell only so far', async () => {
  const shape = { count: 1, channels: 1, height: 1, width: 1 };
  const width = async (line: string): Promise<number> =>
    (await drawn({ images: Uint8Array.of(1), shape, captions: [[line]] })).width;
  assert.equal(await width('x'.repeat(24)), await width('x'.repeat(500)));
  assert.ok((await width('x'.repeat(24))) > (await width('x')));
});

test('many sections are set in columns, so that the sheet is no ribbon', async () => {
  const count = 100;
  const shape = { count, channels: 1, height: 8, width: 8 };
  const sections = Array.from({ length: count }, (_, i) => ({ title: `group ${i}`, count: 1 }));
  const { width, height } = await drawn({ images: new Uint8Array(count * 64), shape, sections, side: 96 });
  assert.ok(width / height > 0.5 && width / height < 2, `${width} × ${height}`);
});

test('what does not fit together is refused', async () => {
  const shape = { count: 2, channels: 3, height: 1, width: 1 };
  const images = new Uint8Array(6);
  await assert.rejects(contactSheet({ images: new Uint8Array(5), shape }), /5 bytes, not 2·3·1·1/);
  await assert.rejects(contactSheet({ images, shape, captions: [['a']] }), /1 captions for 2 images/);
  await assert.rejects(
    contactSheet({ images, shape, sections: [{ title: 'a', count: 1 }] }),
    /hold 1 images, and there are 2/,
  );
  await assert.rejects(contactSheet({ images, shape: { ...shape, channels: 2 } }), /1 or 3 channels, got 2/);
  await assert.rejects(contactSheet({ images, shape: { ...shape, count: 0 } }), /at least one image/);
});
