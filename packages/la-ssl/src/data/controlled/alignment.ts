/**
 * @file Which attribute each example gets, so that a chosen share of every class goes with "its" attribute.
 *
 * Source: Nam et al. 2020, "Learning from Failure", https://arxiv.org/abs/2007.02561, and the official
 * `make_dataset.py`, whose assignment is by the order of the data set and has no chance in it. Several attributes at once are ours.
 */

/**
 * The attribute of each example: label i goes with attribute i in `alignedShare` of the class, and with each
 * of the others in equal shares of the rest.
 *
 * The k-th example of a class of n gets the first attribute a with `k < round(n · Σ_{b ≤ a} share_b)`,
 * rounded half to even; so low attributes come first in the order of the data set.
 * @param labels - `[N]`, 0 to K − 1
 * @param classes - K, also the number of attributes
 * @param alignedShare - 0 to 1; 1 / K makes label and attribute independent
 * @returns codes `[N]`, 0 to K − 1
 */
export function assignAttributes(labels: Int32Array, classes: number, alignedShare: number): Int32Array {
  return assignSeveral(labels, classes, [alignedShare])[0]!;
}

/**
 * Several attributes at once, each with the exact share of `assignAttributes`, and independent of one another given the label, as
 * far as whole examples allow (`spreadCodes`).
 * @param alignedShares - one for each attribute
 * @returns codes `[N]` of each attribute; those of the first are the same whether there are others or not
 */
export function assignSeveral(
  labels: Int32Array,
  classes: number,
  alignedShares: readonly number[],
): Int32Array[] {
  const sizes = new Int32Array(classes);
  for (const label of labels) sizes[label]!++;
  const codesOfClass = Array.from(sizes, (size, label) =>
    spreadCodes(alignedShares.map((share) => apportion(size, sharesOf(label, classes, share)))),
  );
  const seen = new Int32Array(classes);
  const ranks = labels.map((label) => seen[label]!++);
  return alignedShares.map((_, a) => labels.map((label, i) => codesOfClass[label]![a]![ranks[i]!]!));
}

function sharesOf(label: number, classes: number, alignedShare: number): number[] {
  return Array.from({ length: classes }, (_, attribute) =>
    attribute === label ? alignedShare : (1 - alignedShare) / (classes - 1),
  );
}

/**
 * Whole counts in these shares: `round(n Σ_{b ≤ a} share_b) − round(n Σ_{b < a} share_b)`, rounded half to even.
 * @param count - n
 * @param shares - that add up to 1
 * @returns counts that add up to n, each within one of its share
 */
export function apportion(count: number, shares: readonly number[]): number[] {
  let sum = 0;
  let before = 0;
  return shares.map((share) => {
    sum += share;
    const upTo = roundHalfToEven(count * sum);
    const own = upTo - before;
    before = upTo;
    return own;
  });
}

/**
 * Codes of n examples in several attributes, each code as often as asked for, so that the attributes are independent: what a code of one
 * attribute has of a code of another differs by little more than one example from its share.
 *
 * The first attribute lies in blocks. Each further one is spread evenly over the examples in the order of those before it.
 * @param counts - `counts[attribute][code]`; those of each attribute add up to n
 * @returns codes `[n]` of each attribute
 */
export function spreadCodes(counts: readonly (readonly number[])[]): Int32Array[] {
  const all: Int32Array[] = [];
  const order = Array.from({ length: counts[0]!.reduce((sum, count) => sum + count, 0) }, (_, i) => i);
  for (const [a, ofCodes] of counts.entries()) {
    const sequence = all.length === 0 ? blocks(ofCodes) : evenly(ofCodes);
    const codes = new Int32Array(order.length);
    for (const [k, slot] of order.entries()) codes[slot] = sequence[k]!;
    all.push(codes);
    if (a === counts.length - 1) break; // nothing follows for which the order would matter
    order.sort((i, j) => {
      const first = all.find((codes) => codes[i] !== codes[j]);
      return first ? first[i]! - first[j]! : i - j;
    });
  }
  return all;
}

function blocks(counts: readonly number[]): number[] {
  return counts.flatMap((count, code) => Array<number>(count).fill(code));
}

/** A sequence each of whose beginnings has the codes in about the same shares as the whole: always the code that lags most is next. */
function evenly(counts: readonly number[]): number[] {
  const n = counts.reduce((sum, count) => sum + count, 0);
  const used = counts.map(() => 0);
  return Array.from({ length: n }, (_, k) => {
    let next = 0;
    let most = -Infinity;
    for (const [code, count] of counts.entries()) {
      const lag = (count * (k + 1)) / n - used[code]!;
      if (lag > most && used[code]! < count) [next, most] = [code, lag];
    }
    used[next]!++;
    return next;
  });
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
