/** @file What a probe said of the test examples, and its accuracies. */
import { type EvaluationGroups, stratify, tally } from './groups.js';
import type { Estimate } from './intervals.js';
import { mostLikely } from './linear-classifier.js';
import { type ProbeMetrics, probeMetrics } from './metrics.js';
import { unbiasedAccuracy } from './unbiased-accuracy.js';

/** Examples with their features. Leave out those without a label. */
export interface ProbeSet {
  /** `[N, F]` */
  features: Float32Array;
  /** `[N]`, from 0 */
  labels: Int32Array;
  /** What the attribute probe predicts, `[N]`, from 0: the codes of an attribute; −1 where it is not known. */
  attribute?: Int32Array;
  /** Such as `groupsOf(dataset)`. The training groups serve the balanced probe alone. */
  groups?: EvaluationGroups;
}

export interface ProbeOutcome {
  readonly metrics: ProbeMetrics & {
    /** The mean of the groups' accuracies; null without groups. */
    readonly unbiased: Estimate | null;
  };
  /** The predicted label (or attribute) of each test example, `[N]`. */
  readonly predictions: Int32Array;
  /** Of the classes, `[N, K]`. */
  readonly probabilities: Float64Array;
}

/**
 * @param probabilities - `[N, K]`
 * @param predictions - `[N]`; the most probable classes where they are left out
 * @param labels - true labels `[N]`; examples below 0 have a prediction and are not counted
 * @param confidence - in (0, 1)
 */
export function probeOutcome(
  probabilities: Float64Array,
  labels: Int32Array,
  groups?: EvaluationGroups,
  options: { predictions?: Int32Array; confidence?: number | undefined } = {},
): ProbeOutcome {
  const { confidence, predictions = mostLikely(probabilities, probabilities.length / labels.length) } =
    options;
  const known = Int32Array.from(labels.keys()).filter((i) => labels[i]! >= 0);
  const own = (values: ArrayLike<number>) => known.map((i) => values[i]!);
  const counted = groups && {
    groups: groups.groups,
    groupOf: own(groups.groupOf),
    ...(groups.aligned && { aligned: own(groups.aligned) }),
  };
  const tallies = tally(stratify([own(predictions)], own(labels), counted), groups?.groups.length ?? 0);
  return {
    predictions,
    probabilities,
    metrics: {
      ...probeMetrics(own(predictions), own(labels), counted, confidence),
      unbiased: unbiasedAccuracy(tallies.groups, confidence),
    },
  };
}
