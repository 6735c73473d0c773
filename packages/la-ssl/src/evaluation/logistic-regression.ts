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
import { SoftmaxBlocks } from './softmax-blocks.js';
import { type FeatureScale, featureScale } from './standardise.js';

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
  readonly #blocks: SoftmaxBlocks;
  /** `Σ w x̃ x̃ᵀ / Σ w`, `[F + 1, F + 1]`; of it only the lower triangle is to be read. */
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

    this.#blocks = new SoftmaxBlocks(data, shares, this.#present, this.#scale);
    this.#covariance = this.#blocks.lowerCovariance();
  }

  /**
   * Fits `W` and `b`.
   * @throws RangeError on an option outside of its range
   */
  fit({ l2, start, ...options }: FitOptions): LogisticRegression {
    if (!(l2 > 0 && l2 < Infinity)) throw new RangeError(`l2 must be above 0 and finite, got ${l2}`);
    const shape = [this.#present.length, this.#scale.mean.length + 1];
    using inverse = this.#inverseHessian(l2);
    const { point, ...outcome } = lbfgs((theta) => this.#objective(theta, l2), this.#pack(start), {
      ...options,
      precondition: (theta) => scope(() => fromData(theta, shape).mm(inverse).toFloat64Array()),
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
    const row = this.#scale.mean.length + 1;
    const penalties = first.map((_, i) => (i % row === row - 1 ? 0 : l1)); // none for the bias
    const { point, ...outcome } = fista((theta) => this.#objective(theta, 0), first, {
      ...options,
      penalties,
      // The Hessian of the cross-entropy is at most half of X̃ᵀX̃/N (Böhning 1992).
      curvature: scope(() => (call('aten::linalg_eigvalsh', this.#covariance) as Tensor).amax().item()) / 2,
    });
    return { ...outcome, ...this.#unpack(point), l1 };
  }

  #unpack(point: Float64Array): LinearClassifier {
    const width = this.#scale.mean.length;
    const weights = new Float64Array(width * this.#classes);
    const bias = new Float64Array(this.#classes).fill(-Infinity);
    this.#present.forEach((label, j) => {
      const row = point.subarray(j * (width + 1), (j + 1) * (width + 1));
      for (let f = 0; f < width; f++) weights[f * this.#classes + label] = row[f]!;
      bias[label] = row[width]!;
    });
    return { ...this.#scale, featureCount: width, classes: this.#classes, weights, bias };
  }

  dispose(): void {
    this.#blocks.dispose();
    this.#covariance.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Loss and gradient at `theta`, `Wᵀ` beside `b`, `[K, F + 1]`. */
  #objective(theta: Float64Array, l2: number): { loss: number; gradient: Float64Array } {
    const { loss, gradient } = this.#blocks.crossEntropy(theta);
    const width = this.#scale.mean.length + 1;
    let squares = 0;
    for (let i = 0; i < theta.length; i++) {
      if (i % width === width - 1) continue; // the bias
      squares += theta[i]! * theta[i]!;
      gradient[i]! += l2 * theta[i]!;
    }
    return { loss: loss + (l2 / 2) * squares, gradient };
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
    return Float64Array.from(
      this.#present.flatMap((j) => [
        ...Array.from({ length: width }, (_, f) => start.weights[f * this.#classes + j]!),
        start.bias[j]!,
      ]),
    );
  }
}
