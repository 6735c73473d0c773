import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { permutation, UniformSampler } from './sampler.js';

describe('UniformSampler', () => {
  it('gives every example once an epoch, in another order each epoch and seed', () => {
    const sampler = new UniformSampler({ count: 50, seed: 1 });
    const epochs = [0, 1, 2].map((epoch) => [...sampler.drawsFor(epoch)]);
    for (const draws of epochs) {
      assert.deepEqual(
        draws.toSorted((a, b) => a - b),
        [...Array(50).keys()],
      );
    }
    const other = [...new UniformSampler({ count: 50, seed: 2 }).drawsFor(0)];
    assert.equal(new Set([...epochs, other].map(String)).size, 4);
  });

  it('gives the same draws for the same seed and epoch, whatever was drawn before', () => {
    const long = new UniformSampler({ count: 20, seed: 3 });
    for (let epoch = 0; epoch < 7; epoch++) long.drawsFor(epoch);
    assert.deepEqual(long.drawsFor(7), new UniformSampler({ count: 20, seed: 3 }).drawsFor(7));
  });

  it('draws with replacement where asked', () => {
    const draws = new UniformSampler({ count: 10_000, seed: 4, withReplacement: true }).drawsFor(0);
    assert.equal(draws.length, 10_000);
    // 1 − 1/e of the examples occur; the standard deviation of that share is about 0.0031.
    assert.ok(Math.abs(new Set(draws).size / 10_000 - (1 - Math.exp(-1))) < 5 * 0.0031);
  });

  it('has probabilities 1/N, and works for one example', () => {
    const sampler = new UniformSampler({ count: 4, seed: 0 });
    assert.deepEqual([...sampler.probabilitiesFor(3)], [0.25, 0.25, 0.25, 0.25]);
    assert.deepEqual([...new UniformSampler({ count: 1, seed: 0 }).drawsFor(0)], [0]);
  });

  it('names the option that is out of range', () => {
    assert.throws(() => new UniformSampler({ count: 0, seed: 0 }), /count.*got 0/);
    assert.throws(() => new UniformSampler({ count: 1, seed: -1 }), /seed.*got -1/);
    assert.throws(() => new UniformSampler({ count: 1, seed: 0 }).drawsFor(0.5), /epoch.*got 0.5/);
  });
});

describe('permutation', () => {
  it('makes each order equally often', () => {
    const random = new Random(5);
    const counts = new Map<string, number>();
    const n = 24_000;
    for (let k = 0; k < n; k++) {
      const order = permutation(4, random).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquare < 49.73); // upper 0.1 % point at 23 degrees of freedom
  });
});
