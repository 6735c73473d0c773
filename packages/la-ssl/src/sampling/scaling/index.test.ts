import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../random.js';
import { effectiveSampleSize } from '../diagnostics.js';
import { type SamplingOptions, samplingDistribution, samplingProbabilities } from '../probabilities.js';
import { SCALINGS, type ScalingName } from './index.js';

const names = Object.keys(SCALINGS) as ScalingName[];

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-13): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, `[${i}] ${actual[i]} is not ${expected[i]}`);
  }
}

/** Log-normal-like speeds with ties, and a value of the knob between next to uniform and very sharp. */
function* randomCases(): Generator<{ speeds: Float64Array; options: SamplingOptions; random: Random }> {
  for (const scaling of names) {
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const spread = 10 * random.uniform();
      const steps = 1 + random.below(50);
      const speeds = Float64Array.from({ length: 1 + random.below(300) }, () =>
        Math.exp((spread * random.below(steps)) / steps),
      );
      const sharpness = Math.exp(8 * random.uniform() - 4);
      const options: SamplingOptions = {
        scaling,
        r: random.uniform(),
        gamma: sharpness,
        power: sharpness,
        scalingTemperature: 1 / sharpness,
        slowestShare: 1 - random.uniform(),
      };
      yield { speeds, options, random };
    }
  }
}

const sizeOf = (probabilities: Float64Array): number =>
  effectiveSampleSize(probabilities) / probabilities.length;

