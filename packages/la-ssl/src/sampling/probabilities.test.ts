import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../random.js';
import { samplingDistribution, samplingProbabilities } from './probabilities.js';
import { linearScaling, type ScalingFunction } from './scaling/index.js';

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-14): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `[${i}] ${actual[i]} is not ${expected[i]}`);
  }
}

/** Log-normal-like speeds with ties, a random size, r and gamma: what the properties are tried on. */
function* randomCases(): Generator<{ speeds: Float64Array; r: number; gamma: number }> {
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed);
    const count = 1 + random.below(300);
    const spread = 10 * random.uniform();
    const steps = 1 + random.below(50);
    const speeds = new Float64Array(count).map(() => Math.exp((spread * random.below(steps)) / steps));
    yield { speeds, r: random.uniform(), gamma: Math.exp(8 * random.uniform() - 4) };
  }
}

describe('samplingProbabilities', () => {
  it('gives the worked example: s* = 2.5, π = (5.5, 3.5, 1.5, 0) / 10.5', () => {
    const speeds = [1, 2, 3, 4];
    const options = { r: 0.5, gamma: 2 };
    assertClose(samplingProbabilities(speeds, options), [5.5 / 10.5, 3.5 / 10.5, 1.5 / 10.5, 0]);
    const { threshold, h } = linearScaling(speeds, options);
    assert.equal(threshold, 2.5);
    assert.deepEqual(speeds.map(h), [5.5, 3.5, 1.5, 0]);
  });

  it("has weights of the paper's formula to the last bit, however large gamma and speeds are", () => {
    const random = new Random(3);
    const speeds = Float64Array.from({ length: 2_000 }, () => Math.exp(300 * random.uniform() - 150));
    speeds.set([5e-324, 1e-308, 1, 1e300, Number.MAX_VALUE]);
    for (const gamma of [0, 0.3, 10, 1e6, 1e200]) {
      const { threshold, h } = linearScaling(speeds, { r: 0.7, gamma });
      for (const [i, speed] of speeds.entries()) {
        const formula = Math.max(0, threshold! - gamma * (speed - threshold!));
        assert.equal(h(speed, i), formula, `gamma ${gamma}, speed ${speed}`);
      }
    }
  });

  it('is uniform where all speeds are equal, where gamma is 0, and for one example', () => {
    assertClose(samplingProbabilities([7, 7, 7, 7], { r: 0.1, gamma: 10 }), [0.25, 0.25, 0.25, 0.25]);
    assertClose(samplingProbabilities([1, 2, 3, 4], { r: 0.5, gamma: 0 }), [0.25, 0.25, 0.25, 0.25]);
    assert.deepEqual([...samplingProbabilities([0.3], { r: 0.1, gamma: 10 })], [1]);
  });

  it('sums to 1 and never rises with the speed', () => {
    for (const { speeds, r, gamma } of randomCases()) {
      const { probabilities, uniformBecause } = samplingDistribution(speeds, { r, gamma });
      assert.equal(uniformBecause, null); // the slowest example always has a weight
      assert.ok(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
      const bySpeed = [...speeds.keys()].sort((i, j) => speeds[i]! - speeds[j]!);
      for (let k = 1; k < bySpeed.length; k++) {
        assert.ok(probabilities[bySpeed[k]!]! <= probabilities[bySpeed[k - 1]!]!);
      }
    }
  });

  it('does not depend on the unit of the speeds: h is homogeneous', () => {
    for (const { speeds, r, gamma } of randomCases()) {
      const scaled = speeds.map((speed) => 1e-6 * speed);
      assertClose(
        samplingProbabilities(scaled, { r, gamma }),
        samplingProbabilities(speeds, { r, gamma }),
        1e-11,
      );
    }
  });

  it('draws nothing that is faster than s*·(1 + 1/γ)', () => {
    for (const { speeds, r, gamma } of randomCases()) {
      const { probabilities, threshold } = samplingDistribution(speeds, { r, gamma });
      const cut = threshold! * (1 + 1 / gamma);
      for (let i = 0; i < speeds.length; i++) {
        if (Math.abs(speeds[i]! / cut - 1) > 1e-9) assert.equal(probabilities[i]! > 0, speeds[i]! < cut);
      }
    }
  });

  it('mixes in a uniform share', () => {
    const mixed = samplingProbabilities([1, 2, 3, 4], { r: 0.5, gamma: 2, uniformShare: 0.2 });
    assertClose(
      mixed,
      [5.5, 3.5, 1.5, 0].map((weight) => (0.8 * weight) / 10.5 + 0.05),
    );
    assertClose(samplingProbabilities([1, 9], { r: 0, gamma: 5, uniformShare: 1 }), [0.5, 0.5]);
  });

  it('gives an example that was never seen probability 1/N, and does not read its speed', () => {
    const seen = [1, 0, 1, 1, 1, 0];
    const speeds = [1, Number.NaN, 2, 3, 4, 0];
    const { probabilities, threshold } = samplingDistribution(speeds, { r: 0.5, gamma: 2, seen });
    assert.equal(threshold, 2.5); // of the seen alone
    const rest = 4 / 6;
    assertClose(
      probabilities,
      [5.5 / 10.5, 1 / 4, 3.5 / 10.5, 1.5 / 10.5, 0, 1 / 4].map((p) => rest * p),
    );
  });

  it('is uniform, and says why, where no speed is known or every weight is 0', () => {
    const unseen = samplingDistribution([0, 0], { r: 0.1, gamma: 10, seen: [false, false] });
    assert.deepEqual(
      { ...unseen, probabilities: [...unseen.probabilities] },
      { probabilities: [0.5, 0.5], threshold: null, chosen: null, uniformBecause: 'no-speed-known' },
    );
    const nothing: ScalingFunction = () => ({ threshold: 1, h: () => 0 });
    const zero = samplingDistribution([1, 2], { r: 0.1, gamma: 10, scaling: nothing });
    assert.deepEqual([...zero.probabilities], [0.5, 0.5]);
    assert.equal(zero.uniformBecause, 'all-weights-zero');
  });

  it('takes another scaling function', () => {
    const inverse: ScalingFunction = (_speeds, { gamma }) => ({
      threshold: 1,
      h: (speed) => speed ** -gamma!,
    });
    assertClose(samplingProbabilities([1, 2, 4], { r: 0.5, gamma: 1, scaling: inverse }), [
      4 / 7,
      2 / 7,
      1 / 7,
    ]);
    const negative: ScalingFunction = () => ({ threshold: 1, h: (speed) => 1 - speed });
    assert.throws(
      () => samplingProbabilities([1, 3], { r: 0.5, gamma: 1, scaling: negative }),
      /example 1 is -2/,
    );
  });

  it('names the example whose speed cannot be used', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 0, -0.5]) {
      assert.throws(() => samplingProbabilities([1, 2, bad, 4], { r: 0.1, gamma: 10 }), {
        name: 'RangeError',
        message: new RegExp(`example 2 is ${bad};`),
      });
    }
    assert.throws(() => samplingProbabilities([1e308, 1e308], { r: 0.1, gamma: 10 }), /sum to Infinity/);
  });

  it('names the option that is out of range', () => {
    const speeds = [1, 2];
    for (const r of [-0.1, 1.1, Number.NaN]) {
      assert.throws(() => samplingProbabilities(speeds, { r, gamma: 1 }), new RegExp(`^RangeError: r.*${r}`));
    }
    for (const gamma of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.throws(() => samplingProbabilities(speeds, { r: 0.1, gamma }), new RegExp(`gamma.*${gamma}`));
    }
    assert.throws(
      () => samplingProbabilities(speeds, { r: 0.1, gamma: 1, uniformShare: 1.5 }),
      /uniformShare.*1.5/,
    );
    assert.throws(() => samplingProbabilities(speeds, { r: 0.1, gamma: 1, seen: [1] }), /1 entries for 2/);
    assert.throws(() => samplingProbabilities([], { r: 0.1, gamma: 1 }), /at least one speed/);
  });
});
