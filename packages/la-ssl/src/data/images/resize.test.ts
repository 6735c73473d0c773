import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { resizeAndCrop } from './resize.js';

interface Case {
  width: number;
  height: number;
  side: number;
  pixels: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../fixtures/resize/reference.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

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
    const result = resizeAndCrop({ pixels: picture(width, height), width, height }, side);
    const expected = Buffer.from(pixels, 'base64'); // [S, S, 3]
    const area = side * side;
    assert.equal(expected.length, 3 * area);
    const planes = Uint8Array.from(expected, (_, i) => expected[(i % area) * 3 + Math.floor(i / area)]!);
    assert.deepEqual(result, planes, `${width} × ${height} to ${side}`);
  }
});

test('one colour stays that colour, and an image of the right size stays as it is', () => {
  const plain = { pixels: new Uint8Array(50 * 70 * 3).fill(255), width: 50, height: 70 };
  assert.ok(resizeAndCrop(plain, 16).every((value) => value === 255));
  const own = picture(12, 12);
  const result = resizeAndCrop({ pixels: own, width: 12, height: 12 }, 12);
  assert.ok(own.every((value, i) => result[(i % 3) * 144 + Math.floor(i / 3)] === value));
});

test('of a very long image the middle is left', () => {
  const width = 200_000;
  const pixels = new Uint8Array(width * 3);
  for (let x = 0; x < width; x++) pixels[x * 3] = x < width / 2 ? 10 : 90;
  const result = resizeAndCrop({ pixels, width, height: 1 }, 8);
  // 8 pixels for each: the outer ones lie 7/16 beside the edge, and so have 1/16 of the other side.
  assert.deepEqual([result[0], result[7]], [15, 85]);
});