describe('every scaling function', () => {
  it('sums to 1 and never rises with the speed', () => {
    for (const { speeds, options } of randomCases()) {
      const { probabilities, uniformBecause } = samplingDistribution(speeds, options);
      assert.equal(uniformBecause, null, 'the slowest example always has a weight');
      assert.ok(Math.abs(probabilities.reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
      const bySpeed = [...speeds.keys()].sort((i, j) => speeds[i]! - speeds[j]!);
      for (let k = 1; k < bySpeed.length; k++) {
        assert.ok(probabilities[bySpeed[k]!]! <= probabilities[bySpeed[k - 1]!]!);
      }
    }
  });

  it('is uniform on equal speeds, and gives equal speeds equal probabilities', () => {
    for (const { speeds, options } of randomCases()) {
      const { length } = speeds;
      const equal = samplingProbabilities(new Float64Array(length).fill(3), options);
      assertClose(equal, new Float64Array(length).fill(1 / length));
      const bySpeed = new Map(Array.from(speeds, (speed, i) => [speed, i]));
      const probabilities = samplingProbabilities(speeds, options);
      speeds.forEach((speed, i) => {
        assert.equal(probabilities[i], probabilities[bySpeed.get(speed)!]);
      });
    }
  });

  it('does not depend on the unit of the speeds: h is homogeneous', () => {
    for (const { speeds, options } of randomCases()) {
      const scaled = speeds.map((speed) => 2 ** -20 * speed);
      assertClose(samplingProbabilities(scaled, options), samplingProbabilities(speeds, options), 1e-11);
    }
  });

  it('holds a target effective sample size, with examples that are not known and a uniform share too', () => {
    for (const { speeds, options, random } of randomCases()) {
      const seen = speeds.map(() => Number(random.below(5) > 0));
      const uniformShare = random.below(2) * 0.5 * random.uniform();
      const target = random.uniform() || 1;
      const rest = { ...options, seen, uniformShare };
      const { probabilities, chosen } = samplingDistribution(speeds, { ...rest, targetEss: target });
      if (!chosen) continue; // none is known
      const at = (value: number): number =>
        sizeOf(samplingProbabilities(speeds, { ...rest, [chosen.name]: value }));
      assert.equal(sizeOf(probabilities), at(chosen.value));
      const [uniform, sharpest] = SCALINGS[options.scaling as ScalingName].range;
      if (chosen.reached) assert.ok(Math.abs(sizeOf(probabilities) / target - 1) < 2e-3);
      else if (sizeOf(probabilities) > target)
        assert.ok(at(sharpest) > target * 0.999, 'no knob is sharp enough');
      else assert.ok(at(uniform) < target * 1.001, 'unknown examples alone keep it from there');
    }
  });

  it('refuses a target of 0, above 1, or for a function of its own', () => {
    for (const targetEss of [0, 1.01, Number.NaN]) {
      assert.throws(() => samplingProbabilities([1, 2], { targetEss }), /targetEss.*\(0, 1\], got/);
    }
    const own = () => ({ threshold: null, h: () => 1 });
    assert.throws(() => samplingProbabilities([1, 2], { targetEss: 0.5, scaling: own }), /by name/);
  });
});

describe('the scaling function', () => {
  it('power: half the speed, 2^α times the draws; 0 is uniform', () => {
    const options = { scaling: 'power', power: 3 } as const;
    assertClose(samplingProbabilities([1, 2, 4], options), [64 / 73, 8 / 73, 1 / 73]);
    assertClose(samplingProbabilities([1, 2, 4, 9], { ...options, power: 0 }), [0.25, 0.25, 0.25, 0.25]);
    assertClose(samplingProbabilities([1e-300, 1e300], { ...options, power: 1000 }), [1, 0]);
  });

  it('exponential: the softmax of −speed in mean speeds', () => {
    const weights = [1, 2, 6].map((speed) => Math.exp(-speed / (3 * 0.5)));
    const sum = weights.reduce((a, b) => a + b);
    const options = { scaling: 'exponential', scalingTemperature: 0.5 } as const;
    assertClose(
      samplingProbabilities([1, 2, 6], options),
      weights.map((weight) => weight / sum),
    );
    assertClose(samplingProbabilities([1, 2, 6], { ...options, scalingTemperature: 1e-9 }), [1, 0, 0]);
  });

  it('rank: only the order counts, and the effective sample size is (2α + 1) / (α + 1)²', () => {
    assertClose(
      samplingProbabilities([9, 5, 500, 5], { scaling: 'rank', power: 1 }),
      [3 / 16, 6 / 16, 1 / 16, 6 / 16], // 1 − q = 3/8, 3/4, 1/8, 3/4
    );
    const random = new Random(4);
    const speeds = Float64Array.from({ length: 20_000 }, () => 1 + random.uniform());
    for (const power of [0, 0.5, 1, 2, 8]) {
      const size = sizeOf(samplingProbabilities(speeds, { scaling: 'rank', power }));
      assert.ok(Math.abs(size - (2 * power + 1) / (power + 1) ** 2) < 1e-3, `${power}: ${size}`);
    }
  });

  it('reciprocal-rank: as prioritized replay by rank, ties at the middle; the effective sample size by its sums', () => {
    const sum = 1 / 4 + 2 / 2.5 + 1;
    assertClose(
      samplingProbabilities([9, 5, 2, 5], { scaling: 'reciprocal-rank', power: 1 }),
      [1 / 4, 1 / 2.5, 1, 1 / 2.5].map((weight) => weight / sum),
    );
    const speeds = Float64Array.from({ length: 1000 }, (_, i) => 1 + ((i * 7) % 1000));
    for (const power of [0, 0.5, 0.7, 1, 3]) {
      const [first, second] = [power, 2 * power].map((at) =>
        speeds.reduce((total, _, k) => total + (k + 1) ** -at, 0),
      ) as [number, number];
      const size = sizeOf(samplingProbabilities(speeds, { scaling: 'reciprocal-rank', power }));
      assert.ok(Math.abs(size / (first ** 2 / (1000 * second)) - 1) < 1e-12, `${power}: ${size}`);
    }
  });

  it('top-share: the slowest share equally, ties at its end share the rest of it', () => {
    const at = (slowestShare: number, speeds = [4, 1, 3, 2]) =>
      samplingProbabilities(speeds, { scaling: 'top-share', slowestShare });
    assertClose(at(0.5), [0, 0.5, 0, 0.5]);
    assertClose(at(0.6), [0, 1 / 2.4, 0.4 / 2.4, 1 / 2.4]);
    assertClose(at(0.5, [1, 2, 2, 2]), [1 / 2, 1 / 6, 1 / 6, 1 / 6]);
    assertClose(at(1e-9), [0, 1, 0, 0]); // one at least
    assertClose(at(1), [0.25, 0.25, 0.25, 0.25]);
  });

  it('names the option that is out of range', () => {
    for (const [scaling, bad] of [
      ['power', { power: -1 }],
      ['rank', { power: Number.NaN }],
      ['reciprocal-rank', { power: -1 }],
      ['exponential', { scalingTemperature: 0 }],
      ['top-share', { slowestShare: 0 }],
      ['top-share', { slowestShare: 1.5 }],
    ] as const) {
      const [[name, value]] = Object.entries(bad) as [[string, number]];
      assert.throws(
        () => samplingProbabilities([1, 2], { scaling, ...bad }),
        new RegExp(`^RangeError: ${name} .*got ${value}`),
      );
    }
  });
});
