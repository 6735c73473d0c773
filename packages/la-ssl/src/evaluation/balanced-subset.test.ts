import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { balancedSubset } from './balanced-subset.js';

const groups = {
  groups: ['a', 'b', 'empty', 'd'].map((name) => ({ name })),
  groupOf: [0, 0, 0, 0, 1, 1, 3, 3, 3, -1],
  aligned: [1, 1, 1, 1, 0, 0, 0, 1, 1, -1],
};
const count = (values: Iterable<number>, value: number) => [...values].filter((v) => v === value).length;

describe('balancedSubset', () => {
  it('takes as many of each group as the smallest with members has, each example once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const subset = balancedSubset(groups, 'per-group', new Random(seed));
      const drawn = Array.from(subset, (i) => groups.groupOf[i]!);
      assert.deepEqual(
        [0, 1, 2, 3].map((g) => count(drawn, g)),
        [2, 2, 0, 2],
      );
      assert.equal(new Set(subset).size, 6);
      assert.deepEqual(
        [...subset],
        [...subset].sort((a, b) => a - b),
      );
    }
  });

  it('takes as many aligned as conflicting', () => {
    const subset = balancedSubset(groups, 'aligned-vs-conflicting', new Random(1));
    const drawn = Array.from(subset, (i) => groups.aligned[i]!);
    assert.deepEqual(
      [1, 0, -1].map((a) => count(drawn, a)),
      [3, 3, 0],
    );
  });

  it('draws each member equally often, the same by the same seed', () => {
    const draws = Array.from({ length: 2000 }, (_, seed) =>
      balancedSubset(groups, 'per-group', new Random(seed)),
    );
    // 2 of 4: binomial with deviation √(2000/4) = 22.4; 4 deviations.
    for (const i of [0, 1, 2, 3]) {
      const times = draws.filter((subset) => subset.includes(i)).length;
      assert.ok(Math.abs(times - 1000) < 90, `example ${i}: ${times}`);
    }
    assert.deepEqual(balancedSubset(groups, 'per-group', new Random(7)), draws[7]);
  });

  it('refuses groups that do not say what is to be balanced', () => {
    const { aligned: _, ...plain } = groups;
    const random = new Random(1);
    assert.throws(
      () => balancedSubset(plain, 'aligned-vs-conflicting', random),
      /which examples are aligned/,
    );
    const one = { ...groups, aligned: groups.aligned.map(() => 1) };
    assert.throws(() => balancedSubset(one, 'aligned-vs-conflicting', random), /all are aligned/);
    const unknown = { ...groups, groupOf: [-1, -1] };
    assert.throws(() => balancedSubset(unknown, 'per-group', random), /No training example/);
  });
});
