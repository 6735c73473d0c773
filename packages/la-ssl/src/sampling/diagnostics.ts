/**
 * @file What a sampling distribution will do, and whether the speeds behind it can be trusted.
 *
 * Nothing needs a label, except what is said of conflicting examples and groups. Linear in the number of examples, on
 * typed arrays: millions of them take a second or two. `failureSigns` says what to do about it.
 */
import { ascending } from './ascending.js';
import { type GroupDiagnostics, groupDiagnostics } from './group-diagnostics.js';
import { auroc, lowestPrecision, rankCorrelation } from './ranks.js';

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

/** The group of each example: a code from 0 that has a name, or −1 where it is not known. */
export interface GroupCodes {
  readonly codes: ArrayLike<number>;
  readonly names: readonly string[];
}

export interface SamplingDiagnosticsInput {
  /** π, what the epoch is drawn with. */
  readonly probabilities: ArrayLike<number>;
  /** The speeds behind it; examples that are not `seen` are left out wherever speeds are looked at. */
  readonly speeds?: ArrayLike<number>;
  readonly seen?: Flags;
  /** The speeds at the update before; a speed that is not > 0 was not known. */
  readonly previousSpeeds?: ArrayLike<number>;
  /** What was observed since the update before, apart from the speeds then: `monitor.takeNews()`. */
  readonly news?: ArrayLike<number>;
  /** Per example, whether it goes against the correlation, where that is known. */
  readonly conflicting?: Flags;
  readonly groups?: GroupCodes;
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
  readonly meanSpeedAligned: number | null;
  readonly meanSpeedConflicting: number | null;
  /** AUROC of "conflicting is slower". */
  readonly conflictingIsSlower: number | null;
  /** Of as many slowest examples as there are conflicting ones, the share that is conflicting. */
  readonly conflictingPrecision: number | null;
  /**
   * Stability: Spearman correlation of the speeds with those of the update before. Smoothing alone makes it high:
   * about (1 − η)^k after k observations, be they noise.
   */
  readonly rankCorrelation: number | null;
  /** Spearman correlation of what was observed since the update before with the speeds then: 0 where they mean nothing. */
  readonly agreement: number | null;
  /** Size, share of the draws, quantiles of speed, by group. */
  readonly byGroup: Readonly<Record<string, GroupDiagnostics>> | null;
  /** The same of aligned and conflicting examples. */
  readonly byAlignment: Readonly<Record<string, GroupDiagnostics>> | null;
}

/**
 * All diagnostics of one update.
 *
 * @throws RangeError where an input has not one entry per example
 */
export function samplingDiagnostics(input: SamplingDiagnosticsInput): SamplingDiagnostics {
  const { probabilities, speeds, seen, previousSpeeds, news, conflicting, groups } = input;
  const count = probabilities.length;
  const given = { speeds, seen, previousSpeeds, news, conflicting, groups: groups?.codes };
  for (const [name, values] of Object.entries(given)) {
    if (values && values.length !== count) {
      throw new RangeError(`${name} has ${values.length} entries for ${count} probabilities; give one each.`);
    }
  }
  const known = indicesWhere(count, (i) => Boolean(speeds && (!seen || seen[i])));
  const knownSpeeds = at(speeds ?? [], known);
  const order = ascending(knownSpeeds);
  const slowestFirst = order.map((k) => known[k]!);
  const byAlignment = conflicting
    ? groupDiagnostics(probabilities, speeds, slowestFirst, {
        codes: Uint8Array.from(conflicting, Number),
        names: ['aligned', 'conflicting'],
      })
    : null;
  const flags = conflicting && Uint8Array.from(known, (i) => Number(conflicting[i]));
  const conflictingIsFaster = flags ? auroc(knownSpeeds, flags, order) : null;
  const size = effectiveSampleSize(probabilities);
  return {
    effectiveSampleSize: size,
    effectiveSampleShare: size / count,
    ...extent(probabilities),
    conflictingShare: byAlignment?.conflicting?.drawShare ?? (conflicting ? 0 : null),
    meanSpeedAligned: byAlignment?.aligned?.meanSpeed ?? null,
    meanSpeedConflicting: byAlignment?.conflicting?.meanSpeed ?? null,
    conflictingIsSlower: conflictingIsFaster === null ? null : 1 - conflictingIsFaster,
    conflictingPrecision: flags ? lowestPrecision(knownSpeeds, flags, order) : null,
    rankCorrelation: previousSpeeds ? correlationOfKnown(speeds, previousSpeeds, known) : null,
    agreement: previousSpeeds && news ? correlationOfKnown(news, previousSpeeds, known) : null,
    byGroup: groups ? groupDiagnostics(probabilities, speeds, slowestFirst, groups) : null,
    byAlignment,
  };
}

/** Spearman's correlation over those of the examples for which both are known. */
function correlationOfKnown(
  now: ArrayLike<number> | undefined,
  before: ArrayLike<number>,
  examples: Int32Array,
): number | null {
  if (!now) return null;
  const both = examples.filter((i) => now[i]! > 0 && before[i]! > 0);
  return rankCorrelation(at(now, both), at(before, both));
}

function extent(
  probabilities: ArrayLike<number>,
): Pick<SamplingDiagnostics, 'nonZeroShare' | 'maxProbability'> {
  let nonZero = 0;
  let max = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i]! > 0) nonZero++;
    max = Math.max(max, probabilities[i]!);
  }
  return { nonZeroShare: nonZero / probabilities.length, maxProbability: max };
}

function indicesWhere(count: number, holds: (i: number) => boolean): Int32Array {
  const indices = new Int32Array(count);
  let found = 0;
  for (let i = 0; i < count; i++) if (holds(i)) indices[found++] = i;
  return indices.subarray(0, found);
}

function at(values: ArrayLike<number>, indices: Int32Array): Float64Array {
  const chosen = new Float64Array(indices.length);
  for (let k = 0; k < indices.length; k++) chosen[k] = values[indices[k]!]!;
  return chosen;
}
