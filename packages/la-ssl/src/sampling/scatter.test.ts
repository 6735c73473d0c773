import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Scatter } from './scatter.js';

/** The whole numbers below `count` in random order, taken in pieces of a size. */
function scattered(count: number, piece: number, seed: number): Int32Array {
  const scatter = new Scatter(count, seed, 1);
  for (let start = 0; start < count; start += piece) {
    const size = Math.min(piece, count - start);
    scatter.add(
      new Int32Array(piece).map((_, k) => start + k),
      size,
    );
  }
  return scatter.shuffled();
}

describe('Scatter', () => {
  it('gives back every value once, whatever the pieces that they came in', () => {
    for (const count of [1, 2, 3, 4_097, 65_536, 65_537, 300_001]) {
      const order = scattered(count, 1_000, 3);
      assert.deepEqual(scattered(count, 777, 3), order);
      assert.deepEqual(
        order.toSorted(),
        new Int32Array(count).map((_, i) => i),
      );
    }
  });

  it('takes as many buckets as 32 bits of a word give two of', () => {
    const count = 17_000_001; // 512 buckets of 9 bits
    const order = scattered(count, 2_048, 4);
    const seen = new Uint8Array(count);
    for (const i of order) seen[i] = 1;
    assert.ok(seen.every((once) => once === 1));
  });

  it('makes each order equally often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const order = scattered(4, 3, seed).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquare < 49.73); // upper 0.1 % point at 23 degrees of freedom
  });

  it('sends a value to each place alike, over all buckets', () => {
    const [count, parts, seeds] = [140_000, 10, 60]; // 4 buckets, whose borders are not those of the parts
    const table = new Float64Array(parts ** 2);
    const partOf = (i: number): number => Math.floor((i * parts) / count);
    for (let seed = 0; seed < seeds; seed++) {
      scattered(count, 2_048, seed).forEach((value, place) => {
        table[partOf(place) * parts + partOf(value)]! += 1;
      });
    }
    const expected = (seeds * count) / parts ** 2;
    const chiSquare = table.reduce((sum, cell) => sum + (cell - expected) ** 2 / expected, 0);
    assert.ok(chiSquare > 40 && chiSquare < 126, `chi-square ${chiSquare}`); // 0.01 % points at 81 degrees of freedom
  });
});
