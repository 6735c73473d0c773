/**
 * @file Weighted nearest neighbours: what class the most similar of a bank of known examples have.
 *
 * Nothing is trained and little is computed, so it shows while an encoder still trains what its features are worth.
 * Source: Wu et al. 2018, Section 3.4, https://arxiv.org/abs/1805.01978, with the temperature of lightly's benchmarks.
 */
import { fromData, noGrad, scope, type Tensor } from '@la-ssl/torch';
import type { LabelledFeatures } from './labelled-features.js';
import { mostLikely } from './linear-classifier.js';

export interface KnnOptions {
  /** k, ≥ 1; all of the bank where it has fewer (200). */
  neighbours?: number;
  /** T, > 0: the lower, the more the nearest count (0.1). */
  temperature?: number;
}

export const KNN_DEFAULTS = { neighbours: 200, temperature: 0.1 } as const satisfies Required<KnnOptions>;

/** The examples that are known. */
export type KnnBank = Omit<LabelledFeatures, 'weights'>;

/** Elements of the matrix of similarities at a time. */
const CHUNK_ELEMENTS = 2 ** 22;

/**
 * Votes of the k most similar examples, `p_c ∝ Σ_{j ∈ kNN, y_j = c} exp(cos(x, x_j) / T)`.
 * @param queries - `[Q, F]`, finite
 * @returns `[Q, K]`, each row adds up to 1
 * @throws RangeError for an option out of its range, an empty bank, or queries that are not of F features
 */
export function knnProbabilities(
  bank: KnnBank,
  queries: Float32Array,
  options: KnnOptions = {},
): Float64Array {
  const { neighbours, temperature } = { ...KNN_DEFAULTS, ...options };
  const { features, labels, classes } = bank;
  const width = features.length / labels.length; // F
  const count = queries.length / width; // Q
  if (!(Number.isInteger(neighbours) && neighbours >= 1)) {
    throw new RangeError(`neighbours must be a whole number from 1, got ${neighbours}`);
  }
  if (!(temperature > 0 && temperature < Infinity)) {
    throw new RangeError(`temperature must be > 0, got ${temperature}`);
  }
  if (!(Number.isInteger(width) && Number.isInteger(count))) {
    throw new RangeError(
      `The bank has ${features.length} values of ${labels.length} examples, the queries have ${queries.length} values: ` +
        'give at least one example, and as many features of each',
    );
  }
  const k = Math.min(neighbours, labels.length);
  const probabilities = new Float64Array(count * classes);
  scope(() =>
    noGrad(() => {
      const known = unitRows(features, width).t(); // [F, B]
      const rows = Math.max(1, Math.floor(CHUNK_ELEMENTS / labels.length));
      for (let start = 0; start < count; start += rows) {
        const end = Math.min(start + rows, count);
        const chunk = queries.subarray(start * width, end * width);
        const { similarities, nearest } = scope(() => {
          const [values, indices] = unitRows(chunk, width).mm(known).topk(k); // both [rows, k]
          return { similarities: values.data() as Float32Array, nearest: indices.data() as BigInt64Array };
        });
        for (let i = 0; i < end - start; i++) {
          const votes = probabilities.subarray((start + i) * classes, (start + i + 1) * classes);
          for (let j = i * k; j < (i + 1) * k; j++) {
            // Less the greatest similarity, which cancels: exp(1 / T) would overflow where T is low.
            const weight = Math.exp((similarities[j]! - similarities[i * k]!) / temperature);
            votes[labels[Number(nearest[j])]!]! += weight;
          }
          const sum = votes.reduce((total, vote) => total + vote, 0);
          for (let c = 0; c < classes; c++) votes[c]! /= sum;
        }
      }
    }),
  );
  return probabilities;
}

/**
 * Share of the queries whose class has the most votes.
 * @throws RangeError as `knnProbabilities`
 */
export function knnAccuracy(
  bank: KnnBank,
  { features, labels }: Pick<LabelledFeatures, 'features' | 'labels'>,
  options: KnnOptions = {},
): number {
  const predicted = mostLikely(knnProbabilities(bank, features, options), bank.classes);
  return labels.reduce((right, label, i) => right + (predicted[i] === label ? 1 : 0), 0) / labels.length;
}

/** Rows of length 1, `[N, F]`; a row of zeros stays one. */
function unitRows(values: Float32Array, width: number): Tensor {
  const rows = fromData(values, [values.length / width, width]);
  return rows.div(rows.square().sum([1], { keepdim: true }).sqrt().clamp({ min: 1e-12 }));
}
