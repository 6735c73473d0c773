import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { decodeImage } from './decode.js';
import { luminance } from './luminance.js';
import { decoded } from './pictures.test.support.js';

/** 3 × 2 pixels, all different. */
const colours = Uint8Array.from({ length: 18 }, (_, i) => (i * 53 + 7) % 256);
const picture = () => sharp(colours, { raw: { width: 3, height: 2, channels: 3 } });
/** 64 × 64 pixels of smooth colour, in which JPEG loses little. */
const smooth = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => {
  const p = Math.floor(i / 3);
  return [3 * (p % 64), 3 * Math.floor(p / 64), 90][i % 3]!;
});
const large = () => sharp(smooth, { raw: { width: 64, height: 64, channels: 3 } });

test('lossless formats give their pixels, JPEG and lossy WebP about those', async () => {
  for (const file of [
    picture().png(),
    picture().png({ palette: true }),
    picture().webp({ lossless: true }),
    picture().tiff({ compression: 'lzw' }),
    picture().tiff({ compression: 'none' }),
  ]) {
    const { pixels, width, height } = await decoded(await file.toBuffer());
    assert.deepEqual([width, height], [3, 2]);
    assert.deepEqual([...pixels], [...colours]);
  }
  for (const file of [large().jpeg({ quality: 95 }), large().jpeg({ progressive: true }), large().webp()]) {
    const { pixels } = await decoded(await file.toBuffer());
    assert.equal(pixels.length, smooth.length);
    const off = pixels.reduce((sum, value, i) => sum + Math.abs(value - smooth[i]!), 0) / smooth.length;
    assert.ok(off > 0 && off < 4, `off by ${off}`);
  }
});

test('gray is three times the same, in 8 and in 16 bits; 16 bits are scaled', async () => {
  const eight = sharp(Uint8Array.of(0, 1, 128, 255), { raw: { width: 2, height: 2, channels: 1 } });
  const gray = await decoded(await eight.toColourspace('b-w').png().toBuffer());
  assert.deepEqual([...gray.pixels], [0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255]);
  const values = Uint16Array.of(0, 0x0180, 0x8000, 0xffff);
  const sixteen = () => sharp(values, { raw: { width: 2, height: 2, channels: 1 } }).toColourspace('grey16');
  for (const file of [sixteen().png(), sixteen().tiff({ compression: 'lzw' })]) {
    const content = await file.toBuffer();
    assert.equal((await sharp(content).metadata()).depth, 'ushort');
    assert.deepEqual([...(await decoded(content)).pixels], [0, 0, 0, 1, 1, 1, 128, 128, 128, 255, 255, 255]);
  }
  const wide = Uint16Array.from(colours, (value) => value * 257);
  const rgb16 = sharp(wide, { raw: { width: 3, height: 2, channels: 3 } }).toColourspace('rgb16');
  assert.deepEqual([...(await decoded(await rgb16.png().toBuffer())).pixels], [...colours]);
});

test('a window applies to gray of 16 bits, and to nothing else', async () => {
  const values = Uint16Array.of(0, 1000, 2000, 4095);
  const gray = sharp(values, { raw: { width: 2, height: 2, channels: 1 } }).toColourspace('grey16');
  for (const content of [
    await gray.clone().png().toBuffer(),
    await gray.clone().tiff({ compression: 'lzw' }).toBuffer(),
  ]) {
    const { pixels } = await decoded(content, { window: '0:4095' });
    // 1000 · 255 / 4095 = 62.3, 2000 · 255 / 4095 = 124.5…
    assert.deepEqual([...pixels], [0, 0, 0, 62, 62, 62, 125, 125, 125, 255, 255, 255]);
    assert.equal((await decoded(content, { window: 'auto' })).pixels.at(-1), 255);
    assert.equal((await decoded(content)).pixels.at(-1), 15);
  }
  const both = Uint16Array.of(0, 65535, 1000, 65535, 2000, 0, 4095, 9); // gray and transparency
  const clear = sharp(both, { raw: { width: 2, height: 2, channels: 2 } }).toColourspace('grey16');
  const seen = (await decoded(await clear.png().toBuffer(), { window: '0:4095' })).pixels;
  assert.deepEqual(
    [...seen].filter((_, i) => i % 3 === 0),
    [0, 62, 125, 255],
  );
  assert.deepEqual(
    [...(await decoded(await picture().png().toBuffer(), { window: '0:10' })).pixels],
    [...colours],
  );
});

