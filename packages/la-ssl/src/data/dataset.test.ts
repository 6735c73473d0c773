import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Attribute,
  firstOfEachClass,
  groupsOf,
  type ImageDataset,
  imagesAt,
  subsetOf,
  UNKNOWN,
} from './dataset.js';

const corruption: Attribute = {
  name: 'corruption',
  values: ['fog', 'snow', 'none'],
  codes: Int32Array.of(0, 1, 2, 0, UNKNOWN, 1),
  alignedWith: Int32Array.of(0, 1),
};
const place: Attribute = { name: 'place', values: ['sea', 'land'], codes: Int32Array.of(0, 1, 1, 0, 0, 0) };

/** Six images of 1×1×2 pixels: image i holds the bytes i, 10 + i. */
const dataset: ImageDataset = {
  name: 'six',
  split: 'train',
  images: Uint8Array.from({ length: 12 }, (_, b) => (b >> 1) + 10 * (b & 1)),
  shape: { count: 6, channels: 1, height: 1, width: 2 },
  classNames: ['bird', 'ship'],
  labels: Int32Array.of(0, 1, 0, 1, 0, UNKNOWN),
  attributes: [corruption],
  ids: ['a', 'b', 'c', 'd', 'e', 'f'],
};

test('groups are all combinations of label and attribute, with counts and alignment', () => {
  const { groups, groupOf, aligned } = groupsOf(dataset);
  assert.deepEqual(
    groups.map(({ name, count, aligned }) => [name, count, aligned]),
    [
      ['label=bird,corruption=fog', 1, true],
      ['label=bird,corruption=snow', 0, false],
      ['label=bird,corruption=none', 1, false],
      ['label=ship,corruption=fog', 1, false],
      ['label=ship,corruption=snow', 1, true],
      ['label=ship,corruption=none', 0, false],
    ],
  );
  assert.deepEqual([...groupOf], [0, 4, 2, 3, UNKNOWN, UNKNOWN]);
  assert.deepEqual([...aligned!], [1, 1, 0, 0, UNKNOWN, UNKNOWN]);
});

test('several attributes multiply, the last counting fastest; only those with alignment decide it', () => {
  const { groups, groupOf, aligned } = groupsOf({ ...dataset, attributes: [corruption, place] });
  assert.equal(groups.length, 12);
  assert.deepEqual(groups[11], {
    name: 'label=ship,corruption=none,place=land',
    label: 1,
    codes: [2, 1],
    count: 0,
    aligned: false,
  });
  assert.deepEqual([...groupOf], [0, 9, 5, 6, UNKNOWN, UNKNOWN]);
  for (const [i, group] of groupOf.entries()) {
    if (group !== UNKNOWN) assert.equal(aligned![i] === 1, groups[group]!.aligned);
  }
  assert.equal(
    groups.reduce((sum, { count }) => sum + count, 0),
    4,
  );
});

test('where nothing says what goes with the label, nothing is aligned or conflicting', () => {
  const { groups, aligned } = groupsOf({ ...dataset, attributes: [place] });
  assert.equal(aligned, undefined);
  assert.ok(groups.every((group) => !('aligned' in group)));
  const plain = groupsOf({ ...dataset, attributes: [] });
  assert.deepEqual(
    plain.groups.map(({ name, count }) => [name, count]),
    [
      ['label=bird', 3],
      ['label=ship', 2],
    ],
  );
});

test('a data set without labels has no groups, and says so', () => {
  const { labels: _, ...unlabelled } = dataset;
  assert.throws(() => groupsOf(unlabelled), /six has no labels/);
});

test('images are copied in the order asked for, twice if named twice', () => {
  assert.deepEqual([...imagesAt(dataset, [5, 0, 5])], [5, 15, 0, 10, 5, 15]);
  assert.throws(() => imagesAt(dataset, [6]), /index 6 is not an example of six \(train\): it has 0 to 5/);
  assert.throws(() => imagesAt(dataset, [0.5]), /index 0\.5/);
});

test('a subset keeps pixels, labels, attributes and ids together', () => {
  const subset = subsetOf(dataset, [3, 1]);
  assert.equal(subset.shape.count, 2);
  assert.deepEqual([...subset.images.subarray()], [3, 13, 1, 11]);
  assert.deepEqual([...subset.labels!], [1, 1]);
  assert.deepEqual([...subset.attributes[0]!.codes], [0, 1]);
  assert.deepEqual(subset.ids, ['d', 'b']);
  assert.equal(subset.attributes[0]!.alignedWith, corruption.alignedWith);
});

test('the first of each class are taken in the order of the data set', () => {
  const labels = Int32Array.of(1, 1, 0, 1, UNKNOWN, 0, 0);
  assert.deepEqual([...firstOfEachClass(labels, 2, 4)], [0, 1, 2, 5]);
  assert.throws(() => firstOfEachClass(labels, 2, 3), /examples is 3; give a positive multiple of 2/);
  assert.throws(() => firstOfEachClass(labels, 2, 0), /examples is 0/);
  assert.throws(() => firstOfEachClass(labels, 2, 8), /4 of each class, but a class has only 3/);
});
