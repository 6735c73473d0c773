/**
 * @file L-BFGS: minimises a smooth function of many variables from its gradients alone.
 *
 * The last `memory` steps stand for the inverse Hessian. Vectors are plain `Float64Array`s: those of a linear
 * probe have some thousand elements, for which a tensor's calls would cost more than the arithmetic. Nothing is
 * random, so the same input gives the same result.
 *
 * Source: Nocedal & Wright 2006, Algorithms 7.4 (the direction) and 7.5 (the loop), Eq. 7.20 (the scale).
 */
import { type LinePoint, wolfeStep } from './line-search.js';

/** The loss at `point`, and its gradient there, in an array of its own. */
export type Objective = (point: Float64Array) => { loss: number; gradient: Float64Array };

export interface LbfgsOptions {
  /** How many steps are remembered, ≥ 1 (10). */
  memory?: number;
  /** Converged once no element of the gradient is larger, > 0 (1e-6). */
  gradientTolerance?: number;
  /** ≥ 0 (1000). */
  maxIterations?: number;
  /**
   * An estimate of `inverse Hessian · vector`, fixed, symmetric and positive definite (the identity); its scale
   * does not matter. A good one saves most of the iterations.
   */
  precondition?: (vector: Float64Array) => Float64Array;
}

export interface LbfgsResult {
  /** Where it ended. */
  point: Float64Array;
  loss: number;
  /** Largest absolute element of the gradient at `point`. */
  gradientNorm: number;
  iterations: number;
  /** How often the objective was evaluated. */
  evaluations: number;
  converged: boolean;
  /** Why it ended: `rounding` where no step lowers the loss any more, in double precision. */
  stop: 'gradient' | 'iterations' | 'rounding';
}

/**
 * Minimises `objective`.
 *
 * @param objective - loss and gradient; both finite at `start`
 * @param start - where to begin; not changed
 * @throws RangeError on an option outside of its range
 * @throws Error where the loss or the gradient is not finite at `start`
 */
export function lbfgs(
  objective: Objective,
  start: Float64Array,
  {
    memory = 10,
    gradientTolerance = 1e-6,
    maxIterations = 1000,
    precondition = (vector) => vector.slice(),
  }: LbfgsOptions = {},
): LbfgsResult {
  if (!(memory >= 1)) throw new RangeError(`memory must be at least 1, got ${memory}`);
  if (!(gradientTolerance > 0)) {
    throw new RangeError(`gradientTolerance must be above 0, got ${gradientTolerance}`);
  }
  if (!(maxIterations >= 0)) throw new RangeError(`maxIterations must not be negative, got ${maxIterations}`);

  let evaluations = 0;
  const evaluate = (point: Float64Array) => {
    evaluations++;
    return { point, ...objective(point) };
  };
  let current = evaluate(start.slice());
  let gradientNorm = largest(current.gradient);
  if (!Number.isFinite(current.loss) || !Number.isFinite(gradientNorm)) {
    throw new Error(
      `L-BFGS cannot begin: the loss is ${current.loss} and the largest gradient ${gradientNorm}; check the data`,
    );
  }

  const pairs: CurvaturePair[] = [];
  let iterations = 0;
  let stop: LbfgsResult['stop'] = 'iterations';
  for (; ; iterations++) {
    if (gradientNorm <= gradientTolerance) stop = 'gradient';
    if (stop === 'gradient' || iterations >= maxIterations) break;

    const { point, gradient } = current;
    const direction = descent(gradient, pairs, precondition);
    const along = (step: number): LinePoint => {
      const there = evaluate(point.map((x, i) => x + step * direction[i]!));
      return { ...there, step, slope: dot(there.gradient, direction) };
    };
    const slope = dot(gradient, direction);
    // The gradient alone has no scale yet: begin with a step of length 1 at most.
    const firstStep = pairs.length > 0 ? 1 : Math.min(1, 1 / Math.sqrt(dot(direction, direction)));
    const next = slope < 0 ? wolfeStep(along, { ...current, step: 0, slope }, firstStep) : undefined;
    if (next === undefined) {
      if (pairs.length === 0) {
        stop = 'rounding';
        break;
      }
      pairs.length = 0; // what is remembered may mislead: once more from the gradient alone
      continue;
    }
    const s = next.point.map((x, i) => x - point[i]!);
    const y = next.gradient.map((g, i) => g - gradient[i]!);
    const sy = dot(s, y);
    if (sy > Number.EPSILON * dot(y, y)) {
      pairs.push({ s, y, sy, scale: sy / dot(y, precondition(y)) });
      if (pairs.length > memory) pairs.shift();
    }
    current = next;
    gradientNorm = largest(current.gradient);
  }
  const { point, loss } = current;
  return { point, loss, gradientNorm, iterations, evaluations, converged: stop === 'gradient', stop };
}

/** A step and what it did to the gradient. */
interface CurvaturePair {
  s: Float64Array;
  y: Float64Array;
  sy: number;
  /** Of the initial inverse Hessian, `sᵀy / yᵀH⁰y`. */
  scale: number;
}

/** `−H g` by the two-loop recursion, Algorithm 7.4; `H⁰` is the preconditioner, scaled by the last pair. */
function descent(
  gradient: Float64Array,
  pairs: readonly CurvaturePair[],
  precondition: (vector: Float64Array) => Float64Array,
): Float64Array {
  const q = gradient.slice();
  const alphas = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, sy } = pairs[i]!;
    alphas[i] = dot(s, q) / sy;
    addScaled(q, -alphas[i]!, y);
  }
  const r = precondition(q);
  const scale = pairs.at(-1)?.scale ?? 1;
  for (let i = 0; i < r.length; i++) r[i]! *= scale;
  pairs.forEach(({ s, y, sy }, i) => {
    addScaled(r, alphas[i]! - dot(y, r) / sy, s);
  });
  return r.map((x) => -x);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0); // NaN stays NaN
}
