import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';
import {
  applyColorJitter,
  JITTER_OPERATIONS,
  type JitterParams,
  jitterOfStrength,
  sampleColorJitter,
} from './color-jitter.js';
import { toUnitRange } from './images.js';
import { assertClose, assertMean, noise, reference, sameExample } from './test-support.js';

const get = reference('color');
const images = toUnitRange(get('images'));
const amounts = (name: string) => get(name).data() as Float32Array;

/** The parameters of the reference; those of all operations but one can be made to do nothing. */
function params(only?: string): JitterParams {
  const neutral = { brightness: 1, contrast: 1, saturation: 1, hue: 0 };
  const column = (name: keyof typeof neutral) =>
    only === undefined || only === name ? amounts(name) : new Float32Array(24).fill(neutral[name]);
  return {
    applied: new Uint8Array(24).fill(1),
    order: get('order').data() as Uint8Array,
    brightness: column('brightness'),
    contrast: column('contrast'),
    saturation: column('saturation'),
    hue: column('hue'),
  };
}

for (const operation of JITTER_OPERATIONS) {
  test(`${operation} alone is torchvision's`, () => {
    assertClose(applyColorJitter(images, params(operation)), get(`output.${operation}`));
  });
}

test("all 24 orders are torchvision's", () => {
  const orders = get('order').tolist() as number[][];
  assert.equal(new Set(orders.map(String)).size, 24);
  assertClose(applyColorJitter(images, params()), get('output.jitter'));
});

test("images of one channel are torchvision's: brightness and contrast only", () => {
  const gray = images.narrow(1, 0, 1);
  assertClose(applyColorJitter(gray, params()), get('output.jitter1'));
});

test('examples that are not chosen stay as they are, bit for bit; the input is not changed', () => {
  const before = images.clone();
  const all = applyColorJitter(images, params());
  const applied = Uint8Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const some = applyColorJitter(images, { ...params(), applied });
  for (let i = 0; i < 24; i++) assert.ok(sameExample(some, i % 3 === 0 ? all : images, i), `example ${i}`);
  assertClose(images, before, 0);
});

test('a view depends on its own image, amounts and order only', () => {
  const a = toUnitRange(noise([24, 3, 5, 7]));
  const b = toUnitRange(noise([24, 3, 5, 7], 2));
  b.select(0, 3).copy_(a.select(0, 3));
  const options = { ...jitterOfStrength(1), probability: 1 };
  const first = sampleColorJitter(24, options, new Random(1));
  const second = sampleColorJitter(24, options, new Random(2));
  for (const operation of JITTER_OPERATIONS) second[operation][3] = first[operation][3]!;
  second.order.set(first.order.subarray(12, 16), 12);
  const [viewA, viewB] = [applyColorJitter(a, first), applyColorJitter(b, second)];
  for (let i = 0; i < 24; i++) assert.equal(sameExample(viewA, viewB, i), i === 3, `example ${i}`);
});

test('amounts are uniform in their ranges, orders are all alike', () => {
  const count = 24_000;
  const options = { brightness: 0.8, contrast: 1.5, saturation: 0.4, hue: 0.2, probability: 0.7 };
  const drawn = sampleColorJitter(count, options, new Random(9));
  const uniform = (values: Float32Array, low: number, high: number) => {
    assertMean(values, (low + high) / 2, (high - low) / Math.sqrt(12));
    const least = Math.min(...values);
    const greatest = Math.max(...values);
    const margin = (high - low) / 1000;
    assert.ok(least >= low - 1e-6 && least < low + margin, `least ${least}`);
    assert.ok(greatest <= high + 1e-6 && greatest > high - margin, `greatest ${greatest}`);
  };
  uniform(drawn.brightness, 0.2, 1.8);
  uniform(drawn.contrast, 0, 2.5);
  uniform(drawn.saturation, 0.6, 1.4);
  uniform(drawn.hue, -0.2, 0.2);
  assertMean(drawn.applied, 0.7, Math.sqrt(0.21));
  const seen = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const order = String(drawn.order.subarray(4 * i, 4 * i + 4));
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assert.equal(seen.size, 24);
  // Each order 1000 times, give or take 4.5 binomial deviations (of 31).
  for (const [order, times] of seen) assert.ok(Math.abs(times - 1000) < 140, `${order}: ${times}`);
});

test('a whole turn of the hue and back is no change', () => {
  const turned = (hue: number, input: Tensor) =>
    applyColorJitter(input, { ...params('hue'), hue: new Float32Array(24).fill(hue) });
  assertClose(turned(-0.3, turned(0.3, images)), images);
  assertClose(turned(0.5, images), turned(-0.5, images));
});

test('wrong amounts and images are refused by name', () => {
  const random = new Random(1);
  assert.throws(() => sampleColorJitter(1, { ...jitterOfStrength(1), hue: 0.6 }, random), /jitter hue.*0\.6/);
  assert.throws(() => sampleColorJitter(1, { ...jitterOfStrength(1), contrast: -1 }, random), /contrast.*-1/);
  assert.throws(
    () => sampleColorJitter(1, { ...jitterOfStrength(1), probability: 2 }, random),
    /probability.*2/,
  );
  assert.throws(() => applyColorJitter(get('images'), params()), /float32 in \[0, 1\], got uint8/);
  assert.throws(() => applyColorJitter(images.narrow(0, 0, 5), params()), /5 images, but parameters for 24/);
  assert.throws(() => applyColorJitter(images.narrow(1, 0, 2), params()), /C = 1 or 3.*\[24, 2, 8, 8\]/);
  assert.throws(() => applyColorJitter(images.select(0, 0), params()), /\[3, 8, 8\]/);
});
