/**
 * @file One probe: its penalty chosen on validation examples, or on a part of the training examples, then its fit.
 *
 * The test set has no part in it. Without validation examples a fifth of each class is held out; for each `l2` of the
 * grid, from the strongest down, the rest is fitted and the cross-entropy of what was held out measured; the `l2` with
 * the lowest is fitted again on all. Cross-entropy, not accuracy: it is smooth, and a few hundred examples suffice.
 *
 * A probe may be fitted on several subsets and be the mean of these fits (of their logits, which are linear, so of
 * their coefficients), as DFR does, because a small balanced subset leaves most examples out.
 */
import { setImmediate } from 'node:timers/promises';
import { Random, some } from '../random.js';
import type { LabelledFeatures } from './labelled-features.js';
import { type LinearClassifier, logitsOf } from './linear-classifier.js';
import { type LogisticRegression, LogisticRegressionProblem } from './logistic-regression.js';

/** Nearly none, to so strong that only the clearest features count. */
export const defaultL2Grid: readonly number[] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1];

export interface ProbeFitOptions {
  /** Strength of the penalty, > 0; without it, it is chosen from `l2Grid`. */
  l2?: number | undefined;
  /** What to choose from, each > 0 (`defaultL2Grid`, 1e-6 to 1). */
  l2Grid?: readonly number[] | undefined;
  /** What to choose `l2` on; without it, on a held-out part of each subset. */
  validation?: LabelledFeatures | undefined;
  /** Whole number from 0 to 2³² − 1. */
  seed: number;
  /** Largest element of the gradient at convergence (1e-6). */
  gradientTolerance?: number | undefined;
  /** Of each fit (1000). */
  maxIterations?: number | undefined;
  /** Called after each fit; there are `fitCount(subsets, options)`. */
  onFit?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A probe, and how it came about. */
export interface FittedProbe {
  /** One a subset; the probe is their mean. */
  readonly fits: readonly LogisticRegression[];
  /** How many examples each was fitted on. */
  readonly examples: number;
  readonly l2: number;
  /** Held-out cross-entropy in nats, mean over subsets, by `l2` from the strongest down; empty where `l2` was given. */
  readonly validation: readonly { readonly l2: number; readonly loss: number }[];
  /** Of the fit that took the most. */
  readonly iterations: number;
  /** Whether every fit did. */
  readonly converged: boolean;
}

/** @returns how many fits `fitProbe` makes */
export function fitCount(subsets: number, { l2, l2Grid = defaultL2Grid }: ProbeFitOptions): number {
  return subsets * (l2 === undefined ? l2Grid.length + 1 : 1);
}

const VALIDATION_SHARE = 5; // one in five
const HELD_OUT = 0x686f6c; // keeps these random numbers apart from those that draw subsets
/**
 * While choosing. Measured against 1e-5: the same loss to three digits wherever it was near the lowest, and so the
 * same choice (but where classes can be separated, and all weak penalties do as well), in half the time. What
 * stops early are the weakest penalties.
 */
const SEARCH_TOLERANCE = 1e-4;

/**
 * Fits a probe.
 *
 * @param data - the training examples
 * @param subsets - the examples of each fit, at least one subset
 * @throws RangeError on an option outside of its range
 * @throws Error where the data cannot be fitted, or no class has enough examples to hold one out
 */
export async function fitProbe(
  data: LabelledFeatures,
  subsets: readonly Int32Array[],
  options: ProbeFitOptions,
): Promise<FittedProbe> {
  const { gradientTolerance, maxIterations, onFit, signal } = options;
  const validation = options.l2 === undefined ? await search(data, subsets, options) : [];
  const l2 = options.l2 ?? validation.reduce((best, tried) => (tried.loss < best.loss ? tried : best)).l2;
  const fits: LogisticRegression[] = [];
  for (const subset of subsets) {
    signal?.throwIfAborted();
    using problem = new LogisticRegressionProblem(rowsOf(data, subset));
    fits.push(
      problem.fit({
        l2,
        ...(gradientTolerance !== undefined && { gradientTolerance }),
        ...(maxIterations !== undefined && { maxIterations }),
      }),
    );
    onFit?.();
    await setImmediate();
  }
  return {
    fits,
    examples: subsets[0]!.length,
    l2,
    validation,
    iterations: Math.max(...fits.map((fit) => fit.iterations)),
    converged: fits.every((fit) => fit.converged),
  };
}

/** The mean held-out cross-entropy of each `l2`, from the strongest down. */
async function search(
  data: LabelledFeatures,
  subsets: readonly Int32Array[],
  { l2Grid = defaultL2Grid, validation, seed, onFit, signal }: ProbeFitOptions,
): Promise<{ l2: number; loss: number }[]> {
  if (l2Grid.length === 0) throw new RangeError('l2Grid is empty; give values to choose from, or l2');
  const tried = [...l2Grid].sort((a, b) => b - a).map((l2) => ({ l2, loss: 0 }));
  for (const [s, subset] of subsets.entries()) {
    const parts = validation
      ? { fitted: subset, heldOut: null }
      : holdOut(data.labels, subset, new Random(seed, s, HELD_OUT));
    const unseen = validation ?? rowsOf(data, parts.heldOut!);
    using problem = new LogisticRegressionProblem(rowsOf(data, parts.fitted));
    let start: LogisticRegression | undefined;
    for (const entry of tried) {
      signal?.throwIfAborted();
      start = problem.fit({ l2: entry.l2, gradientTolerance: SEARCH_TOLERANCE, ...(start && { start }) });
      entry.loss += crossEntropy(logitsOf(start, unseen.features), unseen.labels) / subsets.length;
      onFit?.();
      await setImmediate();
    }
  }
  return tried;
}

/** Holds out a fifth of each class; of a class with two examples or fewer none. */
function holdOut(labels: Int32Array, subset: Int32Array, random: Random) {
  const byLabel = new Map<number, number[]>();
  for (const i of subset) {
    const members = byLabel.get(labels[i]!);
    if (members) members.push(i);
    else byLabel.set(labels[i]!, [i]);
  }
  const heldOut = [...byLabel.keys()]
    .sort((a, b) => a - b)
    .flatMap((label) => {
      const members = byLabel.get(label)!;
      return some(members, Math.round(members.length / VALIDATION_SHARE), random);
    });
  if (heldOut.length === 0) {
    throw new Error(
      `Of ${subset.length} training examples no class has three, so none can be held out to choose l2; give l2`,
    );
  }
  const held = new Set(heldOut);
  return { fitted: subset.filter((i) => !held.has(i)), heldOut: Int32Array.from(heldOut) };
}

/** The examples at `indices`. */
export function rowsOf(
  data: LabelledFeatures,
  indices: Int32Array,
): LabelledFeatures & { features: Float32Array } {
  const width = data.features.length / data.labels.length;
  const features = new Float32Array(indices.length * width);
  indices.forEach((i, row) => {
    features.set(data.features.subarray(i * width, (i + 1) * width), row * width);
  });
  return { features, labels: indices.map((i) => data.labels[i]!), classes: data.classes };
}

/** Mean of `−log softmax(logits)[label]`, in nats; `logits` `[N, K]`. */
function crossEntropy(logits: Float64Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  let sum = 0;
  labels.forEach((label, i) => {
    const own = logits.subarray(i * classes, (i + 1) * classes);
    const most = Math.max(...own);
    sum += most + Math.log(own.reduce((total, logit) => total + Math.exp(logit - most), 0)) - own[label]!;
  });
  return sum / labels.length;
}

/** The mean of the fits' logits, `[N, K]`; `features` `[N, F]`. */
export function probeLogits(fits: readonly LinearClassifier[], features: Float32Array): Float64Array {
  const mean = new Float64Array((features.length / fits[0]!.featureCount) * fits[0]!.classes);
  for (const fit of fits) {
    logitsOf(fit, features).forEach((logit, i) => {
      mean[i]! += logit / fits.length;
    });
  }
  return mean;
}
