/** @file The pieces that change values: saturation and value, histogram, plasma, bytes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../random.js';
import { equalizeHistogram } from './equalize.js';
import { editSaturationAndValue } from './hsv.js';
import { toBytes } from './picture.js';
import { plasmaFractal } from './plasma-fractal.js';

describe('editSaturationAndValue', () => {
  const random = new Random(1);
  const rgb = Float64Array.from({ length: 3000 }, () => random.below(256) / 255);

  it('changes nothing if nothing is edited, gray, black and pure colours included', () => {
    const corners = Float64Array.from(
      { length: 81 },
      (_, i) => (Math.floor(Math.floor(i / 3) / 3 ** (i % 3)) % 3) / 2,
    );
    for (const colours of [rgb, corners]) {
      const found = editSaturationAndValue(colours, (s, v) => [s, v]);
      found.forEach((value, i) => {
        assert.ok(Math.abs(value - colours[i]!) < 1e-12);
      });
    }
  });

  it('gives gray of the same value for no saturation, and keeps the order of the channels otherwise', () => {
    const gray = editSaturationAndValue(rgb, (_, v) => [0, v]);
    const pale = editSaturationAndValue(rgb, (s, v) => [s / 2, v]);
    for (let i = 0; i < rgb.length; i += 3) {
      const [r, g, b] = rgb.subarray(i, i + 3);
      const highest = Math.max(r!, g!, b!);
      assert.deepEqual([...gray.subarray(i, i + 3)], [highest, highest, highest]);
      // Half the saturation halves each channel's distance to the highest.
      [r!, g!, b!].forEach((value, c) => {
        assert.ok(Math.abs(pale[i + c]! - (value + highest) / 2) < 1e-12);
      });
    }
  });
});

describe('equalizeHistogram', () => {
  it('spreads values by their ranks, from 0 to 255', () => {
    const bytes = Uint8Array.from([10, 10, 20, 30, 30, 30]);
    // Above the lowest value lie four: 20 is the first of them, 30 the other three.
    assert.deepEqual([...equalizeHistogram(bytes)], [0, 0, 64, 255, 255, 255]);
  });

  it('leaves one single value', () => {
    assert.deepEqual([...equalizeHistogram(Uint8Array.from([9, 9]))], [9, 9]);
  });
});

describe('plasmaFractal', () => {
  /** Mean squared step between neighbours, around the torus, over twenty clouds. */
  const roughness = (decay: number): number => {
    let squares = 0;
    for (let cloud = 0; cloud < 20; cloud++) {
      const heights = plasmaFractal(32, decay, new Random(3, cloud));
      assert.equal(Math.min(...heights), 0);
      assert.equal(Math.max(...heights), 1);
      heights.forEach((height, i) => {
        squares += (height - heights[i - (i % 32) + ((i + 1) % 32)]!) ** 2;
      });
    }
    return squares / 20 / 1024;
  };

  it('runs from 0 to 1 and is rougher for a smaller decay', () => {
    assert.ok(roughness(1.5) > 2 * roughness(2));
    assert.ok(roughness(2) > 1.3 * roughness(3));
  });
});

describe('toBytes', () => {
  it('clips, then truncates as numpy.uint8 does', () => {
    assert.deepEqual(
      [...toBytes(Float64Array.from([-1, 0, 0.5, 254.999 / 255, 1, 7]))],
      [0, 0, 127, 254, 255, 255],
    );
  });
});
