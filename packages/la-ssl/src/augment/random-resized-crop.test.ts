import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromData, type Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';
import { applyHorizontalFlip } from './horizontal-flip.js';
import { toUnitRange } from './images.js';
import { applyRandomResizedCrop, type CropParams, sampleRandomResizedCrop } from './random-resized-crop.js';
import { assertClose, assertMean, noise, reference, referenceJson, sameExample } from './test-support.js';

interface CropCase {
  height: number;
  width: number;
  scale: [number, number];
  ratio: [number, number];
  draws: number;
  mean: number[];
  std: number[];
}
const cases = referenceJson('crop-params') as { moments: CropCase[]; fixed: CropCase[] };
const COLUMNS = ['top', 'left', 'height', 'width'] as const;

function paramsOf(get: (name: string) => Tensor): CropParams {
  const column = (name: string) => get(name).data() as Int32Array;
  return { top: column('top'), left: column('left'), height: column('height'), width: column('width') };
}

for (const [file, size] of [
  ['crop-square', [32, 32]],
  ['crop-odd', [18, 24]],
] as const) {
  test(`crops are torchvision's resized_crop: ${file}`, () => {
    const get = reference(file);
    assertClose(applyRandomResizedCrop(toUnitRange(get('images')), paramsOf(get), size), get('output'));
  });
}

for (const expected of cases.moments) {
  test(`random crops of ${expected.height}×${expected.width} have the moments of torchvision's`, () => {
    const count = expected.draws;
    const params = sampleRandomResizedCrop(count, expected, new Random(3));
    for (const [c, column] of COLUMNS.entries()) {
      // The reference has as many draws, so that its mean has the same error: √2.
      assertMean(params[column], expected.mean[c]!, Math.SQRT2 * expected.std[c]!);
      const [mean, std] = [expected.mean[c]!, expected.std[c]!];
      const squares = Float64Array.from(params[column], (x) => (x - mean) ** 2);
      // The deviation of a square is at most √(kurtosis − 1) times the variance; these columns have one below 6.
      assertMean(squares, std ** 2, Math.SQRT2 * Math.sqrt(5) * std ** 2);
    }
  });
}

for (const expected of cases.fixed) {
  test(`crops of ${expected.height}×${expected.width} within [${expected.ratio}] fall back as torchvision's`, () => {
    const params = sampleRandomResizedCrop(5, expected, new Random(1));
    for (const [c, column] of COLUMNS.entries()) {
      assert.deepEqual([...params[column]], Array(5).fill(expected.mean[c]), column);
    }
  });
}

test('area is uniform and shape log-uniform where every draw fits', () => {
  // Large and small crops of a large image: no try fails, and rounding to pixels does not show.
  const count = 20_000;
  const options = { height: 2000, width: 2000, scale: [0.08, 0.5], ratio: [1 / 2, 2] } as const;
  const { height, width, top } = sampleRandomResizedCrop(count, options, new Random(4));
  const area = Float64Array.from(height, (h, i) => (h * width[i]!) / 2000 ** 2);
  const logRatio = Float64Array.from(height, (h, i) => Math.log(width[i]! / h));
  const uniform = (low: number, high: number) => (high - low) / Math.sqrt(12);
  assertMean(area, 0.29, uniform(0.08, 0.5));
  assertMean(logRatio, 0, uniform(-Math.LN2, Math.LN2));
  assertMean(
    logRatio.map((x) => x * x),
    Math.LN2 ** 2 / 3,
    (Math.LN2 ** 2 * 2) / Math.sqrt(45),
  );
  assertMean(
    Float64Array.from(top, (t, i) => t / (2000 - height[i]!)),
    0.5,
    uniform(0, 1),
  );
  // Rounding to pixels moves an area by 1/400 at most, the shortest side being 400.
  assert.ok(Math.min(...area) >= 0.0798 && Math.max(...area) <= 0.5013);
});

test('crops lie inside of odd-sized images, and reach every edge', () => {
  const params = sampleRandomResizedCrop(5000, { height: 33, width: 47 }, new Random(5));
  const bottom = params.top.map((top, i) => 33 - top - params.height[i]!);
  const right = params.left.map((left, i) => 47 - left - params.width[i]!);
  for (const space of [params.top, params.left, bottom, right]) assert.equal(Math.min(...space), 0);
});