test('of one channel: gray of 8 and 16 bits as it is, windowed or not, and the luminance of colours', async () => {
  const raw = { width: 2, height: 2, channels: 1 } as const;
  const eight = sharp(Uint8Array.of(0, 1, 128, 255), { raw }).toColourspace('b-w');
  const sixteen = sharp(Uint16Array.of(0, 1000, 2000, 4095), { raw }).toColourspace('grey16');
  const wide = sharp(Uint16Array.of(0, 65535, 1000, 65535, 2000, 0, 4095, 9), {
    raw: { ...raw, channels: 2 },
  });
  const contents = [
    await eight.clone().png().toBuffer(),
    await eight.clone().tiff().toBuffer(),
    await eight.clone().png({ palette: true }).toBuffer(),
    await eight.clone().jpeg().toBuffer(),
    await sixteen.clone().png().toBuffer(),
    await sixteen.clone().tiff({ compression: 'lzw' }).toBuffer(),
    await wide.toColourspace('grey16').png().toBuffer(),
    await picture().png().toBuffer(),
    await picture().ensureAlpha(0.5).png().toBuffer(),
    await large().jpeg().toBuffer(),
    await large().webp().toBuffer(),
    await large().toColourspace('cmyk').jpeg().toBuffer(),
  ];
  for (const [i, content] of contents.entries()) {
    for (const window of ['full', 'auto', '0:4095'] as const) {
      const colour = await decoded(content, { window });
      const gray = await decoded(content, { channels: 1, window });
      assert.deepEqual([gray.width, gray.height], [colour.width, colour.height]);
      assert.deepEqual([...gray.pixels], [...luminance(colour.pixels)], `${i}, ${window}`);
    }
  }
});

test('transparency is dropped, and the colours beneath stay', async () => {
  const pixels = Uint8Array.of(200, 100, 50, 0, 10, 20, 30, 128);
  const file = sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } });
  for (const content of [
    await file.png().toBuffer(),
    await file.webp({ lossless: true, exact: true }).toBuffer(),
  ])
    assert.deepEqual([...(await decoded(content)).pixels], [200, 100, 50, 10, 20, 30]);
});

test('the orientation in EXIF is followed', async () => {
  /** What a red, a green and a blue pixel in a row become, as rows. */
  const expected: Record<number, string[]> = {
    1: ['rgb'],
    2: ['bgr'],
    3: ['bgr'],
    4: ['rgb'],
    5: ['r', 'g', 'b'],
    6: ['r', 'g', 'b'],
    7: ['b', 'g', 'r'],
    8: ['b', 'g', 'r'],
  };
  const row = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255);
  for (const [orientation, rows] of Object.entries(expected)) {
    const image = sharp(row, { raw: { width: 3, height: 1, channels: 3 } });
    const content = await image
      .withMetadata({ orientation: Number(orientation) })
      .png()
      .toBuffer();
    const { pixels, width, height } = await decoded(content);
    assert.deepEqual([width, height], [rows[0]!.length, rows.length], `orientation ${orientation}`);
    const letters = Array.from({ length: 3 }, (_, p) => 'rgb'[pixels.indexOf(255, p * 3) - p * 3]);
    assert.equal(letters.join(''), rows.join(''), `orientation ${orientation}`);
  }
});

test('what is no whole image is refused with a reason', async () => {
  const png = await large().png().toBuffer();
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /^is empty$/],
    [Buffer.from('<html>not found</html>'), /^holds no image in a form that is read/],
    [png.subarray(0, 20), /^holds no image|^is broken or cut off/],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="3" height="3"/>'), /^holds svg, not jpeg/],
    [await picture().gif().toBuffer(), /^holds gif, not jpeg, png, webp, tiff$/],
  ];
  for (const file of [large().png(), large().jpeg(), large().webp(), large().tiff({ compression: 'lzw' })]) {
    const content = await file.toBuffer();
    cases.push([content.subarray(0, content.length * 0.6), /^is broken or cut off$|^holds no image/]);
  }
  const bomb = Buffer.from(png);
  bomb.writeUInt32BE(100_000, 16); // the width in its header
  bomb.writeUInt32BE(100_000, 20);
  bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
  cases.push([bomb, /^has 100000 × 100000 pixels, more than 2\^28$/]);
  for (const [content, message] of cases) {
    await assert.rejects(decodeImage(content), (error: Error) => {
      assert.match(error.message, message);
      return true;
    });
  }
});

/** The checksum of PNG's chunks. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
