/** @file The answers of a probe of a run with all that is known of its test examples. */
import { groupsOf } from '../data/index.js';
import { labelledOnly } from './probe-kinds.js';
import type { ProbeOutcome } from './probe-outcome.js';
import type { ProbeRunData } from './probe-run.js';
import type { ScoredSet } from './scored-set.js';

/**
 * A probe's answers with all that figures are told by.
 * @param data - the splits that were probed; examples without a label are left out
 * @param of - what was predicted: the label, or the first attribute
 */
export function testScores(
  { train, test }: ProbeRunData,
  probe: Pick<ProbeOutcome, 'predictions' | 'probabilities'>,
  of: 'label' | 'attribute' = 'label',
): ScoredSet {
  const labelled = labelledOnly(test);
  const groups = groupsOf(labelled);
  const { clusters } = labelled;
  const trainGroupCounts = groupsOf(train).groups.map(({ count }) => count);
  const [attribute] = labelled.attributes;
  if (of === 'attribute' && attribute) {
    const { codes: labels, values: classNames } = attribute;
    return scoredSet({ labels, classNames, groups, clusters, trainGroupCounts }, probe);
  }
  const { classNames, attributes } = labelled;
  const known = { labels: labelled.labels!, classNames, groups, clusters, attributes, trainGroupCounts };
  return scoredSet(known, probe);
}

/**
 * A probe's answers with what is known of the test examples; those without a label are left out.
 * @param test - of all examples that were predicted
 */
function scoredSet(
  test: Omit<ScoredSet, 'predictions' | 'probabilities'>,
  { predictions, probabilities }: Pick<ProbeOutcome, 'predictions' | 'probabilities'>,
): ScoredSet {
  const known = Int32Array.from(test.labels.keys()).filter((i) => test.labels[i]! >= 0);
  const own = (values: ArrayLike<number>) => known.map((i) => values[i]!);
  const [had, classes] = [probabilities.length / predictions.length, test.classNames.length];
  const padded = new Float64Array(known.length * classes); // classes without any example have probability 0
  known.forEach((i, row) => {
    padded.set(probabilities.subarray(i * had, (i + 1) * had), row * classes);
  });
  return {
    labels: own(test.labels),
    predictions: own(predictions),
    probabilities: padded,
    classNames: test.classNames,
    groups: test.groups && {
      groups: test.groups.groups,
      groupOf: own(test.groups.groupOf),
      ...(test.groups.aligned && { aligned: own(test.groups.aligned) }),
    },
    clusters: test.clusters && { ...test.clusters, codes: own(test.clusters.codes) },
    attributes: test.attributes?.map((attribute) => ({ ...attribute, codes: own(attribute.codes) })),
    trainGroupCounts: test.trainGroupCounts,
  };
}
