/** @file Features brought to mean 0 and standard deviation 1, by what a training set measures. */

export interface FeatureScale {
  /** `[F]` */
  mean: Float64Array;
  /** Root of the mean square deviation, `[F]`; 1 for a feature that is constant. */
  deviation: Float64Array;
}

/** A spread below float32's rounding of the mean is none. */
const FLOAT32_ROUNDING = 2 ** -23;

/**
 * The scale of a training set: `mean = Σ w_i x_i`, `deviation = √(Σ w_i (x_i − mean)²)`.
 * @param features - `[N, F]`
 * @param shares - `w`, `[N]`, which add up to 1
 */
export function featureScale(features: Float32Array, shares: Float64Array): FeatureScale {
  const width = features.length / shares.length;
  const mean = new Float64Array(width);
  shares.forEach((share, i) => {
    for (let f = 0; f < width; f++) mean[f]! += share * features[i * width + f]!;
  });
  const deviation = new Float64Array(width);
  shares.forEach((share, i) => {
    for (let f = 0; f < width; f++) deviation[f]! += share * (features[i * width + f]! - mean[f]!) ** 2;
  });
  for (let f = 0; f < width; f++) {
    const spread = Math.sqrt(deviation[f]!);
    deviation[f] = spread > FLOAT32_ROUNDING * Math.abs(mean[f]!) ? spread : 1;
  }
  return { mean, deviation };
}

/**
 * `(x − mean) / deviation`, and a 1 at the end of each row, whose weight is the bias.
 * @param features - `[N, F]`
 * @returns `[N, F + 1]`
 */
export function standardised(features: Float32Array, { mean, deviation }: FeatureScale): Float64Array {
  const width = mean.length;
  const rows = features.length / width;
  const result = new Float64Array(rows * (width + 1));
  for (let i = 0, at = 0; i < rows; i++) {
    for (let f = 0; f < width; f++) result[at++] = (features[i * width + f]! - mean[f]!) / deviation[f]!;
    result[at++] = 1;
  }
  return result;
}
