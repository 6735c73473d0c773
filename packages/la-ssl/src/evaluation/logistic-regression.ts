/**
 * @file Multinomial logistic regression, trained to convergence.
 *
 * `Σ w_i · (−log softmax(x̃_i W + b)[y_i]) / Σ w_i  +  l2/2 · ‖W‖²`, with `x̃ = (x − mean) / deviation` by the
 * training set, and `b` without a penalty: scikit-learn's `LogisticRegression` on standardised features with
 * `C = 1 / (l2 · N)`. The objective is convex, so its minimum does not depend on where the fit begins.
 *
 * Computed in float64, whose rounding leaves the gradient's last digits alone; instead of cheap iterations,
 * few: L-BFGS begins with the inverse of the Hessian's form at uniform probabilities, `X̃ᵀX̃/(NK) + l2`, which
 * undoes the correlation of the features.
 *
 * Sources: Bishop 2006, § 4.3.4; Böhning 1992, "Multinomial logistic regression algorithm",
 * https://doi.org/10.1007/BF00048682, for a fixed matrix in place of the Hessian.
 */
import { call, fromData, scope, type Tensor } from '@la-ssl/torch';
import { type LbfgsOptions, type LbfgsResult, lbfgs } from './lbfgs.js';
import { type FeatureScale, featureScale, standardised } from './standardise.js';

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

export interface FitOptions extends Pick<LbfgsOptions, 'gradientTolerance' | 'maxIterations'> {
  /** Strength of the penalty, > 0: without one, classes that can be separated have no minimum. */
  l2: number;
  /** Where to begin: a fit of the same data with another `l2` saves iterations (zero). */
  start?: LogisticRegression;
}

export interface LogisticRegression extends FeatureScale, Omit<LbfgsResult, 'point'> {
  /** F */
  featureCount: number;
  /** K */
  classes: number;
  /** `W`, `[F, K]`, for standardised features. */
  weights: Float64Array;
  /** `b`, `[K]`; −Infinity for a class without an example. */
  bias: Float64Array;
  l2: number;
}

/** Fits once. For several `l2` on the same data see `LogisticRegressionProblem`. */
export function fitLogisticRegression(data: LabelledFeatures, options: FitOptions): LogisticRegression {
  using problem = new LogisticRegressionProblem(data);
  return problem.fit(options);
}

/** Training data made ready to be fitted several times. It holds tensors: end it with `using` or `dispose`. */
export class LogisticRegressionProblem {
  readonly #classes: number;
  /** The classes that have an example; the fit knows only these. */
  readonly #present: readonly number[];
  readonly #scale: FeatureScale;
  /** `X̃` and a column of ones, `[N, F + 1]`. */
  readonly #x: Tensor;
  /** `w / Σ w`, `[N, 1]`. */
  readonly #shares: Tensor;
  /** The shares, each in the column of its label, `[N, K]`. */
  readonly #target: Tensor;
  /** `Σ w x̃ x̃ᵀ / Σ w`, `[F + 1, F + 1]`. */
  readonly #covariance: Tensor;

