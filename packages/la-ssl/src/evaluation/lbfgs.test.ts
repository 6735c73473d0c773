import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lbfgs, type Objective } from './lbfgs.js';
import { wolfeStep } from './line-search.js';

/** `½ Σ scale_i (x_i − target_i)²` */
function quadratic(scale: number[], target: number[]): Objective {
  return (x) => {
    const gradient = x.map((value, i) => scale[i]! * (value - target[i]!));
    return { loss: gradient.reduce((sum, g, i) => sum + (g * g) / scale[i]! / 2, 0), gradient };
  };
}

/** Rosenbrock's valley, `Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)²`, whose minimum is 0 at (1, …, 1). */
const rosenbrock: Objective = (x) => {
  const gradient = new Float64Array(x.length);
  let loss = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const rise = x[i + 1]! - x[i]! ** 2;
    loss += 100 * rise ** 2 + (1 - x[i]!) ** 2;
    gradient[i]! += -400 * x[i]! * rise - 2 * (1 - x[i]!);
    gradient[i + 1]! += 200 * rise;
  }
  return { loss, gradient };
};

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    const message = `element ${i}: ${actual[i]} instead of ${expected[i]}`;
    assert.ok(Math.abs(actual[i]! - expected[i]!) <= tolerance, message);
  }
}

describe('lbfgs', () => {
  it('finds the minimum of a quadratic whose directions differ ten thousandfold', () => {
    const result = lbfgs(quadratic([1, 100, 10_000], [3, -2, 0.5]), new Float64Array(3));
    assert.equal(result.stop, 'gradient');
    assert.ok(result.converged && result.gradientNorm <= 1e-6);
    assertNear(result.point, [3, -2, 0.5], 1e-6);
    assert.ok(result.loss < 1e-11);
  });

  it('follows a curved valley, with a memory of one step too', () => {
    const start = Float64Array.of(-1.2, 1, -1.2, 1, -1.2, 1);
    for (const memory of [1, 10]) {
      const result = lbfgs(rosenbrock, start, { memory, gradientTolerance: 1e-9 });
      assert.ok(result.converged, `memory ${memory}: ${result.stop}`);
      assertNear(result.point, new Array(6).fill(1), 1e-8);
    }
    assert.deepEqual([...start], [-1.2, 1, -1.2, 1, -1.2, 1], 'the start is left as it was');
  });

  it('needs one direction where the preconditioner is the inverse Hessian', () => {
    const scale = [1, 100, 10_000, 1e6];
    const objective = quadratic(scale, [3, -2, 0.5, 1]);
    const precondition = (vector: Float64Array) => vector.map((value, i) => value / scale[i]!);
    const with_ = lbfgs(objective, new Float64Array(4), { precondition });
    const without = lbfgs(objective, new Float64Array(4));
    assert.ok(with_.converged && without.converged);
    assert.ok(with_.iterations <= 2, `${with_.iterations} iterations`);
    assert.ok(without.iterations > 5, `${without.iterations} iterations`);
  });

  it('comes back from where the loss is not finite', () => {
    // x − ln x is defined for x > 0 only; from 1e-3 the first steps overshoot far.
    const barrier: Objective = ([x = 0]) => ({
      loss: x > 0 ? 1000 * x - Math.log(x) : Number.NaN,
      gradient: Float64Array.of(1000 - 1 / x),
    });
    const result = lbfgs(barrier, Float64Array.of(1));
    assert.ok(result.converged, result.stop);
    assertNear(result.point, [1e-3], 1e-9);
  });

  it('says so where the iterations run out, and where rounding ends it', () => {
    const short = lbfgs(rosenbrock, Float64Array.of(-1.2, 1), { maxIterations: 3 });
    assert.deepEqual([short.stop, short.converged, short.iterations], ['iterations', false, 3]);
    assert.ok(short.loss < rosenbrock(Float64Array.of(-1.2, 1)).loss);
    assert.equal(lbfgs(rosenbrock, Float64Array.of(1, 1), { maxIterations: 0 }).stop, 'gradient');

    const exact = lbfgs(
      ([x = 0]) => ({ loss: (x - 1 / 3) ** 2, gradient: Float64Array.of(1) }),
      Float64Array.of(0),
    );
    assert.deepEqual([exact.stop, exact.converged], ['rounding', false], 'the gradient contradicts the loss');
  });

  it('gives the same bits again', () => {
    const run = () => lbfgs(rosenbrock, Float64Array.of(-1.2, 1, 0.3));
    assert.deepEqual(run(), run());
  });

  it('refuses what it cannot begin with', () => {
    const broken: Objective = (x) => ({ loss: Number.NaN, gradient: x });
    assert.throws(() => lbfgs(broken, new Float64Array(1)), /the loss is NaN/);
    const steep: Objective = (x) => ({ loss: 0, gradient: x.map(() => Number.NaN) });
    assert.throws(() => lbfgs(steep, new Float64Array(1)), /gradient NaN/);
    for (const options of [{ memory: 0 }, { gradientTolerance: 0 }, { maxIterations: -1 }]) {
      assert.throws(() => lbfgs(rosenbrock, new Float64Array(2), options), RangeError);
    }
  });
});

describe('wolfeStep', () => {
  const functions: Record<string, [loss: (a: number) => number, slope: (a: number) => number]> = {
    parabola: [(a) => (a - 1) ** 2, (a) => 2 * (a - 1)],
    // Moré & Thuente 1994, Eq. 5.1, with β = 2: concave at first, where the interpolation misleads.
    'concave start': [(a) => -a / (a * a + 2), (a) => (a * a - 2) / (a * a + 2) ** 2],
    wave: [(a) => Math.cos(3 * a) - a / 5, (a) => -3 * Math.sin(3 * a) - 0.2],
    cliff: [(a) => (a < 2 ? -a : Number.POSITIVE_INFINITY), () => -1],
  };
  for (const [name, [loss, slope]] of Object.entries(functions)) {
    it(`meets both conditions, or ends where only one can be met: ${name}`, () => {
      for (const first of [1e-3, 0.1, 1, 10, 1000]) {
        const at = (step: number) => ({
          step,
          loss: loss(step),
          slope: slope(step),
          point: Float64Array.of(step),
          gradient: Float64Array.of(slope(step)),
        });
        const start = at(0);
        const found = wolfeStep(at, start, first);
        assert.ok(found && found.step > 0, `from ${first}`);
        assert.ok(found.loss <= start.loss + 1e-4 * found.step * start.slope, `decrease from ${first}`);
        const flat = Math.abs(found.slope) <= 0.9 * Math.abs(start.slope);
        assert.ok(name === 'cliff' ? found.step > 1.8 : flat, `slope ${found.slope} from ${first}`);
      }
    });
  }
});
