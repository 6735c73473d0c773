import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { AliasTable } from './alias.js';

const reference: { chiSquare: Record<string, number> } = JSON.parse(
  readFileSync(new URL('../../fixtures/sampling/reference.json', import.meta.url), 'utf8'),
);

/** Draws and checks the counts by chi-square at 0.1 %; examples of weight 0 must not occur at all. */
function checkDraws(weights: number[], seed: number): void {
  const draws = new AliasTable(weights).draws(100_000, new Random(seed));
  const counts = new Array<number>(weights.length).fill(0);
  for (const i of draws) counts[i]!++;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let chiSquare = 0;
  let categories = 0;
  for (const [i, weight] of weights.entries()) {
    const expected = (draws.length * weight) / total;
    if (expected === 0) {
      assert.equal(counts[i], 0);
      continue;
    }
    chiSquare += (counts[i]! - expected) ** 2 / expected;
    categories++;
  }
  const limit = reference.chiSquare[categories - 1];
  assert.ok(limit !== undefined && chiSquare < limit, `chi-square ${chiSquare}, limit ${limit}`);
}

describe('AliasTable', () => {
  it('draws each example as often as its weight says', () => {
    checkDraws([1, 2, 3, 4], 1);
    checkDraws([0, 1000, 0, 1, 1, 998, 0], 2);
    checkDraws(
      Array.from({ length: 100 }, (_, i) => 1 + (i % 7) ** 2),
      3,
    );
    checkDraws([5.5, 3.5, 1.5, 0, 4, 9, 2, 2, 0.5, 1, 7], 4);
  });

  it('never draws weight 0, also where the column heights do not add up exactly', () => {
    const weights = new Float64Array(30_000).map((_, i) => (i % 2 === 0 ? 0 : 1 / 3 + (i % 11) * 1e-9));
    const draws = new AliasTable(weights).draws(300_000, new Random(5));
    assert.ok(draws.every((i) => weights[i]! > 0));
  });

  it('draws the only example of one, or the only one with a weight', () => {
    assert.deepEqual([...new AliasTable([0.2]).draws(3, new Random(6))], [0, 0, 0]);
    assert.deepEqual([...new AliasTable([0, 0, 5e-300, 0]).draws(4, new Random(6))], [2, 2, 2, 2]);
  });

  it('makes two million draws from a million examples in linear time and memory', () => {
    const weights = new Float64Array(1_000_000).map((_, i) => i % 10);
    const table = new AliasTable(weights);
    const random = new Random(7);
    const before = process.memoryUsage().heapUsed;
    let sum = 0;
    for (let k = 0; k < 2_000_000; k++) sum += weights[table.draw(random)]!;
    assert.ok(process.memoryUsage().heapUsed - before < 50e6); // nothing is kept of a draw
    // E[w] = Σw²/Σw = 285/45; standard deviation of a draw √(Σw³/Σw − E²) = 2.21.
    assert.ok(Math.abs(sum / 2_000_000 - 285 / 45) < (5 * 2.21) / Math.sqrt(2_000_000));
  });

  it('refuses weights that it cannot draw from', () => {
    assert.throws(() => new AliasTable([1, -1]), /example 1 is -1/);
    assert.throws(() => new AliasTable([1, Number.NaN]), /example 1 is NaN/);
    assert.throws(() => new AliasTable([0, 0]), /sum to 0/);
    assert.throws(() => new AliasTable([]), /sum to 0/);
    assert.throws(() => new AliasTable([1, Number.POSITIVE_INFINITY]), /sum to Infinity/);
  });
});
