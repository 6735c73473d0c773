import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignedWith } from './aligned-with.js';

/** Labels and codes with these counts, `counts[label][code]`. */
function examples(counts: readonly number[][]): [Int32Array, number, Int32Array, number] {
  const pairs = counts.flatMap((row, y) => row.flatMap((n, a) => Array<[number, number]>(n).fill([y, a])));
  return [
    Int32Array.from(pairs, ([y]) => y),
    counts.length,
    Int32Array.from(pairs, ([, a]) => a),
    counts[0]!.length,
  ];
}

test('the greatest lift, whatever the values are worth in all', () => {
  const celeba = [
    [71_629, 66_874], // dark: female, male
    [22_880, 1_387], // blond
  ];
  assert.deepEqual(
    [...alignedWith(...examples(celeba))!],
    [1, 0],
    'dark is more often female, but not by its label',
  );
  const waterbirds = [
    [3_498, 184],
    [56, 1_057],
  ];
  assert.deepEqual([...alignedWith(...examples(waterbirds))!], [0, 1]);
  assert.deepEqual(
    [
      ...alignedWith(
        ...examples([
          [90, 5, 5],
          [10, 80, 10],
          [5, 5, 90],
        ]),
      )!,
    ],
    [0, 1, 2],
  );
});

test('nothing goes with what looks independent, or is all the same', () => {
  assert.equal(
    alignedWith(
      ...examples([
        [50, 50],
        [50, 50],
      ]),
    ),
    undefined,
  );
  assert.equal(
    alignedWith(
      ...examples([
        [55, 45],
        [45, 55],
      ]),
    ),
    undefined,
    'χ² = 2 of 1 + 3 √2 = 5.24',
  );
  assert.deepEqual(
    [
      ...alignedWith(
        ...examples([
          [60, 40],
          [40, 60],
        ]),
      )!,
    ],
    [0, 1],
    'χ² = 8',
  );
  assert.equal(alignedWith(...examples([[50], [50]])), undefined);
  assert.equal(
    alignedWith(
      ...examples([
        [0, 0],
        [0, 0],
      ]),
    ),
    undefined,
  );
});

test('what is not known counts for nothing, and a label without examples goes with nothing', () => {
  const [labels, , codes] = examples([
    [60, 40],
    [0, 0],
    [40, 60],
  ]);
  const unknown = new Int32Array(500).fill(-1);
  const found = alignedWith(
    Int32Array.from([...labels, ...unknown.map(() => 0)]),
    3,
    Int32Array.from([...codes, ...unknown]),
    2,
  );
  assert.deepEqual([...found!], [0, -1, 1]);
});
