import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromData, scope, type Tensor } from '@la-ssl/torch';
import { imagesAt } from '../data/index.js';
import { type ResolvedConfig, type TrainOptions, trainConfigSchema } from './config.js';
import { dataset, goOn, newRun, resultOf, tinyConfig } from './tiny-run.test.support.js';
import { viewPipelines } from './view-pipelines.js';
import { augmentedViews, SCORING_VIEWS, TRAINING_VIEWS } from './views.js';

const image = { height: 24, width: 24 };
const batch = fromData(imagesAt(dataset, [...Array(6).keys()]), [6, 3, 24, 24]);
const training = { purpose: TRAINING_VIEWS, step: 4 } as const;
const scoring = { purpose: SCORING_VIEWS, step: 0 } as const;

/** A method that takes local crops may do without its recipe here: the pipelines are what is tested. */
const config = (options: Partial<ResolvedConfig>): ResolvedConfig => ({ ...tinyConfig(), ...options });
const shapesOf = (views: readonly Tensor[]) => views.map(({ shape }) => shape);
const valuesOf = (views: readonly Tensor[]) => views.map((view) => view.tolist());

describe('views of a training step', () => {
  it('are full ones, then local crops; scoring has full ones only', () => {
    const makeViews = augmentedViews(viewPipelines(config({ localCrops: 3 }), image), 7);
    const [full, local] = [
      [6, 3, 24, 24],
      [6, 3, 12, 12],
    ];
    assert.deepEqual(shapesOf(makeViews(batch, training)), [full, full, local, local, local]);
    assert.deepEqual(shapesOf(makeViews(batch, scoring, 2)), [full, full]);
    assert.deepEqual(shapesOf(makeViews(batch, scoring, 3)), [full, full, full]);
    const small = viewPipelines(config({ localCrops: 1, localCropSize: 5 }), image);
    assert.deepEqual(shapesOf(augmentedViews(small, 7)(batch, training)).at(-1), [6, 3, 5, 5]);
  });

  it('are the same at the same place of a run, and full views do not depend on the local ones', () => {
    const with3 = augmentedViews(viewPipelines(config({ localCrops: 3 }), image), 7);
    const without = augmentedViews(viewPipelines(config({}), image), 7);
    const views = valuesOf(with3(batch, training));
    assert.deepEqual(valuesOf(with3(batch, training)), views);
    assert.deepEqual(valuesOf(without(batch, training)), views.slice(0, 2));
    assert.equal(new Set(views.map((view) => JSON.stringify(view))).size, 5, 'each view is drawn anew');
    assert.notDeepEqual(valuesOf(with3(batch, { ...training, step: 5 })), views);
  });

  it('solarise every second one and no other', () => {
    // Nothing else is random but the crop, and of white images every crop is white.
    const plain = {
      jitterProbability: 0,
      grayscaleProbability: 0,
      flipProbability: 0,
      solarizeProbability: 1,
      localCrops: 1,
    };
    const white = fromData(new Uint8Array(2 * 3 * 24 * 24).fill(255), [2, 3, 24, 24]);
    const makeViews = augmentedViews(viewPipelines(config(plain), image), 0);
    const isBlack = (view: Tensor) => view.amax().item() < 0;
    assert.deepEqual(makeViews(white, training).map(isBlack), [false, true, false]);
    assert.deepEqual(makeViews(white, scoring, 4).map(isBlack), [false, true, false, true]);
  });

  it('are whole patches of a transformer, by default half of the image', () => {
    const vit = { encoder: 'vit-tiny', localCrops: 1 } as const;
    const sizeOf = (options: Partial<ResolvedConfig>, side: number, patchSize: number) => {
      const pipelines = viewPipelines(config({ ...vit, ...options }), {
        height: side,
        width: side,
        patchSize,
      });
      const pixels = fromData(new Uint8Array(3 * side * side), [1, 3, side, side]);
      return scope(() => augmentedViews(pipelines, 0)(pixels, training).at(-1)?.shape[2]);
    };
    assert.deepEqual(
      [sizeOf({}, 32, 4), sizeOf({}, 28, 4), sizeOf({}, 24, 16), sizeOf({ localCropSize: 8 }, 32, 4)],
      [16, 12, 16, 8],
    );
    assert.throws(() => sizeOf({ localCropSize: 10 }, 32, 4), /localCropSize is 10, .* patches of 4 pixels/);
  });
});

describe('local crops that cannot be', () => {
  it('are refused before training starts, with what to do', () => {
    const make = (options: Partial<ResolvedConfig>) => () =>
      viewPipelines(config({ localCrops: 2, ...options }), image);
    assert.throws(make({ localCropSize: 25 }), /localCropSize is 25, .* 24 × 24 pixels\. Give at most 24/);
    assert.throws(make({ localCropScale: 0.5, cropScale: 0.2 }), /localCropScale = 0\.5 to cropScale = 0\.2/);
    assert.throws(
      () => trainConfigSchema.parse({ method: 'simclr', localCrops: 2 }),
      /simclr takes no small views/,
    );
  });
});

const everything = {
  blurProbability: 0.5,
  blurKernel: 'whole',
  solarizeProbability: 0.5,
  jitterSaturation: 0.2,
} as const;
for (const [method, options] of [
  ['simclr', everything],
  [
    'dino',
    { ...everything, localCrops: 2, hidden: 8, bottleneck: 4, prototypes: 16, projections: undefined },
  ],
] as const) {
  it(`a run of ${method} with every augmentation goes on to the same numbers after a stop`, async (t) => {
    const all: TrainOptions = { method, sampler: 'la-ssl', ...options };
    const whole = await newRun(t, all);
    await goOn(whole);
    const stopped = await newRun(t, all);
    let left = 6;
    assert.equal(await goOn(stopped, ({ kind }) => kind === 'progress' && --left === 0), 'interrupted');
    assert.equal(await goOn(stopped), 'finished');
    assert.deepEqual(resultOf(stopped.folder), resultOf(whole.folder));
  });
}
