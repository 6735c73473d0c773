/**
 * @file The mean of the groups' accuracies, each group counting alike: what "Learning from Failure" calls unbiased.
 *
 * Source of the interval: Zou & Donner 2008, "Construction of confidence limits about effect measures: a general
 * approach" (MOVER), https://doi.org/10.1002/sim.3095, with Wilson's limits of each group.
 */
import type { Tally } from './groups.js';
import { defaultConfidence, type Estimate, wilsonInterval } from './intervals.js';

/**
 * `v = Σ_g p_g / G`, with the limits `v ∓ √(Σ_g (p_g − limit_g)²) / G`. Unlike `± z · √(Σ p_g (1 − p_g) / n_g) / G`
 * the interval does not shrink to nothing where small groups are all right or all wrong.
 *
 * @param groups - tallies; those without members are passed over
 * @param confidence - in (0, 1)
 * @returns the mean, with the number of examples in all groups; null where no group has members
 */
export function unbiasedAccuracy(groups: readonly Tally[], confidence = defaultConfidence): Estimate | null {
  const estimates = groups.filter(({ count }) => count > 0).map((tally) => wilsonInterval(tally, confidence));
  if (estimates.length === 0) return null;
  const sum = (of: (estimate: Estimate) => number) => estimates.reduce((total, e) => total + of(e), 0);
  const value = sum((e) => e.value) / estimates.length;
  return {
    value,
    low: value - Math.sqrt(sum((e) => (e.value - e.low) ** 2)) / estimates.length,
    high: value + Math.sqrt(sum((e) => (e.high - e.value) ** 2)) / estimates.length,
    count: sum((e) => e.count),
  };
}