test('a view depends on its own image and crop only', () => {
  const images = toUnitRange(noise([6, 3, 16, 16]));
  const params = sampleRandomResizedCrop(6, { height: 16, width: 16 }, new Random(6));
  const view = applyRandomResizedCrop(images, params, [16, 16]);
  const others = toUnitRange(noise([6, 3, 16, 16], 2));
  others.select(0, 2).copy_(images.select(0, 2));
  const otherParams = sampleRandomResizedCrop(6, { height: 16, width: 16 }, new Random(7));
  for (const column of COLUMNS) otherParams[column][2] = params[column][2]!;
  const otherView = applyRandomResizedCrop(others, otherParams, [16, 16]);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((i) => sameExample(view, otherView, i)),
    [false, false, true, false, false, false],
  );
});

test('a crop that is flipped is the flip of the crop, bit for bit', () => {
  const images = toUnitRange(noise([6, 3, 80, 80]));
  const params = sampleRandomResizedCrop(6, { height: 80, width: 80 }, new Random(6));
  const flip = { applied: Uint8Array.of(0, 1, 1, 0, 1, 0) };
  for (const size of [
    [12, 20],
    [72, 64],
  ] as const) {
    const flipped = applyHorizontalFlip(applyRandomResizedCrop(images, params, size), flip);
    assertClose(applyRandomResizedCrop(images, params, size, flip), flipped, 0);
  }
});

test('crops are the bilinear formula', () => {
  const [count, height, width] = [4, 48, 72];
  const images = toUnitRange(noise([count, 3, height, width]));
  const params = sampleRandomResizedCrop(count, { height, width }, new Random(8));
  const size = [64, 70] as const;
  const pixels = images.toFloat64Array();
  const expected = new Float32Array(count * 3 * size[0] * size[1]);
  for (let plane = 0, o = 0; plane < count * 3; plane++) {
    const i = Math.floor(plane / 3);
    const at = (y: number, x: number): number => pixels[(plane * height + y) * width + x]!;
    for (let row = 0; row < size[0]; row++) {
      const [y, nextY, v] = pointAt(row, params.top[i]!, params.height[i]!, size[0]);
      for (let column = 0; column < size[1]; column++) {
        const [x, nextX, u] = pointAt(column, params.left[i]!, params.width[i]!, size[1]);
        const above = (1 - u) * at(y, x) + u * at(y, nextX);
        const below = (1 - u) * at(nextY, x) + u * at(nextY, nextX);
        expected[o++] = (1 - v) * above + v * below;
      }
    }
  }
  const actual = applyRandomResizedCrop(images, params, size);
  assertClose(actual, fromData(expected, [count, 3, ...size]));
});

/** Where pixel `i` of `size` is read in a side of a crop: the pixels on both sides, and the weight of the second. */
function pointAt(i: number, start: number, length: number, size: number): [number, number, number] {
  const place = Math.min(Math.max(((i + 0.5) * length) / size - 0.5, 0), length - 1);
  const first = Math.floor(place);
  return [start + first, start + Math.min(first + 1, length - 1), place - first];
}

test('impossible crops and ranges are refused by name', () => {
  const images = toUnitRange(noise([1, 3, 8, 8]));
  const crop = (top: number, left: number, height: number, width: number) =>
    applyRandomResizedCrop(
      images,
      {
        top: Int32Array.of(top),
        left: Int32Array.of(left),
        height: Int32Array.of(height),
        width: Int32Array.of(width),
      },
      [8, 8],
    );
  assert.throws(
    () => crop(0, 0, 9, 8),
    /example 0 \(top 0, left 0, 9×8\) is not inside of its image \(8×8\)/,
  );
  assert.throws(() => crop(0, 5, 4, 4), RangeError);
  assert.throws(() => crop(-1, 0, 4, 4), RangeError);
  assert.throws(() => crop(0, 0, 0, 4), RangeError);
  const random = new Random(1);
  const sample = (options: object) => sampleRandomResizedCrop(1, { height: 8, width: 8, ...options }, random);
  assert.throws(() => sample({ scale: [0, 1] }), /scale.*\[0, 1\]/);
  assert.throws(() => sample({ scale: [0.5, 1.5] }), /scale/);
  assert.throws(() => sample({ scale: [0.6, 0.5] }), /scale/);
  assert.throws(() => sample({ ratio: [2, 1] }), /ratio/);
  assert.throws(() => sample({ height: 0 }), /height/);
  assert.throws(() => applyRandomResizedCrop(images, sample({}), [8, 0]), /\[8, 0\]/);
});
