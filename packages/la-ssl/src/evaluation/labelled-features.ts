/** @file What a classifier learns from: features with their labels. */

/** What is learned from: N examples with F features each. */
export interface LabelledFeatures {
  /** `[N, F]`, finite. */
  features: Float32Array;
  /** `[N]`, 0 to `classes` − 1. */
  labels: Int32Array;
  /** K. A class without an example is never predicted. */
  classes: number;
  /** What each example counts, `[N]`, ≥ 0 (1 each). Weight 2 is the example twice, 0 not at all. */
  weights?: ArrayLike<number>;
}

/** Checks the data and gives `w / Σ w`. */
export function checkedShares({ features, labels, classes, weights }: LabelledFeatures): Float64Array {
  const rows = labels.length;
  const width = features.length / rows;
  if (!(rows > 0 && Number.isInteger(width) && width > 0)) {
    throw new Error(`${features.length} feature values are not the same number for each of ${rows} labels`);
  }
  const label = labels.findIndex((value) => !(value >= 0 && value < classes));
  if (label >= 0) {
    throw new Error(`Example ${label} has the label ${labels[label]}; labels go from 0 to ${classes - 1}`);
  }
  let bad = 0; // a loop: of millions of values, findIndex takes ten times as long
  while (bad < features.length && Number.isFinite(features[bad]!)) bad++;
  if (bad < features.length) {
    const example = Math.floor(bad / width);
    throw new Error(
      `Feature ${bad % width} of example ${example} is ${features[bad]}; features must be finite`,
    );
  }
  if (!weights) return new Float64Array(rows).fill(1 / rows);
  if (weights.length !== rows) {
    throw new Error(`${weights.length} weights for ${rows} examples; give one each`);
  }
  const given = Float64Array.from(weights);
  const wrong = given.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong >= 0) {
    throw new Error(`The weight of example ${wrong} is ${given[wrong]}; weights are finite and not negative`);
  }
  const total = given.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) throw new Error('All weights are 0: there is nothing to learn from');
  return given.map((weight) => weight / total);
}
