/**
 * @file Which attribute each example gets, so that a chosen share of every class goes with "its" attribute.
 *
 * Source: Nam et al. 2020, "Learning from Failure", https://arxiv.org/abs/2007.02561, and the official
 * `make_dataset.py`, whose assignment is by the order of the data set and has no chance in it.
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
  const sizes = new Int32Array(classes);
  for (const label of labels) sizes[label]!++;
  const milestones = Array.from(sizes, (size, label) => {
    let sum = 0;
    return Array.from({ length: classes }, (_, attribute) => {
      sum += attribute === label ? alignedShare : (1 - alignedShare) / (classes - 1);
      return roundHalfToEven(size * sum);
    });
  });
  const seen = new Int32Array(classes);
  return labels.map((label) => {
    const k = seen[label]!++;
    return milestones[label]!.findIndex((milestone) => milestone > k);
  });
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
