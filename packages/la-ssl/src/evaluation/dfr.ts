/**
 * @file Deep feature reweighting: the last layer alone, fitted again on examples of which every group has as many.
 *
 * The mean of several L1 fits, each on another group-balanced subset, of features that are standardised by the training
 * set. It needs the attribute of the examples that it is fitted on: those of the validation split, where there is one
 * (the paper's DFR with held-out data), or the training examples. The penalty is the one whose fit on half of them has
 * the highest worst-group accuracy on the other half.
 *
 * From the official script: the grid, 20 fits of validation and 10 of training examples, subsets as large as the smallest
 * group allows, the mean of coefficients. Ours: half of each group is held out, there half of all examples, so that
 * no group is missing; of training examples too, where the script chooses by the validation split; that choice is made
 * with the training set's standardisation, there with that of the subset; of penalties whose worst groups are equal, the
 * one with the higher mean over groups, then the stronger, there the weaker; the bias has no penalty, which liblinear
 * gives it; and more than two classes are one multinomial fit, there one against the rest each.
 *
 * Source: Kirichenko, Izmailov and Wilson 2023, § 6 and Appendix B, https://arxiv.org/abs/2204.02937, and
 * `dfr_evaluate_spurious.py` of its code.
 */
import { setImmediate } from 'node:timers/promises';
import { Random, some } from '../random.js';
import { balancedSubset } from './balanced-subset.js';
import { probeLogits, rowsOf } from './fit-probe.js';
import { accuracyOf, type EvaluationGroups, stratify, tally, worstGroupOf } from './groups.js';
import type { LabelledFeatures } from './labelled-features.js';
import { type LinearClassifier, mostLikely } from './linear-classifier.js';
import { LogisticRegressionProblem, type SparseLogisticRegression } from './logistic-regression.js';
import { featureScale } from './standardise.js';

export const DFR_DEFAULTS = {
  /** Inverse strengths, weakest penalty last: `l1 = 1 / (C · examples)`. The official script's. */
  inverseStrengths: [0.01, 0.03, 0.07, 0.1, 0.3, 0.7, 1],
  /** By the split whose examples are fitted. */
  refits: { validation: 20, train: 10 },
} as const;

export interface DfrOptions {
  /** Whole number from 0 to 2³² − 1. */
  seed: number;
  /** How many fits are averaged, ≥ 1 (20, the script's for validation examples). */
  refits?: number;
  /** What C is chosen from, each > 0. */
  inverseStrengths?: readonly number[];
  /** Called after each fit, with how many there are in all. */
  onFit?: ((total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface DfrFit {
  /** The classifier is their mean. */
  readonly fits: readonly SparseLogisticRegression[];
  /** How many examples each was fitted on. */
  readonly examples: number;
  /** C */
  readonly inverseStrength: number;
  /** Worst-group accuracy on the half held out, by C from the strongest penalty down. */
  readonly tuning: readonly { readonly inverseStrength: number; readonly worstGroup: number }[];
  readonly converged: boolean;
}

const HALVES = 0x68616c; // keeps these random numbers apart from those that draw subsets
const REFITS = 0x726566;

/**
 * @param data - examples whose groups are known
 * @param groups - of these examples
 * @param scaleOf - features of the training set, `[N, F]`, which the data are standardised by
 * @throws Error where no group is known, or no group has two examples to hold one out
 */
export async function fitDfr(
  data: LabelledFeatures,
  groups: EvaluationGroups,
  scaleOf: Float32Array,
  options: DfrOptions,
): Promise<DfrFit> {
  const { refits = DFR_DEFAULTS.refits.validation, seed, onFit, signal } = options;
  const { inverseStrengths = DFR_DEFAULTS.inverseStrengths } = options;
  if (!(Number.isInteger(refits) && refits >= 1)) {
    throw new RangeError(`refits must be a whole number from 1, got ${refits}`);
  }
  const rows = scaleOf.length / (data.features.length / data.labels.length);
  const scale = featureScale(scaleOf, new Float64Array(rows).fill(1 / rows));
  const fit = async (indices: Int32Array, inverseStrength: number, start?: LinearClassifier) => {
    signal?.throwIfAborted();
    using problem = new LogisticRegressionProblem(rowsOf(data, indices), scale);
    const fitted = problem.fitSparse({ l1: 1 / (inverseStrength * indices.length), start });
    onFit?.(refits + inverseStrengths.length);
    await setImmediate();
    return fitted;
  };
  const tuning = await tune(data, groups, { seed, inverseStrengths }, fit);
  const best = tuning.reduce((best, tried) => (isBetter(tried, best) ? tried : best));
  const fits: SparseLogisticRegression[] = [];
  let examples = 0;
  for (let r = 0; r < refits; r++) {
    const subset = balancedSubset(groups, 'per-group', new Random(seed, r, REFITS));
    examples = subset.length;
    fits.push(await fit(subset, best.inverseStrength));
  }
  return {
    fits,
    examples,
    inverseStrength: best.inverseStrength,
    tuning: tuning.map(({ inverseStrength, worstGroup }) => ({ inverseStrength, worstGroup })),
    converged: fits.every(({ converged }) => converged),
  };
}

interface Tried {
  inverseStrength: number;
  worstGroup: number;
  /** Mean of the groups' accuracies: decides where the worst are equal. */
  mean: number;
}

function isBetter(one: Tried, other: Tried): boolean {
  if (one.worstGroup !== other.worstGroup) return one.worstGroup > other.worstGroup;
  return one.mean > other.mean;
}

async function tune(
  data: LabelledFeatures,
  groups: EvaluationGroups,
  { seed, inverseStrengths }: Required<Pick<DfrOptions, 'seed' | 'inverseStrengths'>>,
  fit: (indices: Int32Array, c: number, start?: LinearClassifier) => Promise<SparseLogisticRegression>,
): Promise<Tried[]> {
  const random = new Random(seed, 0, HALVES);
  const held = new Set(halfOfEachGroup(groups, random));
  if (held.size === 0) {
    throw new Error('dfr holds out half of each group to choose its penalty, and no group has two examples.');
  }
  const rest = { ...groups, groupOf: Int32Array.from(groups.groupOf, (g, i) => (held.has(i) ? -1 : g)) };
  const heldOut = Int32Array.from(held).sort();
  const unseen = rowsOf(data, heldOut);
  const unseenGroups = { groups: groups.groups, groupOf: heldOut.map((i) => groups.groupOf[i]!) };
  const subset = balancedSubset(rest, 'per-group', random);
  const tried: Tried[] = [];
  let start: LinearClassifier | undefined;
  for (const inverseStrength of [...inverseStrengths].sort((a, b) => a - b)) {
    start = await fit(subset, inverseStrength, start);
    const predictions = mostLikely(probeLogits([start], unseen.features), data.classes);
    const tallies = tally(stratify([predictions], unseen.labels, unseenGroups), groups.groups.length).groups;
    const accuracies = tallies.flatMap((part) => accuracyOf(part) ?? []);
    tried.push({
      inverseStrength,
      worstGroup: accuracyOf(tallies[worstGroupOf(tallies)!]!)!,
      mean: accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length,
    });
  }
  return tried;
}

function halfOfEachGroup({ groups, groupOf }: EvaluationGroups, random: Random): number[] {
  return groups.flatMap((_, group) => {
    const members: number[] = [];
    for (let i = 0; i < groupOf.length; i++) if (groupOf[i] === group) members.push(i);
    return some(members, Math.floor(members.length / 2), random);
  });
}
