/** @file The two distributions that the intervals need, the normal and Student's, to about twelve digits. */

/**
 * Standard normal distribution function: `Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + x⁷/(3·5·7) + …)`.
 *
 * Source: Marsaglia 2004, Evaluating the Normal Distribution, https://doi.org/10.18637/jss.v011.i04
 */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 8.3) return x < 0 ? 0 : 1; // as double precision has it
  let sum = x;
  let term = x;
  for (let k = 3; sum + term !== sum; k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/**
 * Student's distribution function, by its closed form for whole degrees of freedom.
 *
 * @param t - any number
 * @param degreesOfFreedom - whole number ≥ 1
 * @throws RangeError for other degrees of freedom
 * Source: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4
 */
export function studentCdf(t: number, degreesOfFreedom: number): number {
  return (1 + Math.sign(t) * studentWithin(Math.abs(t), degreesOfFreedom)) / 2;
}

/** The probability that |T| ≤ t, for t ≥ 0. */
function studentWithin(t: number, degreesOfFreedom: number): number {
  if (!(Number.isInteger(degreesOfFreedom) && degreesOfFreedom >= 1)) {
    throw new RangeError(`The degrees of freedom must be a whole number ≥ 1, got ${degreesOfFreedom}.`);
  }
  const odd = degreesOfFreedom % 2 === 1;
  const theta = Math.atan2(t, Math.sqrt(degreesOfFreedom));
  const cos = Math.cos(theta);
  let term = odd ? cos : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degreesOfFreedom; k += 2) {
    term *= (cos * cos * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
}

/**
 * The probability of a |T| as large as this or larger: the two-sided p-value.
 *
 * @param t - any number
 * @param degreesOfFreedom - whole number ≥ 1
 */
export function studentTwoSided(t: number, degreesOfFreedom: number): number {
  return 1 - studentWithin(Math.abs(t), degreesOfFreedom);
}

/** The x with `Φ(x) = p`, for p in (0, 1). */
export function normalQuantile(p: number): number {
  return invert(normalCdf, p);
}

/** The t with `P(T ≤ t) = p`, for p in (0, 1). */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  return invert((t) => studentCdf(t, degreesOfFreedom), p);
}

/** Bisection: slow and certain, and nobody asks for many quantiles. */
function invert(cdf: (x: number) => number, p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`A quantile needs a probability in (0, 1), got ${p}.`);
  let high = 1;
  while (cdf(high) < p) high *= 2;
  let low = -1;
  while (cdf(low) > p) low *= 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
}
