/**
 * @file Is one system better than another? Differences of accuracy on the same test examples.
 *
 * Two questions, two intervals. "Would it be so on other test examples, with these encoders?": the paired bootstrap,
 * for each pair of runs. "Would it be so with other seeds?": Student's interval of the pairs' differences, which
 * needs two pairs or more and is the one to claim an improvement by. The test set is the same for all pairs, so its
 * own chance is not in the second; with some thousand test examples it is small beside that of the seeds.
 */
import { type AccuracyBootstrapOptions, bootstrapDifference, type Headline } from './bootstrap.js';
import type { EvaluationGroups } from './groups.js';
import { type Estimate, pairedTInterval } from './intervals.js';

/** Predictions of the same test examples by two systems that ran with the same seed. */
export interface ProbePair {
  /** Predicted labels, `[N]`. */
  baseline: ArrayLike<number>;
  /** Predicted labels, `[N]`. */
  other: ArrayLike<number>;
}

export interface ProbeComparison {
  /** `other − baseline` of each pair; intervals over test examples. */
  readonly pairs: readonly Headline<Estimate & { readonly pValue: number }>[];
  /** Mean of the pairs; intervals over seeds, `count` the number of pairs. Null where there is one pair only. */
  readonly overSeeds: Headline<Estimate & { readonly pValue: number }> | null;
}

/**
 * Compares two systems over one pair of runs or several.
 *
 * @param pairs - one a seed, at least one
 * @param labels - of the test examples, `[N]`
 * @param groups - of the test examples; without them only `overall` is told
 * @throws RangeError where the inputs do not fit together or an option is out of range
 */
export function compareProbes(
  pairs: readonly ProbePair[],
  labels: ArrayLike<number>,
  groups: EvaluationGroups | undefined,
  options: AccuracyBootstrapOptions,
): ProbeComparison {
  if (pairs.length === 0) throw new RangeError('A comparison needs at least one pair of runs, got none.');
  const differences = pairs.map(({ baseline, other }) =>
    bootstrapDifference(baseline, other, labels, groups, options),
  );
  const overSeeds = (part: keyof Headline<Estimate>) => {
    const values = differences.flatMap((difference) => difference[part]?.value ?? []);
    if (values.length === 0) return null; // the test set has no such part
    return pairedTInterval(new Array<number>(values.length).fill(0), values, options.confidence);
  };
  return {
    pairs: differences,
    overSeeds:
      pairs.length === 1
        ? null
        : {
            overall: overSeeds('overall'),
            aligned: overSeeds('aligned'),
            conflicting: overSeeds('conflicting'),
            worstGroup: overSeeds('worstGroup'),
          },
  };
}
