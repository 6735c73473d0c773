/**
 * @file The linear probe: what a linear classifier reads out of frozen features, and of which groups.
 *
 * Three probes, all multinomial logistic regression trained to convergence:
 * - `biased`, on all training examples with their labels as they are. Where an attribute goes with the label, it
 *   leans on the attribute as far as the features offer it: its accuracy on the conflicting says how far.
 * - `balanced`, on subsets in which the attribute no longer goes with the label (`balanced-subset.ts`): what the
 *   features hold of the label itself. The mean of several subsets' fits, as in DFR.
 * - `attribute`, which reads the attribute instead of the label: how plainly the features hold it. On all training
 *   examples as they are.
 *
 * No test example is seen by any of them; the strength of the penalty is chosen on validation examples, for the balanced
 * probe on a balanced subset of them, or where there are none on training examples alone.
 * Sources: Nam et al. 2020, https://arxiv.org/abs/2007.02561 (aligned, conflicting, unbiased); Kirichenko et al.
 * 2023, https://arxiv.org/abs/2204.02937 (balanced subsets).
 */
import { Random } from '../random.js';
import { type Balancing, balancedSubset } from './balanced-subset.js';
import {
  type FittedProbe,
  fitCount,
  fitProbe,
  type ProbeFitOptions,
  probeLogits,
  rowsOf,
} from './fit-probe.js';
import type { EvaluationGroups } from './groups.js';
import type { LabelledFeatures } from './labelled-features.js';
import { mostLikely, softmax } from './linear-classifier.js';
import { type ProbeOutcome, type ProbeSet, probeOutcome } from './probe-outcome.js';

/** Which probes `linearProbe` makes besides the biased one. */
export type BesidesBiased = 'balanced' | 'attribute';

export interface LinearProbeOptions extends Omit<ProbeFitOptions, 'onFit' | 'validation'> {
  train: ProbeSet;
  test: ProbeSet;
  /** What the penalty is chosen on; without it, on a held-out part of the training examples. */
  validation?: ProbeSet | undefined;
  /** Which probes are made besides the biased one (both, where the data allow them). */
  besides?: readonly BesidesBiased[];
  /** What the balanced probe's subsets balance ('per-group'). */
  balancing?: Balancing;
  /** How many balanced subsets are drawn, ≥ 1 (10, as DFR on training data). */
  balancedSubsets?: number;
  /** In (0, 1) (0.95). */
  confidence?: number;
  /** Told after each of the many fits. */
  onProgress?: (done: number, total: number) => void;
}

export interface Probe extends FittedProbe, ProbeOutcome {}

export interface LinearProbeResult {
  readonly biased: Probe;
  /** Null where the training examples come without groups. */
  readonly balanced: Probe | null;
  /** Null where no attribute is given. Its groups are those of label and attribute, too. */
  readonly attribute: Probe | null;
  /** Sentences for the reader; empty where all is well. */
  readonly warnings: readonly string[];
}

const SUBSETS = 0x737562; // keeps these random numbers apart from others of the same seed

/**
 * Fits the probes on `train` and measures them on `test`.
 *
 * @throws RangeError on an option outside of its range
 * @throws Error where the two sets do not fit together, or cannot be fitted
 */
