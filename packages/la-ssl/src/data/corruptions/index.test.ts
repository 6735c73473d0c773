import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Random } from '../../random.js';
import { CORRUPTIONS, type CorruptionName, corrupt } from './index.js';
import { SEVERITIES, SIDE, storedImages } from './official.test.fixtures.js';

const size = { height: SIDE, width: SIDE };
const DETERMINISTIC: readonly CorruptionName[] = [
  'gaussian_blur',
  'defocus_blur',
  'zoom_blur',
  'brightness',
  'contrast',
  'jpeg_compression',
  'pixelate',
  'saturate',
  'identity',
];

describe('corrupt', () => {
  let image: Uint8Array;
  before(async () => {
    image = (await storedImages())[3]!;
  });

  it('knows the nineteen corruptions of CIFAR-10-C and identity', () => {
    assert.equal(CORRUPTIONS.length, 20);
    assert.equal(new Set(CORRUPTIONS).size, 20);
    assert.ok(CORRUPTIONS.every((name) => /^[a-z_]+$/.test(name)));
  });

  for (const name of CORRUPTIONS) {
    it(`${name}: the same picture from the same key, ${DETERMINISTIC.includes(name) ? 'and from any' : 'another from another'}`, () => {
      for (const severity of SEVERITIES) {
        const before = image.slice();
        const make = (key: number) => corrupt(image, { name, severity, ...size, random: new Random(key, 5) });
        const first = make(1);
        assert.deepEqual(make(1), first);
        assert.deepEqual(image, before, 'the input has changed');
        const other = make(2);
        if (DETERMINISTIC.includes(name)) assert.deepEqual(other, first);
        else assert.notDeepEqual(other, first);
      }
    });

    it(`${name}: takes other sizes, wide, high and odd`, () => {
      for (const [height, width] of [
        [40, 24],
        [17, 33],
      ] as const) {
        const picture = Uint8Array.from(
          { length: height * width * 3 },
          (_, i) => (i * 7 + (i >> 5) * 11) % 256,
        );
        const found = corrupt(picture, { name, severity: 3, height, width, random: new Random(3) });
        assert.equal(found.length, picture.length);
        const drift = found.reduce((sum, byte, i) => sum + byte - picture[i]!, 0) / found.length;
        assert.ok(Math.abs(drift) < 100, `the mean moved by ${drift}`);
      }
    });
  }

  it('leaves a black picture black where only what is there can change, and a white one white', () => {
    const black = new Uint8Array(SIDE * SIDE * 3);
    const white = black.map(() => 255);
    const kept: CorruptionName[] = [
      'gaussian_blur',
      'motion_blur',
      'contrast',
      'jpeg_compression',
      'pixelate',
      'elastic_transform',
      'shot_noise',
      'speckle_noise',
    ];
    for (const name of kept) {
      const options = { name, severity: 4, ...size, random: new Random(4) };
      assert.deepEqual(corrupt(black, options), black, name);
      if (name.endsWith('noise')) continue;
      const drift = corrupt(white, options).reduce((most, byte) => Math.max(most, 255 - byte), 0);
      assert.ok(drift <= 1, `${name} darkens white by ${drift}`); // truncation may cost the last step
    }
  });

  it('moves further from the picture as severity grows, where the parameters are ordered', () => {
    const ordered: CorruptionName[] = [
      'gaussian_noise',
      'shot_noise',
      'impulse_noise',
      'speckle_noise',
      'gaussian_blur',
      'zoom_blur',
      'brightness',
      'contrast',
      'jpeg_compression',
    ];
    for (const name of ordered) {
      const errors = SEVERITIES.map((severity) =>
        corrupt(image, { name, severity, ...size, random: new Random(6) }).reduce(
          (sum, byte, i) => sum + (byte - image[i]!) ** 2,
          0,
        ),
      );
      for (const severity of [1, 2, 3, 4]) {
        assert.ok(errors[severity]! > errors[severity - 1]!, `${name}: ${errors.map(Math.round).join(', ')}`);
      }
    }
  });

  it('refuses a wrong name, severity or size, and says what is right', () => {
    const options = { name: 'fog', severity: 3, ...size, random: new Random(1) } as const;
    const misnamed = { ...options, name: 'smoke' as CorruptionName };
    assert.throws(
      () => corrupt(image, misnamed),
      /"smoke" is not known; choose one of gaussian_noise, shot_noise/,
    );
    for (const severity of [0, 6, 2.5, Number.NaN]) {
      assert.throws(() => corrupt(image, { ...options, severity }), new RegExp(`severity ${severity}: give`));
    }
    assert.throws(() => corrupt(image, { ...options, height: 31 }), /3072 bytes is not 31 x 32 pixels/);
    assert.throws(() => corrupt(new Uint8Array(0), { ...options, height: 0 }), RangeError);
  });
});
