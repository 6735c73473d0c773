import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawShapes, type ImageDataset, UNKNOWN } from '../data/index.js';
import { describeSplit } from './describe-split.js';

const shapes = drawShapes('train', { name: 'shapes', examples: 120, alignedShare: 0.9 });

test('groups, the share aligned and the association follow from the shares of the data set', () => {
  const { images, size, groups, aligned, ungrouped, unknownLabels, attributes } = describeSplit(shapes);
  assert.deepEqual(
    [images, size, ungrouped, unknownLabels],
    [120, { channels: 3, height: 24, width: 24 }, 0, 0],
  );
  // 30 of each shape: 27 on their own ground, one on each of the three others
  assert.deepEqual(aligned, { count: 108, of: 120 });
  assert.deepEqual(
    groups!.map(({ count }) => count).sort((a, b) => a - b),
    [...new Array(12).fill(1), ...new Array(4).fill(27)],
  );
  const [ground] = attributes;
  assert.deepEqual(ground!.counts, [30, 30, 30, 30]);
  // The uncorrected V of shares p and (1 − p) / 3 is p − (1 − p) / 3; the correction is small here.
  const v = 0.9 - 0.1 / 3;
  assert.ok(Math.abs(ground!.association!.cramersV! - v) < 0.01);
  const bits = 2 + 0.9 * Math.log2(0.9) + 0.1 * Math.log2(0.1 / 3);
  assert.ok(Math.abs(ground!.association!.mutualInformation - bits) < 1e-12);
});

test('what is unknown is counted, and a split without labels has no groups', () => {
  const unknown = (codes: Int32Array, every: number) =>
    codes.map((code, i) => (i % every === 0 ? UNKNOWN : code));
  const attributes = shapes.attributes.map((attribute) => ({
    ...attribute,
    codes: unknown(attribute.codes, 5),
  }));
  const partly = describeSplit({ ...shapes, labels: unknown(shapes.labels!, 10), attributes });
  assert.deepEqual([partly.unknownLabels, partly.attributes[0]!.unknown, partly.ungrouped], [12, 24, 24]);
  assert.equal(partly.aligned!.of, 96);
  const { labels: _, ...rest } = shapes;
  const bare = describeSplit(rest as ImageDataset);
  assert.deepEqual([bare.groups, bare.aligned, bare.unknownLabels, bare.ungrouped], [null, null, null, null]);
  assert.deepEqual(bare.attributes[0]!.association, null);
  assert.equal(bare.attributes[0]!.counts.length, 4);
});
