import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { association, contingency } from './association.js';

interface Reference {
  counts: number[][];
  corrected: number | null;
  bits: number;
}
const { tables } = JSON.parse(
  readFileSync(new URL('../../fixtures/association/reference.json', import.meta.url), 'utf8'),
) as { tables: Record<string, Reference> };

const near = (actual: number | null, expected: number | null) => {
  if (expected === null || actual === null) assert.equal(actual, expected);
  else assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} instead of ${expected}`);
};

for (const [name, { counts, corrected, bits }] of Object.entries(tables)) {
  test(`Cramér's V and mutual information are those of scipy and scikit-learn: ${name}`, () => {
    const { cramersV, mutualInformation } = association(counts);
    near(cramersV, corrected);
    near(mutualInformation, bits);
    // Neither order nor empty rows and columns matter.
    const padded = [
      ...counts.toReversed().map((row) => [0, ...row]),
      new Array(counts[0]!.length + 1).fill(0),
    ];
    near(association(padded).cramersV, corrected);
    near(association(padded).mutualInformation, bits);
    const turned = counts[0]!.map((_, a) => counts.map((row) => row[a]!));
    near(association(turned).cramersV, corrected);
  });
}

test('where one determines the other V is 1 and the information the entropy; where all are alike there is no V', () => {
  const half = association([
    [50_000, 0],
    [0, 50_000],
  ]);
  near(half.mutualInformation, 1);
  near(half.cramersV, 1);
  assert.deepEqual(association([[5, 7]]), { cramersV: null, mutualInformation: 0 });
  assert.deepEqual(association([[0, 0]]), { cramersV: null, mutualInformation: 0 });
  assert.deepEqual(association([]), { cramersV: null, mutualInformation: 0 });
});

test('examples are counted by label and value, those that are unknown are not', () => {
  const counts = contingency(Int32Array.of(0, 0, 1, -1, 1, 2), 3, Int32Array.of(1, 1, 0, 0, -1, 0), 2);
  assert.deepEqual(counts, [
    [0, 2],
    [1, 0],
    [1, 0],
  ]);
});
