/** @file A test set with what a classifier said of each example: what every figure beyond accuracy is computed from. */
import type { ClusterCodes } from './clusters.js';
import type { EvaluationGroups } from './groups.js';

export interface ScoredSet {
  /** True labels `[N]`, 0 to K − 1. */
  readonly labels: Int32Array;
  /** Probabilities of the classes, `[N, K]`; each row adds up to 1. */
  readonly probabilities: Float64Array;
  /** Predicted labels `[N]`. */
  readonly predictions: Int32Array;
  /** Names of the K classes. */
  readonly classNames: readonly string[];
  readonly groups?: EvaluationGroups | undefined;
  /** Properties to tell figures by, such as `dataset.attributes`; a code below 0 is not known. */
  readonly attributes?: readonly ScoredAttribute[] | undefined;
  /** Which examples depend on each other; absent where each stands for itself. */
  readonly clusters?: ClusterCodes | undefined;
  /** How many training examples each group has, in the order of `groups`: for the adjusted average. */
  readonly trainGroupCounts?: readonly number[] | undefined;
}

export interface ScoredAttribute {
  readonly name: string;
  readonly values: readonly string[];
  /** `[N]` */
  readonly codes: ArrayLike<number>;
}

/** @throws RangeError where the parts do not fit together, or a label does not exist */
export function checkScored({ labels, probabilities, predictions, classNames, ...rest }: ScoredSet): void {
  const count = labels.length;
  if (count === 0) throw new RangeError('A figure needs at least one example, got none.');
  const lengths: Record<string, [number, number]> = {
    probabilities: [probabilities.length, count * classNames.length],
    predictions: [predictions.length, count],
    'groups.groupOf': [rest.groups?.groupOf.length ?? count, count],
    'clusters.codes': [rest.clusters?.codes.length ?? count, count],
    trainGroupCounts: [
      rest.trainGroupCounts?.length ?? 0,
      rest.trainGroupCounts ? (rest.groups?.groups.length ?? 0) : 0,
    ],
  };
  for (const { name, codes } of rest.attributes ?? []) lengths[`attribute ${name}`] = [codes.length, count];
  for (const [part, [got, wanted]] of Object.entries(lengths)) {
    if (got !== wanted) throw new RangeError(`${part} has ${got} entries, it must have ${wanted}.`);
  }
  for (const [name, vector] of Object.entries({ labels, predictions })) {
    const wrong = vector.findIndex((code) => !(code >= 0 && code < classNames.length));
    if (wrong < 0) continue;
    throw new RangeError(
      `${name}[${wrong}] is ${vector[wrong]}; classes go from 0 to ${classNames.length - 1}. Leave out what has no label.`,
    );
  }
}
