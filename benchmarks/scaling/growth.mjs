/** How a quantity grows: the exponent of its upper part, and what of it does not grow at all. */
import { studentQuantile } from 'la-ssl/evaluation';

/** Of the points, those with the largest x; below them other things than growth count. */
const UPPER = 2 / 3;
const FEWEST = 3;

/**
 * @param series - `[x, y]` in the order of x, both > 0, at least three
 * @param power - m, what y should grow with
 * @returns `exponent` b of `y = c·x^b` over the upper two thirds of the points, by least squares of the logarithms, with `c` as
 *   `factor`; and over all points `overhead` a and `slope` of `y = a + slope·x^m`, by least squares of the relative errors. Each of
 *   them but the factor is `{ value, low, high }`, the 95 % interval of Student's t
 */
export function growth(series, power) {
  const upper = series.slice(-Math.max(FEWEST, Math.ceil(UPPER * series.length)));
  const logarithms = fitLine(upper.map(([x, y]) => ({ x: Math.log(x), y: Math.log(y), weight: 1 })));
  const line = fitLine(series.map(([x, y]) => ({ x: x ** power, y, weight: 1 / y ** 2 })));
  return {
    ...{ power, from: upper[0][0], to: upper.at(-1)[0] },
    exponent: logarithms.slope,
    factor: Math.exp(logarithms.intercept.value),
    overhead: line.intercept,
    slope: line.slope,
  };
}

/**
 * Weighted least squares of `y = intercept + slope·x`.
 * Source: N. R. Draper, H. Smith, Applied Regression Analysis, 1998, 1.4 and 9.2
 *
 * @param points - n ≥ 3 of `{ x, y, weight }`, the weight the inverse of y's variance but for a factor
 * @returns `{ intercept, slope }`, each `{ value, low, high }`: 95 %, n − 2 degrees of freedom
 */
export function fitLine(points) {
  const sum = (of) => points.reduce((total, point) => total + point.weight * of(point), 0);
  const total = sum(() => 1);
  const [meanX, meanY] = [sum(({ x }) => x) / total, sum(({ y }) => y) / total];
  const squares = sum(({ x }) => (x - meanX) ** 2);
  const slope = sum(({ x, y }) => (x - meanX) * (y - meanY)) / squares;
  const intercept = meanY - slope * meanX;
  const free = points.length - 2;
  const variance = sum(({ x, y }) => (y - intercept - slope * x) ** 2) / free;
  const far = studentQuantile(0.975, free);
  const interval = (value, varianceFactor) => {
    const margin = far * Math.sqrt(variance * varianceFactor);
    return { value, low: value - margin, high: value + margin };
  };
  return {
    intercept: interval(intercept, 1 / total + meanX ** 2 / squares),
    slope: interval(slope, 1 / squares),
  };
}