  /** @throws Error where an example is not as `LabelledFeatures` says, or fewer than two classes have one */
  constructor(data: LabelledFeatures) {
    const { features, labels, classes } = data;
    const rows = labels.length;
    const shares = checkedShares(data);
    const present = new Set<number>();
    labels.forEach((label, i) => {
      if (shares[i]! > 0) present.add(label);
    });
    if (present.size < 2) {
      throw new Error(`A fit needs examples of two classes or more; these ${rows} are of ${present.size}`);
    }
    this.#classes = classes;
    this.#present = [...present].sort((a, b) => a - b);
    this.#scale = featureScale(features, shares);

    const k = present.size;
    const column = new Map(this.#present.map((label, i) => [label, i]));
    const target = new Float64Array(rows * k);
    labels.forEach((label, i) => {
      if (shares[i]! > 0) target[i * k + column.get(label)!] = shares[i]!;
    });
    const width = this.#scale.mean.length + 1;
    this.#x = fromData(standardised(features, this.#scale), [rows, width]);
    this.#shares = fromData(shares, [rows, 1]);
    this.#target = fromData(target, [rows, k]);
    this.#covariance = scope(() => this.#x.t().mm(this.#x.mul(this.#shares)));
  }

  /**
   * Fits `W` and `b`.
   * @throws RangeError on an option outside of its range
   */
  fit({ l2, start, ...options }: FitOptions): LogisticRegression {
    if (!(l2 > 0 && l2 < Infinity)) throw new RangeError(`l2 must be above 0 and finite, got ${l2}`);
    const k = this.#present.length;
    const width = this.#scale.mean.length;
    using inverse = this.#inverseHessian(l2);
    const { point, ...outcome } = lbfgs((theta) => this.#objective(theta, l2), this.#pack(start), {
      ...options,
      precondition: (vector) => scope(() => inverse.mm(fromData(vector, [width + 1, k])).toFloat64Array()),
    });
    const weights = new Float64Array(width * this.#classes);
    const bias = new Float64Array(this.#classes).fill(-Infinity);
    this.#present.forEach((label, j) => {
      for (let f = 0; f < width; f++) weights[f * this.#classes + label] = point[f * k + j]!;
      bias[label] = point[width * k + j]!;
    });
    return { ...outcome, ...this.#scale, featureCount: width, classes: this.#classes, weights, bias, l2 };
  }

  dispose(): void {
    for (const tensor of [this.#x, this.#shares, this.#target, this.#covariance]) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Loss and gradient at `theta`, `W` above `b`, `[F + 1, K]`: one matrix product forward, one back. */
  #objective(theta: Float64Array, l2: number): { loss: number; gradient: Float64Array } {
    const k = this.#present.length;
    const result = scope(() => {
      const logP = this.#x.mm(fromData(theta, [theta.length / k, k])).logSoftmax(1); // [N, K]
      const loss = -logP.mul(this.#target).sum().item();
      const residual = logP.exp().mul_(this.#shares).sub_(this.#target); // [N, K]
      return { loss, gradient: this.#x.t().mm(residual).toFloat64Array() };
    });
    let squares = 0;
    for (let i = 0; i < theta.length - k; i++) {
      squares += theta[i]! * theta[i]!;
      result.gradient[i]! += l2 * theta[i]!;
    }
    return { loss: result.loss + (l2 / 2) * squares, gradient: result.gradient };
  }

  /** `(X̃ᵀX̃/(NK) + l2 · diag(1, …, 1, 0))⁻¹`, `[F + 1, F + 1]`. */
  #inverseHessian(l2: number): Tensor {
    const width = this.#scale.mean.length;
    return scope(() => {
      const penalty = fromData(new Float64Array(width + 1).fill(l2, 0, width));
      const hessian = this.#covariance.div(this.#present.length);
      hessian.diagonal().add_(penalty);
      return call('aten::cholesky_inverse', call('aten::linalg_cholesky', hessian)) as Tensor;
    });
  }

  /** The `theta` of a fit; zero without one. */
  #pack(start: LogisticRegression | undefined): Float64Array {
    const width = this.#scale.mean.length;
    const k = this.#present.length;
    if (!start) return new Float64Array((width + 1) * k);
    if (start.featureCount !== width || start.classes !== this.#classes) {
      throw new Error(
        `start is a fit of ${start.featureCount} features and ${start.classes} classes, ` +
          `the data have ${width} and ${this.#classes}`,
      );
    }
    const row = (values: Float64Array, f: number) => this.#present.map((j) => values[f * this.#classes + j]!);
    return Float64Array.from([
      ...Array.from({ length: width }, (_, f) => row(start.weights, f)).flat(),
      ...row(start.bias, 0),
    ]);
  }
}

/** Checks the data and gives `w / Σ w`. */
function checkedShares({ features, labels, classes, weights }: LabelledFeatures): Float64Array {
  const rows = labels.length;
  const width = features.length / rows;
  if (!(rows > 0 && Number.isInteger(width) && width > 0)) {
    throw new Error(`${features.length} feature values are not the same number for each of ${rows} labels`);
  }
  const label = labels.findIndex((value) => !(value >= 0 && value < classes));
  if (label >= 0) {
    throw new Error(`Example ${label} has the label ${labels[label]}; labels go from 0 to ${classes - 1}`);
  }
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
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

const CHUNK = 4096; // examples: keeps the float64 copy small

/**
 * The logits `x̃ W + b` of a fit.
 * @param features - `[N, F]`
 * @returns `[N, K]`
 * @throws Error where the number of features is not the fit's, or one is not finite
 */
export function logitsOf(fit: LogisticRegression, features: Float32Array): Float64Array {
  const { featureCount, classes } = fit;
  if (features.length % featureCount !== 0) {
    throw new Error(
      `${features.length} feature values do not make rows of ${featureCount}, the fit's features`,
    );
  }
  const logits = new Float64Array((features.length / featureCount) * classes);
  for (let row = 0; row * featureCount < features.length; row += CHUNK) {
    const part = features.subarray(row * featureCount, (row + CHUNK) * featureCount);
    const rows = part.length / featureCount;
    const product = scope(() => {
      // Without the column of ones, which would have to meet the −Infinity of a class never seen.
      const x = fromData(standardised(part, fit), [rows, featureCount + 1]).narrow(1, 0, featureCount);
      return fromData(fit.bias)
        .addmm(x, fromData(fit.weights, [featureCount, classes]))
        .toFloat64Array();
    });
    const bad = product.findIndex(Number.isNaN);
    if (bad >= 0) {
      throw new Error(`The features of example ${row + Math.floor(bad / classes)} are not finite numbers`);
    }
    logits.set(product, row * classes);
  }
  return logits;
}

/** The class of the largest logit of each example. `logits` `[N, K]`. @returns `[N]` */
export function mostLikely(logits: Float64Array, classes: number): Int32Array {
  const best = new Int32Array(logits.length / classes);
  for (let i = 0; i < best.length; i++) {
    for (let k = 1; k < classes; k++) {
      if (logits[i * classes + k]! > logits[i * classes + best[i]!]!) best[i] = k;
    }
  }
  return best;
}
