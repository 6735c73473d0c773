import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { lowest } from './lowest.js';

describe('lowest', () => {
  it('are the first of the sorted values, numbers of every size, many of them equal', () => {
    const kinds: ((random: Random) => number)[] = [
      (random) => random.uniform(),
      (random) => random.below(4),
      (random) => [0, 1e-45, 1e-38, 1, 1 + 2 ** -23, 3e38, Number.POSITIVE_INFINITY][random.below(7)]!,
      () => 5,
    ];
    for (const [seed, kind] of kinds.entries()) {
      const random = new Random(seed);
      const values = new Float32Array(1000).map(() => kind(random));
      const sorted = values.toSorted();
      for (const most of [0, 1, 17, 500, 999, 1000, 1001]) {
        const places = lowest(values, most, random);
        assert.deepEqual(places, Int32Array.from(new Set(places)).sort(), 'ascending, none twice');
        assert.deepEqual(Float32Array.from(places, (i) => values[i]!).sort(), sorted.slice(0, most));
      }
    }
  });

  it('gives each choice among equal ones the same chance', () => {
    const random = new Random(0);
    const values = new Float32Array([1, 0, 1, 2, 1, 1]); // 0, and two of the four 1
    const counts = new Map<string, number>();
    const trials = 6000;
    for (let k = 0; k < trials; k++) {
      const choice = lowest(values, 3, random).join();
      counts.set(choice, (counts.get(choice) ?? 0) + 1);
    }
    assert.deepEqual([...counts.keys()].sort(), ['0,1,2', '0,1,4', '0,1,5', '1,2,4', '1,2,5', '1,4,5']);
    const expected = trials / 6;
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    assert.ok(
      chiSquared < 20.5,
      `chi-squared ${chiSquared}, above the 99.9 % quantile of 5 degrees of freedom`,
    );
  });
});
