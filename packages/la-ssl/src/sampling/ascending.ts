/**
 * @file The order of many numbers: the values are sorted by themselves, and each finds its place among them.
 *
 * Plain numbers are sorted natively, many times faster than indices by a comparison function. A table of where each of
 * some equal steps from the least to the greatest value begins leaves a few comparisons to each search; where the values
 * crowd in few of the steps, it is a bisection.
 */

/** The most steps of the table: it stays in the cache. */
const STEPS = 2 ** 16;

/**
 * The places of the values from the smallest to the largest, equal ones in the order given; −0 equals 0.
 *
 * @param values - at most 2³¹ − 1, none of them NaN
 * @throws RangeError naming the example whose value is NaN
 */
export function ascending(values: ArrayLike<number>): Int32Array {
  const count = values.length;
  const sorted = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (Number.isNaN(values[i]!)) throw new RangeError(`The value of example ${i} is NaN.`);
    sorted[i] = values[i]!;
  }
  sorted.sort();
  const least = sorted[0]!;
  const steps = Math.min(STEPS, count);
  const scale = stepScale(least, sorted[count - 1]!, steps);
  const stepOf = (value: number): number => Math.min(steps - 1, Math.floor((value - least) * scale));
  const starts = startsOf(sorted, steps, scale === 0 ? () => 0 : stepOf);
  const taken = new Int32Array(count); // of each run of equal values, where it starts
  const order = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const step = scale === 0 ? 0 : stepOf(value);
    const first = firstNotBelow(sorted, value, starts[step]!, starts[step + 1]!);
    order[first + taken[first]!++] = i;
  }
  return order;
}

/** Steps for each unit of value; 0 where the values cannot be told apart by steps. */
function stepScale(least: number, greatest: number, steps: number): number {
  const scale = steps / (greatest - least);
  return Number.isFinite(scale) && Number.isFinite(least) ? scale : 0;
}

/** The first place of each step in `sorted`, and at the end their number. */
function startsOf(sorted: Float64Array, steps: number, stepOf: (value: number) => number): Int32Array {
  const starts = new Int32Array(steps + 1);
  for (const value of sorted) starts[stepOf(value) + 1]! += 1;
  for (let step = 0; step < steps; step++) starts[step + 1]! += starts[step]!;
  return starts;
}

/** The first place from `low` to `high` whose value is not below `value`, by bisection. */
function firstNotBelow(sorted: Float64Array, value: number, low: number, high: number): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
