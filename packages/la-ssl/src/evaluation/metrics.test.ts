import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tInterval, wilsonInterval, worstGroupInterval } from './intervals.js';
import { metricsOverSeeds, probeMetrics } from './metrics.js';

const groups = {
  groups: [{ name: 'y=0,a=0' }, { name: 'y=0,a=1' }, { name: 'y=1,a=0' }, { name: 'y=1,a=1' }],
  groupOf: [0, 0, 0, 0, 1, 1, 3, 3, 3],
  aligned: [1, 1, 1, 1, 0, 0, 1, 1, 1],
};
const labels = [0, 0, 0, 0, 0, 0, 1, 1, 1];
const predictions = [0, 0, 0, 1, 1, 0, 1, 1, 0];

describe('probeMetrics', () => {
  it('gives each accuracy with its interval and count, and leaves the empty group out', () => {
    assert.deepEqual(probeMetrics(predictions, labels, groups), {
      confidence: 0.95,
      overall: wilsonInterval({ right: 6, count: 9 }),
      aligned: wilsonInterval({ right: 5, count: 7 }),
      conflicting: wilsonInterval({ right: 1, count: 2 }),
      groups: {
        'y=0,a=0': wilsonInterval({ right: 3, count: 4 }),
        'y=0,a=1': wilsonInterval({ right: 1, count: 2 }),
        'y=1,a=1': wilsonInterval({ right: 2, count: 3 }),
      },
      worstGroup: {
        ...worstGroupInterval([
          { right: 3, count: 4 },
          { right: 1, count: 2 },
          { right: 2, count: 3 },
        ]),
        group: 'y=0,a=1',
      },
    });
  });

  it('says null where the test set does not say', () => {
    const found = probeMetrics(predictions, labels, undefined, 0.9);
    assert.deepEqual(found.overall, wilsonInterval({ right: 6, count: 9 }, 0.9));
    assert.deepEqual([found.aligned, found.conflicting, found.worstGroup], [null, null, null]);
    assert.deepEqual(found.groups, {});
    const { aligned: _, ...withoutAlignment } = groups;
    assert.equal(probeMetrics(predictions, labels, withoutAlignment).aligned, null);
    assert.equal(probeMetrics(predictions, labels, withoutAlignment).worstGroup?.group, 'y=0,a=1');
  });
});

describe('metricsOverSeeds', () => {
  const first = probeMetrics(predictions, labels, groups);
  const second = probeMetrics([1, 1, 1, 0, 0, 0, 1, 1, 1], labels, groups);

  it("is the mean with Student's interval in every part, and names every worst group", () => {
    const found = metricsOverSeeds([first, second, second]);
    assert.deepEqual(found.overall, tInterval([6 / 9, 6 / 9, 6 / 9]));
    assert.deepEqual(found.aligned, tInterval([5 / 7, 4 / 7, 4 / 7]));
    assert.deepEqual(found.conflicting, tInterval([1 / 2, 1, 1]));
    assert.deepEqual(found.groups['y=1,a=1'], tInterval([2 / 3, 1, 1]));
    assert.deepEqual(found.worstGroup, {
      ...tInterval([1 / 2, 1 / 4, 1 / 4]),
      group: 'y=0,a=1 | y=0,a=0',
    });
    assert.equal(found.overall.count, 3);
  });

  it('refuses one seed, and results on different test sets', () => {
    assert.throws(() => metricsOverSeeds([]), /at least two/);
    assert.throws(() => metricsOverSeeds([first]), /at least two/);
    const other = probeMetrics(predictions, labels);
    assert.throws(() => metricsOverSeeds([first, other]), /Only 1 of 2 results have worstGroup/);
  });
});
