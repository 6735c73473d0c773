/**
 * @file What a sampling distribution will do, and whether the speeds behind it can be trusted.
 *
 * The paper's reader should watch for three failures: probabilities that jump from update to update (low
 * `rankCorrelation`), few examples that dominate (low `effectiveSampleSize`), and speeds that mean nothing yet
 * (`conflictingIsSlower` near 0.5). None of it needs a label, except what is said of conflicting examples and groups.
 */
import { auroc, rankCorrelation } from './ranks.js';

type Flags = ArrayLike<boolean | number>;

/**
 * Effective sample size: `(Σπ)² / Σπ²`, the number of examples that a uniform choice as concentrated as this one
 * would be among; N for uniform probabilities, 1 where one example has it all.
 *
 * @param probabilities - N numbers ≥ 0, not all 0
 */
export function effectiveSampleSize(probabilities: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i]!;
    squares += probabilities[i]! ** 2;
  }
  return sum ** 2 / squares;
}

/**
 * The share of the draws that each group can expect: `Σ π_i` over its members.
 *
 * @param groups - the group of each example, by any number, name or truth value
 * @returns shares by group, of the groups that occur
 */
export function shareByGroup(
  probabilities: ArrayLike<number>,
  groups: ArrayLike<boolean | number | string>,
): Record<string, number> {
  const shares: Record<string, number> = {};
  for (let i = 0; i < probabilities.length; i++) {
    const group = String(groups[i]);
    shares[group] = (shares[group] ?? 0) + probabilities[i]!;
  }
  return shares;
}

/**
 * Whether learning speed tells conflicting from aligned examples: the AUROC of "conflicting is slower", the chance
 * that a random conflicting example is slower than a random aligned one. 0.5 says nothing.
 *
 * @param speeds - one per example
 * @param conflicting - per example, whether it goes against the correlation
 * @returns a number in [0, 1], or null where either kind is missing
 */
export function conflictingIsSlower(speeds: ArrayLike<number>, conflicting: Flags): number | null {
  const conflictingIsFaster = auroc(speeds, conflicting);
  return conflictingIsFaster === null ? null : 1 - conflictingIsFaster;
}

export interface SamplingDiagnosticsInput {
  /** π, what the epoch is drawn with. */
  readonly probabilities: ArrayLike<number>;
  /** The speeds behind it; examples that are not `seen` are left out wherever speeds are looked at. */
  readonly speeds?: ArrayLike<number>;
  readonly seen?: Flags;
  /** The speeds at the update before, for their rank correlation; a speed that is not > 0 was not known. */
  readonly previousSpeeds?: ArrayLike<number>;
  /** Per example, whether it goes against the correlation, where that is known. */
  readonly conflicting?: Flags;
  /** Per example, its group, where that is known. */
  readonly groups?: ArrayLike<number | string>;
}

/** One row for the log; null where the input does not tell. */
export interface SamplingDiagnostics {
  /** In examples, from 1 to N. */
  readonly effectiveSampleSize: number;
  /** The same as a share of N. */
  readonly effectiveSampleShare: number;
  /** Share of the examples that can be drawn at all. */
  readonly nonZeroShare: number;
  readonly maxProbability: number;
  /** Share of the draws that will be conflicting examples. */
  readonly conflictingShare: number | null;
  readonly shareByGroup: Readonly<Record<string, number>> | null;
  readonly meanSpeedAligned: number | null;
  readonly meanSpeedConflicting: number | null;
  /** AUROC of "conflicting is slower". */
  readonly conflictingIsSlower: number | null;
  /** Spearman correlation of the speeds with those of the update before. */
  readonly rankCorrelation: number | null;
}

/**
 * All diagnostics of one update.
 *
 * @throws RangeError where an input has not one entry per example
 */
export function samplingDiagnostics(input: SamplingDiagnosticsInput): SamplingDiagnostics {
  const { probabilities, speeds, seen, previousSpeeds, conflicting, groups } = input;
  const count = probabilities.length;
  for (const [name, values] of Object.entries({ speeds, seen, previousSpeeds, conflicting, groups })) {
    if (values && values.length !== count) {
      throw new RangeError(`${name} has ${values.length} entries for ${count} probabilities; give one each.`);
    }
  }
  const all = Array.from({ length: count }, (_, i) => i);
  const known = all.filter((i) => speeds && (!seen || seen[i]));
  const knownBefore = known.filter((i) => previousSpeeds && previousSpeeds[i]! > 0);
  const speedsOf = (examples: number[]) => examples.map((i) => speeds![i]!);
  const size = effectiveSampleSize(probabilities);
  return {
    effectiveSampleSize: size,
    effectiveSampleShare: size / count,
    nonZeroShare: all.filter((i) => probabilities[i]! > 0).length / count,
    maxProbability: all.reduce((max, i) => Math.max(max, probabilities[i]!), 0),
    conflictingShare: conflicting
      ? all.reduce((share, i) => share + (conflicting[i] ? probabilities[i]! : 0), 0)
      : null,
    shareByGroup: groups ? shareByGroup(probabilities, groups) : null,
    meanSpeedAligned: conflicting ? mean(speedsOf(known.filter((i) => !conflicting[i]))) : null,
    meanSpeedConflicting: conflicting ? mean(speedsOf(known.filter((i) => conflicting[i]))) : null,
    conflictingIsSlower: conflicting
      ? conflictingIsSlower(
          speedsOf(known),
          known.map((i) => Boolean(conflicting[i])),
        )
      : null,
    rankCorrelation: previousSpeeds
      ? rankCorrelation(
          speedsOf(knownBefore),
          knownBefore.map((i) => previousSpeeds[i]!),
        )
      : null,
  };
}

/** @returns null of no values: there is no mean */
function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
