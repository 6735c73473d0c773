/**
 * @file FISTA: minimises a smooth function plus a weighted sum of absolute values, by gradients and soft thresholds.
 *
 * With momentum that starts anew whenever it points uphill, which keeps it fast where the function is strongly convex
 * near its minimum. Nothing is random.
 *
 * Sources: Beck and Teboulle 2009, https://doi.org/10.1137/080716542; O'Donoghue and Candès 2015, § 3.2 (the gradient
 * scheme of the restart), https://doi.org/10.1007/s10208-013-9150-3
 */
import type { Objective } from './lbfgs.js';

export interface FistaOptions {
  /** What the absolute value of each element costs, ≥ 0. */
  penalties: Float64Array;
  /** No less than the largest curvature of the smooth function, > 0. */
  curvature: number;
  /** Converged once a step moves no element by more than this, times the curvature, > 0 (1e-5). */
  tolerance?: number | undefined;
  /** ≥ 1 (5000). */
  maxIterations?: number | undefined;
}

export interface FistaResult {
  point: Float64Array;
  iterations: number;
  converged: boolean;
  /** Of the last step: the largest movement of an element times the curvature, 0 at the minimum. */
  gradientNorm: number;
}

/**
 * Minimises `objective(x) + Σ penalties · |x|`.
 * @param start - where to begin; not changed
 * @throws RangeError on an option outside of its range
 */
export function fista(
  objective: Objective,
  start: Float64Array,
  { penalties, curvature, tolerance = 1e-5, maxIterations = 5000 }: FistaOptions,
): FistaResult {
  for (const [name, value] of Object.entries({ curvature, tolerance, maxIterations })) {
    if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be above 0, got ${value}`);
  }
  let point: Float64Array = start.slice();
  let ahead: Float64Array = point;
  let momentum = 1;
  for (let iteration = 1; ; iteration++) {
    const { gradient } = objective(ahead);
    const next = ahead.map((x, j) => softThreshold(x - gradient[j]! / curvature, penalties[j]! / curvature));
    let moved = 0;
    let uphill = 0;
    next.forEach((x, j) => {
      moved = Math.max(moved, Math.abs(ahead[j]! - x));
      uphill += (ahead[j]! - x) * (x - point[j]!);
    });
    const gradientNorm = moved * curvature;
    const converged = gradientNorm <= tolerance;
    if (converged || iteration >= maxIterations) {
      return { point: next, iterations: iteration, converged, gradientNorm };
    }
    const following = uphill > 0 ? 1 : (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    const weight = uphill > 0 ? 0 : (momentum - 1) / following;
    const before = point;
    ahead = next.map((x, j) => x + weight * (x - before[j]!));
    point = next;
    momentum = following;
  }
}

function softThreshold(x: number, by: number): number {
  return Math.sign(x) * Math.max(0, Math.abs(x) - by);
}
