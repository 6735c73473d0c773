import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from './random.js';

/** Checks mean and variance of n draws within five standard errors of their known values. */
function checkMoments(
  draw: () => number,
  n: number,
  mean: number,
  variance: number,
  fourthCentral: number,
): void {
  const values = Array.from({ length: n }, draw);
  const found = values.reduce((sum, v) => sum + v, 0) / n;
  const spread = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n;
  const meanError = 5 * Math.sqrt(variance / n);
  const varianceError = 5 * Math.sqrt((fourthCentral - variance ** 2) / n);
  assert.ok(Math.abs(found - mean) <= meanError, `mean ${found}, expected ${mean} ± ${meanError}`);
  assert.ok(
    Math.abs(spread - variance) <= varianceError,
    `variance ${spread}, expected ${variance} ± ${varianceError}`,
  );
}

/** Pearson's χ² of n draws against their probabilities; returned in standard deviations above its mean. */
function chiSquareExcess(
  draw: () => number,
  n: number,
  mass: (k: number) => number,
  largest: number,
): number {
  const counts = new Float64Array(largest + 1);
  for (let i = 0; i < n; i++) {
    const k = draw();
    assert.ok(Number.isInteger(k) && k >= 0, `a count is ${k}`);
    counts[Math.min(k, largest)]!++;
  }
  let chiSquare = 0;
  let cells = 0;
  let restCount = n;
  let restMass = 1;
  for (let k = 0; k < largest; k++) {
    const expected = n * mass(k);
    if (expected < 10) continue; // the rest goes into one last cell
    chiSquare += (counts[k]! - expected) ** 2 / expected;
    restCount -= counts[k]!;
    restMass -= mass(k);
    cells++;
  }
  if (n * restMass > 10) {
    chiSquare += (restCount - n * restMass) ** 2 / (n * restMass);
    cells++;
  }
  assert.ok(cells > 2);
  return (chiSquare - (cells - 1)) / Math.sqrt(2 * (cells - 1));
}

function poissonMass(mean: number): (k: number) => number {
  return (k) => {
    let log = -mean;
    for (let i = 1; i <= k; i++) log += Math.log(mean / i);
    return Math.exp(log);
  };
}

function binomialMass(n: number, p: number): (k: number) => number {
  return (k) => {
    if (k > n) return 0;
    let log = n * Math.log(1 - p);
    for (let i = 1; i <= k; i++) log += Math.log((((n - i + 1) / i) * p) / (1 - p));
    return Math.exp(log);
  };
}

describe('Random', () => {
  it('gives the published sequence of sfc32 with PractRand seeding', () => {
    const random = new Random(0, 2, 1);
    const expected = [0x03b80bb8, 0xa87dbc7e, 0x1787178c, 0x4c7b7234, 0xc65dade2, 0x2c692349];
    assert.deepEqual(
      expected.map(() => random.uint32()),
      expected,
    );
  });

  it('repeats for the same key and differs for neighbours of it', () => {
    const first = (...key: [number, number?, number?]) => {
      const random = new Random(...key);
      return [random.uint32(), random.uint32()].join();
    };
    assert.equal(first(7, 3), first(7, 3, 0));
    const seen = new Set<string>();
    for (let a = 0; a < 6; a++)
      for (let b = 0; b < 6; b++) for (let c = 0; c < 6; c++) seen.add(first(a, b, c));
    assert.equal(seen.size, 216);
  });

  it('fills arrays with the numbers that it gives one by one', () => {
    const [bulk, single] = [new Random(9, 8), new Random(9, 8)];
    for (const size of [5, 0, 1, 1000]) {
      const words = new Uint32Array(size);
      bulk.fill(words);
      assert.deepEqual(
        [...words],
        Array.from(words, () => single.uint32()),
      );
    }
    assert.equal(bulk.uint32(), single.uint32());
  });

  it('has uniform and Gaussian numbers with the moments of their distributions', () => {
    const random = new Random(1);
    checkMoments(() => random.uniform(), 50_000, 1 / 2, 1 / 12, 1 / 80);
    checkMoments(() => random.uniform(-3, 5), 50_000, 1, 64 / 12, 8 ** 4 / 80);
    checkMoments(() => random.normal(), 50_000, 0, 1, 3);
    checkMoments(() => random.normal(2, 0.5), 50_000, 2, 1 / 4, 3 / 16);
  });

  it('has Gaussian tails: 4.55 % beyond two deviations, 0.27 % beyond three', () => {
    const random = new Random(2);
    const n = 100_000;
    const sizes = Array.from({ length: n }, () => Math.abs(random.normal()));
    for (const [bound, share] of [
      [2, 0.0455],
      [3, 0.0027],
    ] as const) {
      const found = sizes.filter((size) => size > bound).length / n;
      assert.ok(Math.abs(found - share) < 5 * Math.sqrt(share / n), `beyond ${bound}: ${found}`);
    }
  });

  it('draws below a bound without bias, also where the bound does not divide 2³²', () => {
    const random = new Random(3);
    const bound = 3 * 2 ** 30; // a plain remainder would give the first third half of all draws
    const n = 30_000;
    const inFirstThird = Array.from({ length: n }, () => random.below(bound)).filter(
      (k) => k < 2 ** 30,
    ).length;
    assert.ok(Math.abs(inFirstThird / n - 1 / 3) < 5 * Math.sqrt(2 / 9 / n));
    assert.ok(
      chiSquareExcess(
        () => random.below(7),
        20_000,
        (k) => (k < 7 ? 1 / 7 : 0),
        8,
      ) < 5,
    );
  });

  for (const mean of [0.3, 4, 9.9, 10, 37, 500]) {
    it(`has Poisson counts of mean ${mean}`, () => {
      const random = new Random(4, Math.round(mean * 10));
      checkMoments(() => random.poisson(mean), 20_000, mean, mean, mean + 3 * mean ** 2);
      assert.ok(chiSquareExcess(() => random.poisson(mean), 20_000, poissonMass(mean), 800) < 5);
    });
  }

  for (const [n, p] of [
    [20, 0.3],
    [20, 0.9],
    [50, 0.5],
    [1000, 0.004],
    [3072, 0.07],
  ] as const) {
    it(`has binomial counts of ${n} trials at ${p}`, () => {
      const random = new Random(5, n);
      const variance = n * p * (1 - p);
      const fourth = variance * (1 + 3 * (n - 2) * p * (1 - p));
      checkMoments(() => random.binomial(n, p), 20_000, n * p, variance, fourth);
      assert.ok(chiSquareExcess(() => random.binomial(n, p), 20_000, binomialMass(n, p), 800) < 5);
    });
  }

  it('gives the certain results for certain parameters', () => {
    const random = new Random(6);
    assert.equal(random.below(1), 0);
    assert.equal(random.poisson(0), 0);
    assert.deepEqual([random.binomial(0, 0.5), random.binomial(9, 0), random.binomial(9, 1)], [0, 0, 9]);
  });

  it('refuses bad keys and parameters, naming them', () => {
    const random = new Random(7);
    assert.throws(() => new Random(0.5), /got 0.5/);
    assert.throws(() => new Random(1, -1), /got -1/);
    assert.throws(() => random.below(0), /below\(0\)/);
    assert.throws(() => random.poisson(-1), /poisson\(-1\)/);
    assert.throws(() => random.poisson(Number.NaN), /poisson\(NaN\)/);
    assert.throws(() => random.binomial(2.5, 0.5), /binomial\(2.5, 0.5\)/);
    assert.throws(() => random.binomial(2, 1.5), /binomial\(2, 1.5\)/);
  });
});
