import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { boxBlur, correlate, gaussianFilter, inside } from './convolve.js';

const line = (values: number[]): [Float64Array, { height: number; width: number; channels: number }] => [
  Float64Array.from(values),
  { height: 1, width: values.length, channels: 1 },
];

describe('inside', () => {
  it('continues abcd as numpy.pad does: edge, symmetric, reflect', () => {
    const continued = (border: 'nearest' | 'reflect' | 'mirror') =>
      Array.from({ length: 16 }, (_, i) => 'abcd'[inside(i - 6, 4, border)]).join('');
    assert.equal(continued('nearest'), 'aaaaaaabcddddddd');
    assert.equal(continued('reflect'), 'cddcbaabcddcbaab');
    assert.equal(continued('mirror'), 'abcdcbabcdcbabcd');
    assert.deepEqual([inside(-3, 1, 'mirror'), inside(9, 1, 'reflect')], [0, 0]);
  });
});

describe('gaussianFilter', () => {
  it('turns a point into the Gaussian bell, cut at four deviations, of sum 1', () => {
    const side = 21;
    const shape = { height: side, width: side, channels: 1 };
    const point = new Float64Array(side * side);
    point[10 * side + 10] = 1;
    const found = gaussianFilter(point, shape, 1.3);
    const bell = Array.from({ length: side }, (_, i) =>
      Math.abs(i - 10) > 5 ? 0 : Math.exp(-((i - 10) ** 2) / 2 / 1.69),
    );
    const sum = bell.reduce((a, b) => a + b);
    found.forEach((value, i) => {
      const expected = (bell[Math.floor(i / side)]! * bell[i % side]!) / sum ** 2;
      assert.ok(Math.abs(value - expected) < 1e-15);
    });
  });

  it('keeps channels apart, constants constant and precision as it is', () => {
    const shape = { height: 4, width: 5, channels: 2 };
    const values = Float32Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 3 : -1));
    const found = gaussianFilter(values, shape, 2, 'reflect', 3);
    assert.ok(found instanceof Float32Array);
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - values[i]!) < 1e-6);
    });
  });

  it('copies for a deviation of 0', () => {
    const [values, shape] = line([1, 2, 4]);
    const found = gaussianFilter(values, shape, 0);
    assert.deepEqual(found, values);
    assert.notEqual(found, values);
  });
});

describe('correlate', () => {
  it('slides the kernel without turning it', () => {
    const [values, shape] = line([1, 10, 100]);
    const kernel = [0, 0, 0, 1, 2, 3, 0, 0, 0];
    assert.deepEqual([...correlate(values, shape, kernel, 'nearest')], [33, 321, 510]);
    assert.deepEqual([...correlate(values, shape, kernel, 'mirror')], [42, 321, 240]);
  });

  it('averages 3 x 3 neighbours', () => {
    const shape = { height: 3, width: 3, channels: 1 };
    assert.equal(boxBlur([1, 2, 3, 4, 5, 6, 7, 8, 9], shape)[4], 5);
  });
});
