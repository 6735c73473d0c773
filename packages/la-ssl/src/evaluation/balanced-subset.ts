/**
 * @file Subsets of a training set in which the spurious attribute no longer goes with the label.
 *
 * Source: Kirichenko, Izmailov & Wilson 2023, "Last layer re-training is sufficient for robustness to spurious
 * correlations" (DFR), https://arxiv.org/abs/2204.02937: as many examples of each group as the smallest has.
 */
import { type Random, some } from '../random.js';
import type { EvaluationGroups } from './groups.js';

/**
 * - `per-group`: as many of each group as the smallest group with members has. Label and attribute become
 *   independent (where no group is empty), but ten labels by ten corruptions at 99.5 % leave one example a group.
 * - `aligned-vs-conflicting`: as many aligned as conflicting examples, whatever their groups. Far more examples,
 *   but half of them still follow the correlation.
 */
export type Balancing = 'per-group' | 'aligned-vs-conflicting';

/**
 * Draws a balanced subset without replacement; examples whose part is not known (−1) are left out.
 *
 * @param groups - of the training examples; `aligned` is needed for `aligned-vs-conflicting`
 * @returns indices in rising order
 * @throws Error where the groups do not say what is to be balanced, or one of the two kinds has no example
 */
export function balancedSubset(groups: EvaluationGroups, balancing: Balancing, random: Random): Int32Array {
  const { groupOf, aligned } = groups;
  if (balancing === 'aligned-vs-conflicting' && !aligned) {
    throw new Error("balancing 'aligned-vs-conflicting' needs groups that say which examples are aligned");
  }
  const partOf = balancing === 'per-group' ? groupOf : aligned!;
  const parts = new Map<number, number[]>();
  for (let i = 0; i < partOf.length; i++) {
    const part = partOf[i]!;
    if (part < 0) continue;
    const members = parts.get(part);
    if (members) members.push(i);
    else parts.set(part, [i]);
  }
  if (parts.size === 0) throw new Error('No training example has a known group, so none can be balanced');
  if (balancing === 'aligned-vs-conflicting' && parts.size < 2) {
    throw new Error(
      `balancing 'aligned-vs-conflicting' needs both, but all are ${parts.has(1) ? 'aligned' : 'conflicting'}`,
    );
  }
  const size = Math.min(...[...parts.values()].map((members) => members.length));
  // In the order of the parts' numbers, so that the subset does not depend on which example comes first.
  const drawn = [...parts.keys()]
    .sort((a, b) => a - b)
    .flatMap((part) => some(parts.get(part)!, size, random));
  return Int32Array.from(drawn).sort();
}
