import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { drawShapes, groupsOf, type ImageDataset, imagesAt } from '../data/index.js';
import { resolveConfig, type TrainOptions, trainConfigSchema } from '../training/index.js';
import { spreadOverGroups, viewSheet } from './view-sheet.js';

const dataset = drawShapes('train', { name: 'shapes', examples: 120, alignedShare: 0.9 });
const SIDE = dataset.shape.width;
const SCALE = Math.floor(160 / SIDE);
const GAP = 8;
const LINE = 20;

/** The pictures of the sheet of one example, `[column]`: the RGB value at each of its pixels. */
async function columnsOf(
  options: TrainOptions,
  example = 7,
  set: ImageDataset = dataset,
): Promise<number[][][]> {
  const config = resolveConfig(trainConfigSchema.parse({ dataset: 'shapes', threads: 1, ...options }));
  const png = await viewSheet(config, set, [example]);
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const cell = SIDE * SCALE + GAP;
  const columns = Math.floor((info.width - 2 * GAP) / cell);
  return Array.from({ length: columns }, (_, c) =>
    Array.from({ length: SIDE * SIDE }, (_, p) => {
      const x = GAP + c * cell + (p % SIDE) * SCALE;
      const y = GAP + LINE + 4 + Math.floor(p / SIDE) * SCALE;
      const at = (y * info.width + x) * info.channels;
      return [...data.subarray(at, at + 3)];
    }),
  );
}

const original = (example: number): number[][] => {
  const bytes = imagesAt(dataset, [example]);
  const plane = SIDE * SIDE;
  return Array.from({ length: plane }, (_, p) => [0, 1, 2].map((c) => bytes[c * plane + p]!));
};

/** Nothing is random but the crop, and that keeps all. */
const plain = {
  cropScale: 1,
  jitterProbability: 0,
  grayscaleProbability: 0,
  flipProbability: 0,
  solarizeProbability: 0,
} as const;

test('a row is the image and six views; where nothing changes them they are the image to the pixel', async () => {
  const square = await columnsOf({ ...plain });
  assert.equal(square.length, 7);
  assert.deepEqual(square[0], original(7));
  // A crop of the whole area has another shape in most cases, and then the greatest that fits: all of it.
  for (const view of square.slice(1)) assert.deepEqual(view, original(7));
});

test('views are those of the options: every second one solarised, small views after the full ones', async () => {
  const columns = await columnsOf({ ...plain, method: 'dino', solarizeProbability: 1, localCrops: 2 });
  assert.equal(columns.length, 9);
  // At 128 of 255 the crop's rounding decides, so both it and its inverse, 127, count as 127.
  const atThreshold = (value: number) => (value === 128 ? 127 : value);
  const solarised = original(7).map((colour) =>
    colour.map((value) => atThreshold(value > 128 ? 255 - value : value)),
  );
  for (const c of [1, 3, 5]) assert.deepEqual(columns[c], original(7));
  for (const c of [2, 4, 6]) {
    assert.deepEqual(
      columns[c]!.map((colour) => colour.map(atThreshold)),
      solarised,
    );
  }
  const paper = (column: number[][]) => column.filter((colour) => colour.join() === '250,250,250').length;
  for (const c of [7, 8]) assert.ok(paper(columns[c]!) >= (3 / 4) * SIDE * SIDE, 'a quarter is the view');
});

test('of MAE a quarter of the patches is visible, others in each view', async () => {
  const columns = await columnsOf({ ...plain, method: 'mae', encoder: 'vit-tiny', patchSize: 4 });
  const whole = original(7);
  const masks = columns.slice(1).map((view) =>
    view.map((colour, p) => {
      if (colour.join() === '200,200,200') return 0;
      assert.deepEqual(colour, whole[p]);
      return 1;
    }),
  );
  for (const mask of masks)
    assert.equal(
      mask.reduce((a: number, b) => a + b, 0),
      (SIDE * SIDE) / 4,
    );
  assert.equal(new Set(masks.map(String)).size, 6);
});

test('the seed says which views, medical ones keep gray gray', async () => {
  const first = await columnsOf({ seed: 3 });
  assert.deepEqual(await columnsOf({ seed: 3 }), first);
  assert.notDeepEqual(await columnsOf({ seed: 4 }), first);
  const bytes = new Uint8Array(3 * SIDE * SIDE).map((_, i) => ((i % (SIDE * SIDE)) * 7) % 256);
  const { labels: _, ...rest } = dataset;
  const gray = {
    ...rest,
    images: bytes,
    shape: { ...dataset.shape, count: 1 },
    attributes: [],
    ids: ['gray'],
  };
  const views = await columnsOf({ views: 'medical', jitterProbability: 1 }, 0, gray);
  assert.equal(views.length, 7);
  for (const [r, g, b] of views.flat()) assert.ok(Math.abs(r! - g!) <= 1 && Math.abs(r! - b!) <= 1);
});

test('examples are of different groups as far as there are such, and as many as there are', () => {
  const { groupOf } = groupsOf(dataset);
  const groups = (count: number) => spreadOverGroups(dataset, count).map((i) => groupOf[i]);
  assert.equal(new Set(groups(6)).size, 6);
  assert.equal(new Set(groups(16)).size, 16);
  assert.deepEqual(groups(20).slice(16), [0, 5, 10, 15]); // only the aligned ones have a second
  assert.equal(new Set(spreadOverGroups(dataset, 500)).size, 120);
  const { labels: _, ...bare } = dataset;
  assert.deepEqual(spreadOverGroups(bare as ImageDataset, 3), [0, 40, 80]);
});