export async function linearProbe(options: LinearProbeOptions): Promise<LinearProbeResult> {
  const { train, test, validation, balancing = 'per-group', balancedSubsets = 10 } = options;
  const { besides = ['balanced', 'attribute'], confidence, onProgress } = options;
  checkSets(train, test);
  if (!(Number.isInteger(balancedSubsets) && balancedSubsets >= 1)) {
    throw new RangeError(`balancedSubsets must be a whole number from 1, got ${balancedSubsets}`);
  }
  const groups = besides.includes('balanced') ? train.groups : undefined;
  const known = train.attribute && besides.includes('attribute') ? knownOf(train.attribute) : null;
  const all = Int32Array.from(train.labels.keys());
  const subset = (of: EvaluationGroups, s: number) =>
    balancedSubset(of, balancing, new Random(options.seed, s, SUBSETS));
  const balanced = groups ? Array.from({ length: balancedSubsets }, (_, s) => subset(groups, s)) : [];

  const subsets = 1 + balanced.length + (known ? 1 : 0);
  const total = fitCount(subsets, { ...options, validation: undefined });
  let done = 0;
  const probe = async (
    on: Int32Array[],
    [trained, tested, validated]: [Int32Array, Int32Array, Int32Array | undefined],
    chosenOn: (set: ProbeSet) => Int32Array,
  ): Promise<Probe> => {
    const data = { features: train.features, labels: trained, classes: classesOf(trained, tested) };
    const fitted = await fitProbe(data, on, {
      ...options,
      validation: validation && validated && chooseOn(validation, validated, data, chosenOn(validation)),
      onFit: () => onProgress?.(++done, total),
    });
    const logits = probeLogits(fitted.fits, test.features);
    const predictions = mostLikely(logits, data.classes);
    const outcome = probeOutcome(softmax(logits, data.classes), tested, test.groups, {
      predictions,
      confidence,
      clusters: test.clusters,
    });
    return { ...fitted, ...outcome };
  };
  const everyone = ({ labels }: ProbeSet) => Int32Array.from(labels.keys());
  const forLabels: [Int32Array, Int32Array, Int32Array | undefined] = [
    train.labels,
    test.labels,
    validation?.labels,
  ];
  const probes = {
    biased: await probe([all], forLabels, everyone),
    balanced:
      balanced.length > 0
        ? await probe(balanced, forLabels, (set) => (set.groups ? subset(set.groups, 0) : everyone(set)))
        : null,
    attribute:
      known && test.attribute
        ? await probe([known], [train.attribute!, test.attribute, validation?.attribute], everyone)
        : null,
  };
  const warnings = Object.entries(probes).flatMap(([name, probe]) => notConverged(name, probe));
  if (groups && probes.balanced && balancing === 'per-group') {
    warnings.push(...tooFew(groups, probes.balanced.examples));
  }
  return { ...probes, warnings };
}

/**
 * The validation examples at these places whose label is known and one that the fits have seen: a class that no
 * training example has is never predicted, and would make every penalty infinitely bad.
 * @returns undefined where there is none
 */
function chooseOn(
  { features }: ProbeSet,
  labels: Int32Array,
  trained: LabelledFeatures,
  places: Int32Array,
): LabelledFeatures | undefined {
  const seen = new Set(trained.labels);
  const chosen = places.filter((i) => labels[i]! >= 0 && seen.has(labels[i]!));
  return chosen.length === 0 ? undefined : rowsOf({ features, labels, classes: trained.classes }, chosen);
}

function knownOf(codes: Int32Array): Int32Array {
  return Int32Array.from(codes.keys()).filter((i) => codes[i]! >= 0);
}

function notConverged(name: string, probe: Probe | null): string[] {
  if (!probe || probe.converged) return [];
  const open = probe.fits.filter((fit) => !fit.converged);
  const gradient = Math.max(...open.map((fit) => fit.gradientNorm)).toExponential(1);
  return [
    `The ${name} probe has not converged: ${open.length} of ${probe.fits.length} fits ended by ` +
      `${[...new Set(open.map((fit) => fit.stop))].join(', ')} with a gradient of up to ${gradient}. ` +
      'Its accuracies may depend on where it stopped; raise maxIterations or l2.',
  ];
}

/** Examples of each group below which the balanced probe says little. */
const FEW = 5;

function tooFew({ groupOf }: EvaluationGroups, examples: number): string[] {
  const groups = new Set(Array.from(groupOf).filter((group) => group >= 0)).size;
  const each = examples / groups;
  if (each >= FEW) return [];
  return [
    `The balanced probe is fitted on ${examples} examples at a time, ${each} of each of ${groups} groups, because ` +
      'the smallest has no more. Take more training examples.',
  ];
}

function classesOf(...labels: Int32Array[]): number {
  return 1 + labels.reduce((most, own) => own.reduce((a, b) => Math.max(a, b), most), 0);
}

function checkSets(train: ProbeSet, test: ProbeSet): void {
  for (const [name, set] of Object.entries({ train, test })) {
    if (set.labels.length === 0) throw new Error(`${name} has no examples; a probe needs some`);
    const lengths = { attribute: set.attribute, 'groups.groupOf': set.groups?.groupOf };
    for (const [part, vector] of Object.entries(lengths)) {
      if (vector && vector.length !== set.labels.length) {
        throw new Error(`${name}.${part} has ${vector.length} entries for ${set.labels.length} labels`);
      }
    }
  }
  const [own, other] = [train, test].map((set) => set.features.length / set.labels.length);
  if (own !== other) {
    throw new Error(`train has ${own} features for each label, test ${other}; take the same encoder's`);
  }
  if (!train.attribute !== !test.attribute) {
    throw new Error(
      `Only ${train.attribute ? 'train' : 'test'} has an attribute; the attribute probe needs both`,
    );
  }
}
