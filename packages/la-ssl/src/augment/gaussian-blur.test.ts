import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';
import { applyGaussianBlur, blurKernelSize, sampleGaussianBlur, wholeKernelSize } from './gaussian-blur.js';
import { toUnitRange } from './images.js';
import { assertClose, assertMean, noise, reference, sameExample } from './test-support.js';

const get = reference('blur');
const images = toUnitRange(get('images'));
const sigma = get('sigma').data() as Float32Array;
const all = new Uint8Array(4).fill(1);

for (const size of [3, 7, 9]) {
  test(`blur with a kernel of ${size} is torchvision's`, () => {
    assertClose(applyGaussianBlur(images, { applied: all, sigma }, size), get(`output.${size}`));
  });
}

test('examples that are not chosen stay as they are, chosen ones blur with their own sigma', () => {
  const view = applyGaussianBlur(images, { applied: Uint8Array.of(0, 1, 0, 1), sigma }, 7);
  const whole = applyGaussianBlur(images, { applied: all, sigma }, 7);
  for (let i = 0; i < 4; i++) assert.ok(sameExample(view, i % 2 ? whole : images, i), `example ${i}`);
  const swapped = applyGaussianBlur(images, { applied: all, sigma: Float32Array.of(2, 0.5, 0.3, 2) }, 7);
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => sameExample(swapped, whole, i)),
    [false, true, false, true],
  );
});

test('the kernel is odd and about a tenth of the side; one pixel changes nothing', () => {
  assert.deepEqual([8, 32, 64, 96, 224].map(blurKernelSize), [1, 3, 7, 9, 23]);
  const small = toUnitRange(noise([4, 1, 8, 8]));
  assertClose(applyGaussianBlur(small, { applied: all, sigma }), small, 0);
});

test('sigma is uniform in its range, one in two is chosen by default', () => {
  const params = sampleGaussianBlur(20_000, {}, new Random(3));
  assertMean(params.applied, 0.5, 0.5);
  assertMean(params.sigma, 1.05, 1.9 / Math.sqrt(12));
  assert.ok(Math.min(...params.sigma) >= 0.0999 && Math.max(...params.sigma) <= 2);
});

test('wrong kernels and deviations are refused by name', () => {
  const blur = (size: number) => applyGaussianBlur(images, { applied: all, sigma }, size);
  assert.throws(() => blur(4), /odd.*got 4/);
  assert.throws(() => blur(27), /13×18.*got 27/);
  assert.throws(() => sampleGaussianBlur(1, { sigma: [0, 1] }, new Random(1)), /sigma.*\[0, 1\]/);
});

test("with the whole kernel it is Pillow's blur, to 3 levels of 255 away from the border", () => {
  const pillow = reference('blur-pillow');
  const input = toUnitRange(pillow('images'));
  const params = { applied: new Uint8Array(8).fill(1), sigma: pillow('sigma').data() as Float32Array };
  // Of deviation 0.7 and more: Pillow blurs by three boxes, which below that are no Gaussian.
  const chosen = (view: Tensor) => view.narrow(0, 2, 6).narrow(2, 6, 20).narrow(3, 6, 20);
  const greatest = (size: number) =>
    chosen(applyGaussianBlur(input, params, size).sub(pillow('output')).abs())
      .amax()
      .item();
  assert.ok(greatest(wholeKernelSize(32)) < 3 / 255, `${greatest(wholeKernelSize(32))}`);
  assert.ok(greatest(blurKernelSize(32)) > 0.2, 'a tenth of the side blurs less');
});

test('the whole kernel is 13 pixels, and fits into tiny images', () => {
  assert.deepEqual(
    [32, 224, 4].map((side) => wholeKernelSize(side)),
    [13, 13, 7],
  );
  assert.equal(wholeKernelSize(32, 1), 7);
  const tiny = toUnitRange(noise([2, 3, 4, 4]));
  const params = { applied: Uint8Array.of(1, 1), sigma: Float32Array.of(2, 2) };
  assert.deepEqual(applyGaussianBlur(tiny, params, wholeKernelSize(4)).shape, [2, 3, 4, 4]);
});
