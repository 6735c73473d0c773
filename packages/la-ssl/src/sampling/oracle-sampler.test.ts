import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareByGroup } from './diagnostics.js';
import {
  conflictingShareProbabilities,
  groupBalancedProbabilities,
  OracleSampler,
} from './oracle-sampler.js';
import { UniformSampler } from './sampler.js';

const conflicting = Uint8Array.from({ length: 10_000 }, (_, i) => (i % 20 === 0 ? 1 : 0));

describe('OracleSampler', () => {
  it('draws the asked share of conflicting examples, each of a kind alike', () => {
    const probabilities = conflictingShareProbabilities(conflicting, 0.9);
    assert.equal(new Set(probabilities).size, 2);
    assert.ok(Math.abs(shareByGroup(probabilities, conflicting)['1']! - 0.9) < 1e-12);
    const draws = new OracleSampler({ probabilities, seed: 1 }).drawsFor(0);
    const share = draws.filter((i) => conflicting[i]).length / draws.length;
    assert.ok(Math.abs(share - 0.9) < 5 * 0.003); // standard deviation √(0.9 · 0.1 / 10,000)
  });

  it('draws every group equally often', () => {
    const groups = ['a', 'b', 'b', 'c', 'c', 'c'];
    const probabilities = groupBalancedProbabilities(groups);
    for (const share of Object.values(shareByGroup(probabilities, groups))) {
      assert.ok(Math.abs(share - 1 / 3) < 1e-15);
    }
  });

  it('takes any weights, and is uniform through its warm-up', () => {
    const sampler = new OracleSampler({ probabilities: [1, 3], seed: 2, warmupEpochs: 3 });
    const uniform = new UniformSampler({ count: 2, seed: 2 });
    for (const epoch of [0, 2]) assert.deepEqual(sampler.drawsFor(epoch), uniform.drawsFor(epoch));
    assert.deepEqual([...sampler.probabilitiesFor(2)], [0.5, 0.5]);
    assert.deepEqual([...sampler.probabilitiesFor(3)], [0.25, 0.75]);
  });

  it('gives the same draws for the same seed and epoch', () => {
    const probabilities = conflictingShareProbabilities(conflicting, 0.5);
    const draws = (seed: number, epoch: number) => new OracleSampler({ probabilities, seed }).drawsFor(epoch);
    assert.deepEqual(draws(3, 4), draws(3, 4));
    assert.notDeepEqual(draws(3, 4), draws(3, 5));
    assert.notDeepEqual(draws(3, 4), draws(4, 4));
  });

  it('refuses a share that cannot be drawn', () => {
    assert.throws(() => conflictingShareProbabilities(conflicting, 1.1), /share.*1.1/);
    assert.throws(() => conflictingShareProbabilities([0, 0], 0.5), /0 conflicting and 2 aligned/);
    assert.throws(() => conflictingShareProbabilities([true], 0.5), /1 conflicting and 0 aligned/);
    assert.deepEqual([...conflictingShareProbabilities([0, 1, 1], 1)], [0, 0.5, 0.5]);
  });
});
