import assert from 'node:assert/strict';
import { test } from 'node:test';
import { autocast, liveTensorCount, scope, type Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';
import { applyColorJitter, jitterOfStrength, sampleColorJitter } from './color-jitter.js';
import { evalTransform } from './eval.js';
import { applyGaussianBlur, sampleGaussianBlur, wholeKernelSize } from './gaussian-blur.js';
import { applyGrayscale, sampleGrayscale } from './grayscale.js';
import { applyHorizontalFlip, sampleHorizontalFlip } from './horizontal-flip.js';
import { toUnitRange } from './images.js';
import { applyNormalize, CIFAR10_NORMALIZATION, IMAGENET_NORMALIZATION } from './normalize.js';
import { SIMCLR_CIFAR, SIMCLR_IMAGENET, simclrAugment } from './pipeline.js';
import { applyRandomResizedCrop, sampleRandomResizedCrop } from './random-resized-crop.js';
import { applyRotation, sampleRotation } from './rotation.js';
import { applySolarize, sampleSolarize } from './solarize.js';
import { assertClose, noise, sameExample } from './test-support.js';

const bytes = noise([16, 3, 24, 24]);
const same = (a: Tensor, b: Tensor) => {
  for (let i = 0; i < (a.shape[0] as number); i++) if (!sameExample(a, b, i)) return false;
  return true;
};

test('the pipeline is its operations one after another, fed by one generator', () => {
  const random = new Random(5, 1, 2);
  let view = toUnitRange(bytes);
  const crop = sampleRandomResizedCrop(16, { height: 24, width: 24, scale: [0.08, 1] }, random);
  view = applyRandomResizedCrop(view, crop, [32, 32]);
  view = applyHorizontalFlip(view, sampleHorizontalFlip(16, { probability: 0.5 }, random));
  const jitter = sampleColorJitter(16, { ...jitterOfStrength(1), probability: 0.8 }, random);
  view = applyColorJitter(view, jitter);
  view = applyGrayscale(view, sampleGrayscale(16, { probability: 0.2 }, random));
  view = applyGaussianBlur(view, sampleGaussianBlur(16, { probability: 0.5 }, random));
  view = applyNormalize(view, IMAGENET_NORMALIZATION);
  assertClose(simclrAugment({ ...SIMCLR_IMAGENET, size: 32 })(bytes, new Random(5, 1, 2)), view, 0);
});

test("BYOL's is the same with other numbers, and solarisation after the blur", () => {
  const random = new Random(5, 1, 2);
  let view = toUnitRange(bytes);
  const crop = sampleRandomResizedCrop(16, { height: 24, width: 24, scale: [0.08, 1] }, random);
  view = applyRandomResizedCrop(view, crop, [24, 24]);
  view = applyHorizontalFlip(view, sampleHorizontalFlip(16, { probability: 0.5 }, random));
  const amounts = { brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1, probability: 0.8 };
  view = applyColorJitter(view, sampleColorJitter(16, amounts, random));
  view = applyGrayscale(view, sampleGrayscale(16, { probability: 0.2 }, random));
  const blur = sampleGaussianBlur(16, { probability: 0.5 }, random);
  view = applyGaussianBlur(view, blur, wholeKernelSize(24));
  view = applySolarize(view, sampleSolarize(16, { probability: 0.2 }, random));
  view = applyNormalize(view, CIFAR10_NORMALIZATION);
  const options = {
    saturation: 0.2,
    blurProbability: 0.5,
    blurKernel: 'whole',
    solarizeProbability: 0.2,
  } as const;
  assertClose(simclrAugment(options)(bytes, new Random(5, 1, 2)), view, 0);
});

test('medical views are turned after the flip, and neither hue nor saturation changes', () => {
  const random = new Random(5, 1, 2);
  let view = toUnitRange(bytes);
  const crop = sampleRandomResizedCrop(16, { height: 24, width: 24, scale: [0.6, 1] }, random);
  view = applyRandomResizedCrop(view, crop, [24, 24]);
  view = applyHorizontalFlip(view, sampleHorizontalFlip(16, { probability: 0.5 }, random));
  view = applyRotation(view, sampleRotation(16, { limit: 10 }, random));
  const amounts = { brightness: 0.4, contrast: 0.4, saturation: 0, hue: 0, probability: 1 };
  view = applyColorJitter(view, sampleColorJitter(16, amounts, random));
  const options = { cropScale: [0.6, 1], rotation: 10, jitterProbability: 1, saturation: 0, hue: 0 } as const;
  const augment = simclrAugment({ ...options, grayscaleProbability: 0, mean: [0, 0, 0], std: [1, 1, 1] });
  assertClose(augment(bytes, new Random(5, 1, 2)), view, 0);
  const gray = bytes.narrow(1, 0, 1).expand([16, 3, 24, 24]).clone();
  const [red, ...others] = augment(gray, new Random(6)).split(1, { dim: 1 });
  for (const other of others) assertClose(other, red!); // gray stays gray
});

test('the same key gives the same view, bit for bit; other keys and a second draw give others', () => {
  const augment = simclrAugment();
  const random = new Random(1, 2, 3);
  const first = augment(bytes, random);
  const second = augment(bytes, random);
  assert.ok(same(first, augment(bytes, new Random(1, 2, 3))));
  for (const other of [second, augment(bytes, new Random(1, 2, 4)), augment(bytes, new Random(1, 3, 3))]) {
    for (let i = 0; i < 16; i++) assert.ok(!sameExample(first, other, i), `example ${i}`);
  }
});

test('bytes and the same images in [0, 1] give the same views; neither is changed', () => {
  const unit = toUnitRange(bytes);
  const before = unit.clone();
  const augment = simclrAugment({ blurProbability: 0.5 });
  assert.ok(same(augment(bytes, new Random(1)), augment(unit, new Random(1))));
  assert.ok(same(unit, before));
  assert.ok(same(bytes, noise([16, 3, 24, 24])));
});

test('a view depends on its own image only', () => {
  const others = noise([16, 3, 24, 24], 2);
  others.select(0, 7).copy_(bytes.select(0, 7));
  const augment = simclrAugment({ blurProbability: 0.5 });
  const [a, b] = [augment(bytes, new Random(8)), augment(others, new Random(8))];
  for (let i = 0; i < 16; i++) assert.equal(sameExample(a, b, i), i === 7, `example ${i}`);
});

test('images of one channel keep their one channel', () => {
  const augment = simclrAugment({ blurProbability: 0.5 });
  const view = augment(noise([8, 1, 17, 23]), new Random(1));
  assert.deepEqual(view.shape, [8, 1, 17, 23]);
  const values = view.toFloat64Array();
  assert.ok(values.every((value) => value >= -2 - 1e-5 && value <= 2 + 1e-5)); // (0 − ½) / ¼ to (1 − ½) / ¼
});

test("views stay in [0, 1] before normalisation, and keep the caller's autocast out", () => {
  const augment = simclrAugment({ ...SIMCLR_IMAGENET, mean: [0, 0, 0], std: [1, 1, 1] });
  const view = augment(bytes, new Random(3));
  const values = view.toFloat64Array();
  assert.ok(Math.min(...values) >= 0 && Math.max(...values) <= 1 + 1e-6);
  const cast = autocast(() => augment(bytes, new Random(3)));
  assert.equal(cast.dtype, 'float32');
  assert.ok(same(cast, view));
});

test('no tensor is left behind, and one comes out', () => {
  const augment = simclrAugment({ blurProbability: 0.5 });
  const evaluate = evalTransform();
  const before = liveTensorCount();
  for (let step = 0; step < 20; step++) {
    augment(bytes, new Random(step)).dispose();
    evaluate(bytes).dispose();
    assert.equal(liveTensorCount(), before);
  }
  scope(() => augment(bytes, new Random(1)));
  const view = augment(bytes, new Random(1));
  assert.equal(liveTensorCount(), before + 2);
  view.dispose();
});

test('the defaults are those for CIFAR-10', () => {
  const explicit = simclrAugment({ ...SIMCLR_CIFAR, ...CIFAR10_NORMALIZATION });
  assert.ok(same(simclrAugment()(bytes, new Random(4)), explicit(bytes, new Random(4))));
  const { strength, cropScale, jitterProbability, grayscaleProbability, blurProbability } = SIMCLR_CIFAR;
  assert.deepEqual(
    [strength, cropScale, jitterProbability, grayscaleProbability, blurProbability],
    [0.5, [0.08, 1], 0.8, 0.2, 0],
  );
});

test('options out of range are refused when the pipeline is made', () => {
  assert.throws(() => simclrAugment({ flipProbability: 1.5 }), /flipProbability.*1\.5/);
  assert.throws(() => simclrAugment({ blurProbability: Number.NaN }), /blurProbability.*NaN/);
  assert.throws(() => simclrAugment({ solarizeProbability: -0.1 }), /solarizeProbability.*-0\.1/);
  assert.throws(() => simclrAugment({ saturation: -1 }), /saturation.*-1/);
  assert.throws(() => simclrAugment({ hue: 0.6 }), /hue.*0\.6/);
  assert.throws(() => simclrAugment({ rotation: -1 }), /rotation.*-1/);
  assert.throws(() => simclrAugment({ strength: 3 }), /strength.*got 3/);
  assert.throws(() => simclrAugment({ cropScale: [0, 1] }), /scale/);
  assert.throws(() => simclrAugment({ size: 0 }), /size.*got 0/);
  assert.throws(() => simclrAugment({ mean: [0.5] })(bytes, new Random(1)), /mean.*3 channels/);
});
