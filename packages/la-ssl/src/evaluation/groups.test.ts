import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accuracyOf, stratify, tally, worstGroupOf } from './groups.js';

const groups = {
  groups: [{ name: 'bird,fog' }, { name: 'bird,snow' }, { name: 'cat,fog' }, { name: 'cat,snow' }],
  groupOf: [0, 0, 0, 1, 3, 3, -1],
  aligned: [1, 1, 1, 0, 1, 1, -1],
};
const labels = [0, 0, 0, 0, 1, 1, 1];

describe('tally', () => {
  it('counts right answers in each part; what has no group counts overall only', () => {
    const found = tally(stratify([[0, 0, 1, 1, 1, 0, 1]], labels, groups), 4);
    assert.deepEqual(found, {
      overall: { right: 4, count: 7 },
      aligned: { right: 3, count: 5 },
      conflicting: { right: 0, count: 1 },
      groups: [
        { right: 2, count: 3 },
        { right: 0, count: 1 },
        { right: 0, count: 0 },
        { right: 1, count: 2 },
      ],
    });
  });

  it('tells several predictions of the same examples apart', () => {
    const strata = stratify([labels, [1, 1, 1, 1, 0, 0, 1], [0, 0, 0, 1, 1, 1, 0]], labels, groups);
    assert.deepEqual(
      [0, 1, 2].map((prediction) => tally(strata, 4, prediction).overall.right),
      [7, 1, 5],
    );
  });

  it('knows one part where there are no groups', () => {
    const found = tally(stratify([[0, 1]], [0, 0]), 0);
    assert.deepEqual(found.overall, { right: 1, count: 2 });
    assert.deepEqual([found.aligned.count, found.conflicting.count, found.groups.length], [0, 0, 0]);
  });
});

describe('worstGroupOf', () => {
  it('is the group of lowest accuracy, not the smallest, and never an empty one', () => {
    const empty = { right: 0, count: 0 };
    assert.equal(worstGroupOf([empty, { right: 1, count: 1 }, { right: 40, count: 100 }]), 2);
    assert.equal(
      worstGroupOf([
        { right: 1, count: 2 },
        { right: 5, count: 10 },
      ]),
      0,
    ); // the first of equals
    assert.equal(worstGroupOf([empty]), null);
    assert.equal(worstGroupOf([{ right: 0, count: 3 }]), 0);
    assert.equal(accuracyOf(empty), null);
  });
});

describe('stratify', () => {
  it('names what does not fit', () => {
    assert.throws(() => stratify([[]], []), /at least one example/);
    assert.throws(() => stratify([[0]], [0, 1]), /predictions\[0\] has 1 entries for 2/);
    assert.throws(() => stratify([[0]], [0], groups), /groupOf has 7 entries for 1/);
    assert.throws(() => stratify([[0]], [-1]), /Example 0 has label -1/);
    assert.throws(() => stratify([[0]], [0], { groups: [], groupOf: [2] }), /Example 0 is in group 2/);
  });
});
