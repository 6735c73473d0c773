/** @file What a probe said of the test examples, and its accuracies. */
import { clusterMetrics } from './cluster-metrics.js';
import type { ClusterCodes } from './clusters.js';
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
  /** Of the test examples: which depend on each other. */
  clusters?: ClusterCodes | undefined;
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

export interface MeasureOptions {
  /** In (0, 1) (0.95). */
  confidence?: number | undefined;
  /** Which test examples depend on each other; without it each stands for itself. */
  clusters?: ClusterCodes | undefined;
}

/**
 * @param probabilities - `[N, K]`
 * @param predictions - `[N]`; the most probable classes where they are left out
 * @param labels - true labels `[N]`; examples below 0 have a prediction and are not counted
 */
export function probeOutcome(
  probabilities: Float64Array,
  labels: Int32Array,
  groups?: EvaluationGroups,
  options: MeasureOptions & { predictions?: Int32Array } = {},
): ProbeOutcome {
  const { predictions = mostLikely(probabilities, probabilities.length / labels.length), ...rest } = options;
  return { predictions, probabilities, metrics: measured(predictions, labels, groups, rest) };
}

/** The accuracies of predictions; parameters as of `probeOutcome`. */
export function measured(
  predictions: Int32Array,
  labels: Int32Array,
  groups: EvaluationGroups | undefined,
  { confidence, clusters }: MeasureOptions = {},
): ProbeOutcome['metrics'] {
  const known = Int32Array.from(labels.keys()).filter((i) => labels[i]! >= 0);
  const own = (values: ArrayLike<number>) => known.map((i) => values[i]!);
  const counted = groups && {
    groups: groups.groups,
    groupOf: own(groups.groupOf),
    ...(groups.aligned && { aligned: own(groups.aligned) }),
  };
  const [answers, truth] = [own(predictions), own(labels)];
  if (clusters) {
    return clusterMetrics(answers, truth, counted, { ...clusters, codes: own(clusters.codes) }, confidence);
  }
  const tallies = tally(stratify([answers], truth, counted), groups?.groups.length ?? 0);
  return {
    ...probeMetrics(answers, truth, counted, confidence),
    unbiased: unbiasedAccuracy(tallies.groups, confidence),
  };
}
