/** @file The operator against ATen's operators in float64, over random parameters; its refusals are in `@la-ssl/torch`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getThreads, liveTensorCount, setThreads, type Tensor } from '@la-ssl/torch';
import { Random } from '../random.js';
import { changeImages } from './change-images.js';
import { type Changes, OPERATIONS, type Step } from './changes.js';
import { composedChanges } from './composed-changes.js';
import { toUnitRange } from './images.js';
import { assertClose, noise } from './test-support.js';

/** In its own precision the reference is exact, next to float32. */
function assertAsComposed(images: Tensor, changes: Changes): Tensor {
  const exact = images.dtype === 'uint8' ? images.to('float64').div(255) : toUnitRange(images).to('float64');
  const result = changeImages(images, changes);
  assertClose(result, composedChanges(exact, changes).to('float32'));
  return result;
}

/** One operation, with one amount, for all. */
const steps = (count: number, operation: (typeof OPERATIONS)[number], ...amounts: number[]): Step[] =>
  amounts.map((amount) => ({
    operation: new Uint8Array(count).fill(OPERATIONS.indexOf(operation)),
    amount: new Float32Array(count).fill(amount),
  }));

/** Any operation at any place, as often as it comes. */
function randomSteps(count: number, random: Random): Step[] {
  return Array.from({ length: random.below(7) }, () => {
    const operation = Uint8Array.from({ length: count }, () => random.below(OPERATIONS.length));
    const amount = Float32Array.from(operation, (place) =>
      OPERATIONS[place] === 'hue' ? random.uniform(-0.6, 0.6) : random.uniform(0.1, 2),
    );
    return { operation, amount };
  });
}

function randomCrop(count: number, height: number, width: number, random: Random) {
  const lengths = (side: number) => Int32Array.from({ length: count }, () => 1 + random.below(side));
  const starts = (side: number, taken: Int32Array) => taken.map((length) => random.below(side - length + 1));
  const size = { height: lengths(height), width: lengths(width) };
  return { ...size, top: starts(height, size.height), left: starts(width, size.width) };
}

test('random crops, changes in random order and normalisation are those of the composed operators', () => {
  const random = new Random(11);
  for (let round = 0; round < 60; round++) {
    const [count, channels] = [1 + random.below(4), random.below(3) ? 3 : 1];
    const [height, width] = [1 + random.below(70), 1 + random.below(70)];
    const size = [1 + random.below(70), 1 + random.below(70)] as const;
    const bytes = noise([count, channels, height, width], round);
    const changes: Changes = {
      size,
      crop: randomCrop(count, height, width, random),
      flip: { applied: Uint8Array.from({ length: count }, () => random.below(2)) },
      steps: randomSteps(count, random),
      blurSize: 2 * random.below(Math.min(...size)) + 1,
      normalization: {
        mean: Array.from({ length: channels }, () => random.uniform()),
        std: Array.from({ length: channels }, () => random.uniform(0.5, 2)),
      },
    };
    const view = assertAsComposed(bytes, changes);
    assert.deepEqual(changeImages(toUnitRange(bytes), changes).data(), view.data());
  }
});

test('crops of one pixel, of everything, magnified and shrunk', () => {
  const images = noise([4, 3, 20, 30]);
  const crop = {
    top: Int32Array.of(19, 0, 3, 0),
    left: Int32Array.of(29, 0, 5, 1),
    height: Int32Array.of(1, 20, 2, 20),
    width: Int32Array.of(1, 30, 7, 1),
  };
  for (const applied of [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(1, 1, 1, 1)]) {
    for (const size of [
      [20, 30],
      [1, 1],
      [3, 2],
      [64, 17],
    ] as const) {
      assertAsComposed(images, { crop, flip: { applied }, size });
    }
  }
  const onePixel = changeImages(images, { crop, size: [5, 5] }).select(0, 0);
  assertClose(
    onePixel,
    toUnitRange(images).select(0, 0).narrow(1, 19, 1).narrow(2, 29, 1).expand([3, 5, 5]).clone(),
    0,
  );
  const whole = changeImages(images, { crop, size: [20, 30] }).select(0, 1);
  assertClose(whole, toUnitRange(images).select(0, 1), 0);
});

test('hue at the ends of the circle, of gray and of pure colours', () => {
  const colours = noise([4, 3, 9, 9]);
  colours.select(0, 0).copy_(colours.select(0, 0).narrow(0, 0, 1).expand([3, 9, 9]).clone()); // gray
  colours.select(0, 1).copy_(colours.select(0, 1).ge(128).to('uint8').mul(255)); // corners of the cube
  for (const turn of [0, 0.5, -0.5, 1e-7, -1e-7, 1 / 6, -1 / 3, 1, 0.499999]) {
    const turned = assertAsComposed(colours, { steps: steps(4, 'hue', turn) });
    assertClose(turned.select(0, 0), toUnitRange(colours).select(0, 0), 1e-6);
  }
  assert.ok(
    assertAsComposed(colours, { steps: steps(4, 'hue', 0.3, 0.3, -0.6) })
      .isfinite()
      .all()
      .item(),
  );
});

test('blur where the kernel reaches over the whole image, by narrow and broad deviations', () => {
  for (const [height, width] of [
    [9, 9],
    [9, 70],
    [33, 10],
  ] as const) {
    const images = noise([2, 3, height, width]);
    for (const sigma of [0.01, 0.1, 0.5, 2, 9]) {
      assertAsComposed(images, { steps: steps(2, 'blur', sigma), blurSize: 17 });
    }
  }
});

test('images of one channel have no saturation, hue or grayscale', () => {
  const images = toUnitRange(noise([2, 1, 6, 7]));
  const colour = [...steps(2, 'saturation', 0.3), ...steps(2, 'hue', 0.3), ...steps(2, 'grayscale', 0)];
  assertClose(changeImages(images, { steps: colour }), images, 0);
  assertAsComposed(images, { steps: [...colour, ...steps(2, 'contrast', 1.8)] });
});

test('no result depends on the number of threads or on what lies beside it', () => {
  const images = noise([16, 3, 48, 40]);
  const random = new Random(3);
  const changes = { steps: randomSteps(16, random), blurSize: 9 };
  const threads = getThreads();
  const before = liveTensorCount();
  const [one, three] = [1, 3].map((count) => {
    setThreads(count);
    return changeImages(images, changes);
  }) as [Tensor, Tensor];
  setThreads(threads);
  assert.equal(liveTensorCount(), before + 2);
  assertClose(one, three, 0);
  const strided = images.contiguous({ memoryFormat: 'channelsLast' });
  assertClose(changeImages(strided, changes), one, 0);
  const alone = {
    operation: (step: Step) => step.operation.slice(5, 6),
    amount: (step: Step) => step.amount.slice(5, 6),
  };
  const own = changes.steps.map((step) => ({ operation: alone.operation(step), amount: alone.amount(step) }));
  assertClose(
    changeImages(images.narrow(0, 5, 1), { steps: own, blurSize: 9 }),
    one.narrow(0, 5, 1).clone(),
    0,
  );
});
