import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { call, scope, type Tensor, tensor } from '@la-ssl/torch';
import sharp from 'sharp';
import { Random } from '../../random.js';
import { decodeAny } from './decode.js';
import { decodeJpeg } from './jpeg.js';
import { decoded } from './pictures.test.support.js';

interface Case {
  name: string;
  plain: boolean;
  width: number;
  height: number;
  rgb: string;
  gray: string;
  file: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../fixtures/jpeg/reference.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

const fileOf = (wanted: string): Buffer =>
  Buffer.from(cases.find(({ name }) => name === wanted)!.file, 'base64');

const MOST = 2 ** 28;

/** Where the addon was built without libjpeg, libvips decodes all. */
const skip = hasLibjpeg() ? false : 'the addon was built without libjpeg';

function hasLibjpeg(): boolean {
  try {
    call('la_ssl::decode_jpeg', tensor([0], { dtype: 'uint8' }), 3);
  } catch (error) {
    return !/no operator/.test((error as Error).message);
  }
  return true;
}

const hashOf = (pixels: Uint8Array): string => createHash('sha256').update(pixels).digest('hex');

test('JPEG files of many kinds give the very pixels of Pillow', async () => {
  for (const { name, width, height, rgb, gray, file } of cases) {
    const content = Buffer.from(file, 'base64');
    for (const channels of [3, 1] as const) {
      const image = await decoded(content, { channels });
      assert.deepEqual([image.width, image.height], [width, height], name);
      assert.equal(image.pixels.length, channels * width * height, name);
      assert.equal(hashOf(image.pixels), channels === 3 ? rgb : gray, `${name}, ${channels} channels`);
    }
  }
});

test('libjpeg decodes what is plain, and gray as it is where that is wanted', { skip }, () => {
  const shapeOf = (content: Uint8Array, channels: 1 | 3): readonly number[] | undefined =>
    scope(() => decodeJpeg(content, channels, MOST)?.shape);
  for (const { name, plain, width, height, file } of cases) {
    const expected = plain ? [height, width, 3] : undefined;
    assert.deepEqual(shapeOf(Buffer.from(file, 'base64'), 3), expected, name);
  }
  assert.deepEqual(shapeOf(fileOf('gray'), 1), [29, 37, 1]);
  assert.deepEqual(shapeOf(fileOf('4:2:0'), 1), [29, 37, 3]);
});

test('libvips decodes what is not', { skip }, async () => {
  const whole = fileOf('4:2:0');
  const upright = fileOf('EXIF, upright');
  const changed = (content: Buffer, at: number, value: number): Buffer => {
    const copy = Buffer.from(content);
    copy[at] = value;
    return copy;
  };
  const exif = upright.indexOf('Exif');
  const segment = upright.subarray(exif - 4, exif + upright.readUInt16BE(exif - 2) - 2);
  const start = whole.subarray(0, 2);
  const picture = sharp(fileOf('4:4:4'));
  const others: Record<string, Uint8Array> = {
    PNG: await picture.clone().png().toBuffer(),
    CMYK: await picture.clone().toColourspace('cmyk').jpeg().toBuffer(),
    'a file cut off': whole.subarray(0, whole.length - 40),
    'a file without its end': whole.subarray(0, whole.length - 2),
    'a file cut off in its headers': whole.subarray(0, 100),
    'two bytes': start,
    'one byte': whole.subarray(0, 1),
    'an unknown byte order in EXIF': changed(upright, exif + 6, 0),
    'EXIF twice': Buffer.concat([start, segment, upright.subarray(2)]),
    'EXIF cut off': Buffer.concat([
      start,
      Buffer.from([0xff, 0xe1, 0, 8]),
      Buffer.from('Exif\0\0'),
      whole.subarray(2),
    ]),
    'bytes that do not belong there': Buffer.concat([start, Buffer.from([7, 7]), whole.subarray(2)]),
  };
  for (const [name, content] of Object.entries(others)) {
    assert.equal(
      scope(() => decodeJpeg(content, 3, MOST)?.shape),
      undefined,
      name,
    );
  }
  assert.equal(decodeJpeg(whole, 3, 37 * 29 - 1), undefined, 'too many pixels');
});

test('what libjpeg makes of broken files is what libvips makes of them', { skip }, async () => {
  const random = new Random(3);
  let images = 0;
  for (const name of ['4:2:0', 'progressive', 'EXIF, upright', 'gray']) {
    const whole = fileOf(name);
    for (let i = 0; i < 150; i++) {
      const content = Buffer.from(whole);
      if (i % 3 === 0) content.fill(0, random.below(content.length));
      else
        for (let k = 0; k <= random.below(3); k++) content[random.below(content.length)] = random.below(256);
      const ours = decodeJpeg(content, 3, MOST);
      if (!ours) continue;
      using expected = await decodeAny(content, 3, 'full');
      assert.deepEqual(ours.shape, expected.shape, `${name}, case ${i}`);
      assert.equal(hashOf(bytesOf(ours)), hashOf(bytesOf(expected)), `${name}, case ${i}`);
      ours.dispose();
      images++;
    }
  }
  assert.ok(images > 50, `${images} gave an image`);
});

const bytesOf = (image: Tensor): Uint8Array => image.data() as Uint8Array;
