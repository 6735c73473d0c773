import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromData } from '@la-ssl/torch';
import { luminance } from './luminance.js';
import { resizeAndCrop } from './resize.js';

interface Case {
  width: number;
  height: number;
  side: number;
  pixels: string;
  gray: string;
}

const { cases, luminance: ofColours } = JSON.parse(
  readFileSync(new URL('../../../fixtures/resize/reference.json', import.meta.url), 'utf8'),
) as { cases: Case[]; luminance: string };

/** The image of the fixtures' maker. */
function picture(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [p, c] = [Math.floor(i / 3), i % 3];
    const [x, y] = [p % width, Math.floor(p / width)];
    return (7 * x + 13 * y + 50 * c + x * y) % 256;
  });
}

test('resize and crop give the very pixels of torchvision', () => {
  assert.equal(cases.length, 8);
  for (const { width, height, side, pixels } of cases) {
    const result = resizeAndCrop(fromData(picture(width, height), [height, width, 3]), side);
    const expected = Buffer.from(pixels, 'base64'); // [S, S, 3]
    const area = side * side;
    assert.equal(expected.length, 3 * area);
    const planes = Uint8Array.from(expected, (_, i) => expected[(i % area) * 3 + Math.floor(i / area)]!);
    assert.deepEqual(result, planes, `${width} × ${height} to ${side}`);
  }
});

test('gray gives the very pixels of convert("L") and torchvision', () => {
  for (const { width, height, side, gray } of cases) {
    const pixels = luminance(picture(width, height));
    const result = resizeAndCrop(fromData(pixels, [height, width, 1]), side);
    assert.deepEqual(result, new Uint8Array(Buffer.from(gray, 'base64')), `${width} × ${height} to ${side}`);
  }
  const every = (i: number): number => (i % 52) * 5;
  const colours = Uint8Array.from({ length: 3 * 52 ** 3 }, (_, i) => {
    const p = Math.floor(i / 3);
    return every([p / 52 ** 2, p / 52, p].map(Math.floor)[i % 3]!);
  });
  assert.equal(createHash('sha256').update(luminance(colours)).digest('hex'), ofColours);
  const grays = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
  assert.deepEqual([...luminance(grays)], [...Array(256).keys()]);
});

test('one colour stays that colour, and an image of the right size stays as it is', () => {
  const plain = fromData(new Uint8Array(50 * 70 * 3).fill(255), [70, 50, 3]);
  assert.ok(resizeAndCrop(plain, 16).every((value) => value === 255));
  const own = picture(12, 12);
  const result = resizeAndCrop(fromData(own, [12, 12, 3]), 12);
  assert.ok(own.every((value, i) => result[(i % 3) * 144 + Math.floor(i / 3)] === value));
});

test('of a very long image the middle is left', () => {
  const width = 200_000;
  const pixels = new Uint8Array(width * 3);
  for (let x = 0; x < width; x++) pixels[x * 3] = x < width / 2 ? 10 : 90;
  const result = resizeAndCrop(fromData(pixels, [1, width, 3]), 8);
  // 8 pixels for each: the outer ones lie 7/16 beside the edge, and so have 1/16 of the other side.
  assert.deepEqual([result[0], result[7]], [15, 85]);
});
