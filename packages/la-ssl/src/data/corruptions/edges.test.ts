import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../random.js';
import { cannyEdges, distanceTo } from './edges.js';

const shape = { height: 20, width: 30, channels: 1 };
const make = (value: (y: number, x: number) => number): Uint8Array =>
  Uint8Array.from({ length: shape.height * shape.width }, (_, i) =>
    value(Math.floor(i / shape.width), i % shape.width),
  );

describe('cannyEdges', () => {
  it('finds the step of a vertical, a horizontal and a diagonal edge, one pixel thin', () => {
    const vertical = cannyEdges(
      make((_, x) => (x < 12 ? 0 : 100)),
      shape,
      50,
      150,
    );
    assert.deepEqual(
      vertical,
      make((_, x) => Number(x === 11)),
    );
    const horizontal = cannyEdges(
      make((y) => (y < 7 ? 100 : 0)),
      shape,
      50,
      150,
    );
    assert.deepEqual(
      horizontal,
      make((y) => Number(y === 6)),
    );
    const diagonal = cannyEdges(
      make((y, x) => (x > y + 3 ? 100 : 0)),
      shape,
      50,
      150,
    );
    for (let y = 2; y < 18; y++) {
      const inRow = [...diagonal.subarray(y * 30, y * 30 + 30)].reduce((a, b) => a + b);
      assert.ok(inRow >= 1 && inRow <= 2, `row ${y} has ${inRow} edge pixels`);
    }
  });

  it('keeps a weak edge only where it goes on from a strong one', () => {
    // Steps of 30 (gradient 120, weak), of which one grows to 60 (240, strong) in the lower half.
    const picture = make((y, x) => (x < 8 ? 0 : x < 20 ? 30 : y < 10 ? 60 : 90));
    const edges = cannyEdges(picture, shape, 50, 150);
    assert.equal(edges[4 * 30 + 19], 1, 'goes on from the strong half');
    assert.equal(edges[4 * 30 + 7], 0, 'weak all along');
    assert.equal(cannyEdges(picture, shape, 50, 100)[4 * 30 + 7], 1);
  });
});

describe('distanceTo', () => {
  it('is within 2.5 % of the Euclidean distance', () => {
    const random = new Random(1);
    const marked = make(() => Number(random.uniform() < 0.01));
    assert.ok(marked.includes(1));
    const found = distanceTo(marked, shape);
    found.forEach((distance, i) => {
      const [y, x] = [Math.floor(i / 30), i % 30];
      let nearest = Infinity;
      marked.forEach((mark, k) => {
        if (mark === 1) nearest = Math.min(nearest, Math.hypot(y - Math.floor(k / 30), x - (k % 30)));
      });
      assert.ok(Math.abs(distance - nearest) <= 0.025 * nearest, `${distance} for ${nearest}`);
    });
  });

  it('is infinite where nothing is marked', () => {
    assert.ok(
      distanceTo(
        make(() => 0),
        shape,
      ).every((distance) => distance === Infinity),
    );
  });
});
