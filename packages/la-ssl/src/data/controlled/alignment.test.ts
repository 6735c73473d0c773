import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assignAttributes, assignSeveral } from './alignment.js';

interface Case {
  examples: number;
  alignedShare: number;
  sha256: string;
  counts: number[][];
}
const fixture = new URL('../../../fixtures/lff-assignment/counts.json', import.meta.url);
const cases = JSON.parse(await readFile(fixture, 'utf8')) as Case[];

test('the assignment is the official script’s, example for example', () => {
  assert.equal(cases.length, 15);
  for (const { examples, alignedShare, sha256, counts } of cases) {
    const labels = Int32Array.from({ length: examples }, (_, i) => i % 10);
    const attributes = assignAttributes(labels, 10, alignedShare);
    const found = Array.from({ length: 10 }, () => Array<number>(10).fill(0));
    for (const [i, attribute] of attributes.entries()) found[labels[i]!]![attribute]!++;
    assert.deepEqual(found, counts, `${examples} examples, ${alignedShare}`);
    assert.equal(createHash('sha256').update(Uint8Array.from(attributes)).digest('hex'), sha256);
  }
});

test('the counts of the protocol: aligned and conflicting at the four shares, and an even test set', () => {
  const of = (examples: number, alignedShare: number): number[][] =>
    cases.find((it) => it.examples === examples && Math.abs(it.alignedShare - alignedShare) < 1e-9)!.counts;
  for (const [share, aligned, few, many] of [
    [0.95, 4750, 27, 28],
    [0.98, 4900, 11, 12],
    [0.99, 4950, 5, 6],
    [0.995, 4975, 2, 3],
  ] as const) {
    const labels = Int32Array.from({ length: 50_000 }, (_, i) => i % 10);
    const attributes = assignAttributes(labels, 10, share);
    assert.equal(attributes.filter((attribute, i) => attribute === labels[i]).length, 10 * aligned);
    for (const [label, row] of of(50_000, share).entries()) {
      assert.equal(row[label], aligned);
      assert.ok(row.every((count, a) => a === label || count === few || count === many));
    }
  }
  assert.ok(
    of(50_000, 0.1)
      .flat()
      .every((count) => count === 500),
  );
});

test('all or nothing: a share of 1 leaves no conflicting example, a share of 0 no aligned one', () => {
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3);
  assert.deepEqual(assignAttributes(labels, 3, 1), labels);
  assert.ok(assignAttributes(labels, 3, 0).every((attribute, i) => attribute !== labels[i]));
});

test('several attributes have their exact shares each, and are independent given the label', () => {
  for (const [size, shares] of [
    [600, [0.95, 0.9]],
    [600, [0.5, 0.1]],
    [599, [0.98, 0.95, 0.6]],
    [37, [0.7, 0.7]],
  ] as const) {
    const labels = Int32Array.from({ length: 10 * size }, (_, i) => (i * 7) % 10);
    const all = assignSeveral(labels, 10, shares);
    assert.deepEqual(all[0], assignAttributes(labels, 10, shares[0]));
    for (const [a, share] of shares.entries()) {
      const alone = assignAttributes(labels, 10, share);
      for (let label = 0; label < 10; label++) {
        const countsOf = (codes: Int32Array): number[] =>
          Array.from(
            { length: 10 },
            (_, code) => codes.filter((it, i) => it === code && labels[i] === label).length,
          );
        assert.deepEqual(countsOf(all[a]!), countsOf(alone));
        for (const other of all.slice(0, a)) {
          const [ofOther, own] = [countsOf(other), countsOf(alone)];
          for (let b = 0; b < 10; b++) {
            for (let code = 0; code < 10; code++) {
              const both = labels.filter(
                (it, i) => it === label && other[i] === b && all[a]![i] === code,
              ).length;
              const expected = (ofOther[b]! * own[code]!) / size;
              assert.ok(Math.abs(both - expected) < 2.5, `${both} of ${b} and ${code}, expected ${expected}`);
            }
          }
        }
      }
    }
  }
});
