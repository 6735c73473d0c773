/** @file The pieces that move pixels: zoom, affine warp, motion trail, box resize. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boxResize } from './box-resize.js';
import { motionBlur } from './motion-blur.js';
import { affineBetween, sample, type Triangle, warpAffine } from './resample.js';
import { clippedZoom, roundHalfEven } from './zoom.js';

describe('clippedZoom', () => {
  const shape = { height: 32, width: 48, channels: 1 };
  const ramp = Float64Array.from({ length: 32 * 48 }, (_, i) => 2 * Math.floor(i / 48) + (i % 48));

  it('leaves a picture alone at factor 1', () => {
    assert.deepEqual(clippedZoom(ramp, shape, 1), ramp);
  });

  it('flattens a ramp by the factor of its axis, ends on ends', () => {
    // 16 of 32 rows become 32, so 15 steps become 31; 24 of 48 columns: 23 steps become 47.
    const found = clippedZoom(ramp, shape, 2);
    found.forEach((value, i) => {
      const [y, x] = [Math.floor(i / 48), i % 48];
      const expected = 2 * (8 + (15 / 31) * y) + 12 + (23 / 47) * x;
      assert.ok(Math.abs(value - expected) < 1e-9);
    });
  });

  it('rounds as Python does', () => {
    assert.deepEqual([32.5, 33.5, 33.25, 2.5000001].map(roundHalfEven), [32, 34, 33, 3]);
  });
});

describe('affineBetween and warpAffine', () => {
  it('takes the three points where they shall go', () => {
    const from: Triangle = [
      [26, 27],
      [26, 6],
      [6, 5],
    ];
    const to: Triangle = [
      [25, 28.5],
      [27.25, 4],
      [8, 5.5],
    ];
    const [a, b, c, d, e, f] = affineBetween(from, to);
    from.forEach(([x, y], i) => {
      assert.ok(Math.abs(a * x + b * y + c - to[i]![0]) < 1e-12);
      assert.ok(Math.abs(d * x + e * y + f - to[i]![1]) < 1e-12);
    });
    const onALine: Triangle = [
      [0, 0],
      [1, 1],
      [2, 2],
    ];
    assert.throws(() => affineBetween(onALine, to), /lie on a line/);
  });

  it('moves a picture by whole and half pixels', () => {
    const shape = { height: 3, width: 4, channels: 1 };
    const values = Float32Array.from({ length: 12 }, (_, i) => i * i);
    const moved = warpAffine(values, shape, [1, 0, 1, 0, 1, 0], 'mirror');
    assert.deepEqual([...moved.subarray(4, 8)], [25, 16, 25, 36]); // x = −1 is x = 1
    const half = warpAffine(values, shape, [1, 0, -0.5, 0, 1, 0], 'nearest');
    assert.deepEqual([...half.subarray(0, 4)], [0.5, 2.5, 6.5, 9]);
  });

  it('reads between four pixels by their distances', () => {
    const shape = { height: 2, width: 2, channels: 1 };
    const corners = Float32Array.from([0, 4, 8, 16]);
    const found = sample(corners, shape, Float64Array.of(0.25), Float64Array.of(0.5), 'reflect');
    assert.equal(found[0], 0.75 * 2 + 0.25 * 12);
  });
});

describe('motionBlur', () => {
  const shape = { height: 9, width: 9, channels: 1 };
  const point = new Uint8Array(81);
  point[4 * 9 + 4] = 255;

  it('draws a one-sided Gaussian trail against the direction', () => {
    const trail = (angle: number) => motionBlur(point, shape, 1, 1, angle);
    const bell = [1, Math.exp(-0.5), Math.exp(-2)];
    const sum = bell.reduce((a, b) => a + b);
    const bytes = bell.map((weight) => Math.floor((255 * weight) / sum));
    assert.deepEqual(
      [4, 3, 2].map((x) => trail(0)[4 * 9 + x]),
      bytes,
    );
    assert.deepEqual(
      [4, 3, 2].map((y) => trail(90)[y * 9 + 4]),
      bytes,
    );
    assert.deepEqual(
      [4, 5, 6].map((y) => trail(-90)[y * 9 + 4]),
      bytes,
    );
    assert.equal(trail(0)[4 * 9 + 5], 0);
  });
});

describe('boxResize', () => {
  it('averages whole blocks and repeats pixels', () => {
    const pixels = Uint8Array.from([0, 0, 0, 10, 20, 31, 100, 100, 100, 200, 0, 7]);
    const picture = { pixels, height: 1, width: 4 };
    assert.deepEqual([...boxResize(picture, 1, 2).pixels], [5, 10, 16, 150, 50, 54]);
    const twice = boxResize(picture, 2, 8);
    assert.deepEqual([...twice.pixels.subarray(0, 12)], [0, 0, 0, 0, 0, 0, 10, 20, 31, 10, 20, 31]);
    assert.deepEqual(twice.pixels.subarray(0, 24), twice.pixels.subarray(24));
  });
});
