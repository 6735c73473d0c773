/** @file What sampling does with each group, and how its speeds are distributed. */
import type { GroupCodes } from './diagnostics.js';
import { quantileOfSorted } from './quantile.js';

/** The levels of `speedQuantiles`. */
export const SPEED_QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

export interface GroupDiagnostics {
  /** How many examples the group has, ≥ 1. */
  readonly examples: number;
  /** The share of the draws that it can expect. */
  readonly drawShare: number;
  /** Of its known speeds; null where there are none. */
  readonly meanSpeed: number | null;
  /** At SPEED_QUANTILES. */
  readonly speedQuantiles: readonly number[] | null;
}

/**
 * @param slowestFirst - the examples whose speed is known, in ascending order of it
 * @returns by name, the groups that have examples, in the order of their codes
 */
export function groupDiagnostics(
  probabilities: ArrayLike<number>,
  speeds: ArrayLike<number> | undefined,
  slowestFirst: Int32Array,
  { codes, names }: GroupCodes,
): Record<string, GroupDiagnostics> {
  const sizes = new Uint32Array(names.length);
  const shares = new Float64Array(names.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code < 0) continue;
    sizes[code]! += 1;
    shares[code]! += probabilities[i]!;
  }
  const known = new Uint32Array(names.length);
  for (const i of slowestFirst) if (codes[i]! >= 0) known[codes[i]!]! += 1;
  const sorted = Array.from(known, (size) => new Float64Array(size));
  known.fill(0);
  for (const i of slowestFirst) {
    const code = codes[i]!;
    if (code >= 0) sorted[code]![known[code]!++] = speeds![i]!;
  }
  const told = names.flatMap((name, code): [string, GroupDiagnostics][] => {
    const own = sorted[code]!;
    const none = own.length === 0;
    const group = {
      examples: sizes[code]!,
      drawShare: shares[code]!,
      meanSpeed: none ? null : own.reduce((sum, speed) => sum + speed, 0) / own.length,
      speedQuantiles: none ? null : SPEED_QUANTILES.map((level) => quantileOfSorted(own, level)),
    };
    return group.examples > 0 ? [[name, group]] : [];
  });
  return Object.fromEntries(told);
}
