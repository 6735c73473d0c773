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
import { type FistaOptions, type FistaResult, fista } from './fista.js';
import { checkedShares, type LabelledFeatures } from './labelled-features.js';
import { type LbfgsOptions, type LbfgsResult, lbfgs } from './lbfgs.js';
import type { LinearClassifier } from './linear-classifier.js';
import { type FeatureScale, featureScale, standardised } from './standardise.js';

export interface FitOptions extends Pick<LbfgsOptions, 'gradientTolerance' | 'maxIterations'> {
  /** Strength of the penalty, > 0: without one, classes that can be separated have no minimum. */
  l2: number;
  /** Where to begin: a fit of the same data with another `l2` saves iterations (zero). */
  start?: LogisticRegression;
}

export interface LogisticRegression extends LinearClassifier, Omit<LbfgsResult, 'point'> {
  l2: number;
}

/** A fit with `l1 · Σ|W|` as its penalty: most weights are 0. */
export interface SparseLogisticRegression extends LinearClassifier, Omit<FistaResult, 'point'> {
  l1: number;
}

export interface SparseFitOptions extends Pick<FistaOptions, 'tolerance' | 'maxIterations'> {
  /** Strength of the penalty, > 0. */
  l1: number;
  /** Where to begin (zero). */
  start?: LinearClassifier | undefined;
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

  /**
   * @param scale - that of other features than `data`, such as of all training examples where `data` are some of them
   * @throws Error where an example is not as `LabelledFeatures` says, or fewer than two classes have one
   */
  constructor(data: LabelledFeatures, scale?: FeatureScale) {
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
    this.#scale = scale ?? featureScale(features, shares);

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
    return { ...outcome, ...this.#unpack(point), l2 };
  }

  /**
   * Fits `W` and `b` with `l1 · Σ|W|` in place of the squares.
   * @throws RangeError on an option outside of its range
   */
  fitSparse({ l1, start, ...options }: SparseFitOptions): SparseLogisticRegression {
    if (!(l1 > 0 && l1 < Infinity)) throw new RangeError(`l1 must be above 0 and finite, got ${l1}`);
    const first = this.#pack(start);
    const penalties = new Float64Array(first.length).fill(l1, 0, first.length - this.#present.length);
    const { point, ...outcome } = fista((theta) => this.#objective(theta, 0), first, {
      ...options,
      penalties,
      // The Hessian of the cross-entropy is at most half of X̃ᵀX̃/N (Böhning 1992).
      curvature: scope(() => (call('aten::linalg_eigvalsh', this.#covariance) as Tensor).amax().item()) / 2,
    });
    return { ...outcome, ...this.#unpack(point), l1 };
  }

  #unpack(point: Float64Array): LinearClassifier {
    const k = this.#present.length;
    const width = this.#scale.mean.length;
    const weights = new Float64Array(width * this.#classes);
    const bias = new Float64Array(this.#classes).fill(-Infinity);
    this.#present.forEach((label, j) => {
      for (let f = 0; f < width; f++) weights[f * this.#classes + label] = point[f * k + j]!;
      bias[label] = point[width * k + j]!;
    });
    return { ...this.#scale, featureCount: width, classes: this.#classes, weights, bias };
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
  #pack(start: LinearClassifier | undefined): Float64Array {
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
