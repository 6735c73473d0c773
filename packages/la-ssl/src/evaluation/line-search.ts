/**
 * @file Line search for the strong Wolfe conditions: how far to go along a descent direction.
 *
 * A step is taken where the loss fell enough, `φ(α) ≤ φ(0) + c₁ α φ′(0)`, and the slope has flattened,
 * `|φ′(α)| ≤ c₂ |φ′(0)|`; the second makes the curvature pair of a quasi-Newton method positive.
 * Differences of the loss below its own rounding are not trusted: they count as equal, and the slope decides,
 * as in the approximate Wolfe conditions of Hager & Zhang 2005. Without this the last digits cannot be reached.
 *
 * Source: Nocedal & Wright 2006, Algorithms 3.5 (here `wolfeStep`) and 3.6 (`zoom`), Eq. 3.59.
 */

/** A point on the line: `point = start + step · direction`. */
export interface LinePoint {
  step: number;
  loss: number;
  /** Derivative of the loss along the line. */
  slope: number;
  point: Float64Array;
  gradient: Float64Array;
}

const SUFFICIENT_DECREASE = 1e-4; // c₁
const CURVATURE = 0.9; // c₂
const MAX_EVALUATIONS = 30;
/** Of a loss that is a sum over many examples, relative. */
const ROUNDING = 8 * Number.EPSILON;

/**
 * Finds a step that meets the strong Wolfe conditions.
 *
 * @param evaluate - the loss and its gradient at a step along the line
 * @param start - the line's start, with a negative slope
 * @param firstStep - the step tried first, > 0
 * @returns the point found; undefined where no step lowers the loss beyond its rounding
 */
export function wolfeStep(
  evaluate: (step: number) => LinePoint,
  start: LinePoint,
  firstStep: number,
): LinePoint | undefined {
  const rounding = ROUNDING * Math.max(1, Math.abs(start.loss));
  const tooHigh = ({ step, loss }: LinePoint): boolean =>
    !(loss <= start.loss + SUFFICIENT_DECREASE * step * start.slope + rounding); // also for NaN
  const flat = ({ slope }: LinePoint): boolean => Math.abs(slope) <= -CURVATURE * start.slope;

  let left = MAX_EVALUATIONS;
  let previous = start;
  for (let step = firstStep; left > 0; step *= 2) {
    const current = evaluate(step);
    left--;
    if (tooHigh(current) || (previous !== start && current.loss >= previous.loss + rounding)) {
      return zoom(previous, current);
    }
    if (flat(current)) return current;
    if (current.slope >= 0) return zoom(current, previous);
    previous = current;
  }
  return previous === start ? undefined : previous;

  /** Narrows an interval down: `low` is the best end so far, and its slope points towards `high`. */
  function zoom(low: LinePoint, high: LinePoint): LinePoint | undefined {
    while (left > 0) {
      const current = evaluate(between(low, high));
      left--;
      if (tooHigh(current) || current.loss >= low.loss + rounding) high = current;
      else {
        if (flat(current)) return current;
        if (current.slope * (high.step - low.step) >= 0) high = low;
        low = current;
      }
    }
    return low.loss < start.loss ? low : undefined;
  }
}

/** The minimiser of the cubic through both ends (Eq. 3.59), kept a tenth of the interval away from them. */
function between(a: LinePoint, b: LinePoint): number {
  const width = b.step - a.step;
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.step - b.step);
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - a.slope * b.slope);
  const share = 1 - (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  if (!Number.isFinite(share)) return a.step + width / 2;
  return a.step + width * Math.min(0.9, Math.max(0.1, share));
}
