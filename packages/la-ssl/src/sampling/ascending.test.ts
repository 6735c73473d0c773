import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { ascending } from './ascending.js';

describe('ascending', () => {
  it('is the stable order of a comparison sort, on numbers of every size and sign', () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const size = [1, 40, 600][seed % 3]!; // powers of ten: ties, ordinary numbers, all that there are
      const values = Float64Array.from({ length: random.below(3000) }, () => {
        const value =
          Math.round(20 * random.uniform() - 10) * 10 ** Math.round((size * (random.uniform() - 0.5)) / 2);
        return random.below(50) === 0
          ? [0, -0, Infinity, -Infinity, 5e-324, -5e-324][random.below(6)]!
          : value;
      });
      const expected = Array.from(values.keys()).sort((i, j) =>
        values[i]! < values[j]! ? -1 : values[i]! > values[j]! ? 1 : i - j,
      );
      assert.deepEqual([...ascending(values)], expected, `seed ${seed}`);
    }
  });

  it('takes none and one, and names the example that is NaN', () => {
    assert.deepEqual([...ascending([])], []);
    assert.deepEqual([...ascending([7])], [0]);
    assert.throws(() => ascending([1, 2, Number.NaN]), /^RangeError: The value of example 2 is NaN/);
  });
});
