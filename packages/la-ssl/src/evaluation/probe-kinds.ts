/** @file The kinds of probes, and those that are no plain linear probe: last-layer retraining, nearest neighbours. */
import { type ImageDataset, subsetOf } from '../data/index.js';
import { DFR_DEFAULTS, type DfrOptions, fitDfr } from './dfr.js';
import { probeLogits, rowsOf } from './fit-probe.js';
import { KNN_DEFAULTS, knnProbabilities } from './knn.js';
import { mostLikely, softmax } from './linear-classifier.js';
import { type ProbeOutcome, type ProbeSet, probeOutcome } from './probe-outcome.js';

/** What each probe is fitted on, and with what. */
export const PROBE_KINDS = {
  biased: 'linear, on the training labels as they are',
  balanced: 'linear, on group-balanced training subsets; needs attributes',
  attribute: 'linear, of the attribute in place of the label; needs attributes',
  dfr: 'last layer retrained on group-balanced validation (or training) examples; needs attributes',
  knn: 'weighted nearest neighbours among the training examples',
} as const;
export type ProbeKind = keyof typeof PROBE_KINDS;

/** A probe that is told with how it was made, in words and numbers. */
export interface FurtherProbe extends ProbeOutcome {
  readonly examples: number;
  readonly converged: boolean;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** DFR on the validation examples where there are some with a known group, else on the training examples. */
export async function dfrProbe(
  { train, validation, test }: { train: ProbeSet; validation?: ProbeSet | undefined; test: ProbeSet },
  options: DfrOptions,
): Promise<FurtherProbe | null> {
  const onValidation = validation?.groups && hasKnown(validation.groups.groupOf);
  const set = onValidation ? validation : train;
  const retrainedOn = onValidation ? 'validation' : 'train';
  if (!set.groups || !hasKnown(set.groups.groupOf)) return null;
  const known = Int32Array.from(set.labels.keys()).filter((i) => set.groups!.groupOf[i]! >= 0);
  const { labels } = set;
  const classes = 1 + [set, train, test].reduce((most, own) => own.labels.reduce(max, most), 0);
  const data = rowsOf({ features: set.features, labels, classes }, known);
  const groups = { groups: set.groups.groups, groupOf: known.map((i) => set.groups!.groupOf[i]!) };
  const fitted = await fitDfr(data, groups, train.features, {
    refits: DFR_DEFAULTS.refits[retrainedOn],
    ...options,
  });
  const logits = probeLogits(fitted.fits, test.features);
  const predictions = mostLikely(logits, classes);
  return {
    ...probeOutcome(softmax(logits, classes), test.labels, test.groups, {
      predictions,
      clusters: test.clusters,
    }),
    examples: fitted.examples,
    converged: fitted.converged,
    settings: {
      retrainedOn,
      inverseStrength: fitted.inverseStrength,
      refits: fitted.fits.length,
    },
  };
}

/** The votes of the nearest training examples, with the defaults of `knn.ts`. */
export function knnProbe({ train, test }: { train: ProbeSet; test: ProbeSet }): FurtherProbe {
  const classes = 1 + [train, test].reduce((most, own) => own.labels.reduce(max, most), 0);
  const bank = { features: train.features, labels: train.labels, classes };
  return {
    ...probeOutcome(knnProbabilities(bank, test.features), test.labels, test.groups, {
      clusters: test.clusters,
    }),
    examples: train.labels.length,
    converged: true,
    settings: {
      neighbours: Math.min(KNN_DEFAULTS.neighbours, train.labels.length),
      temperature: KNN_DEFAULTS.temperature,
    },
  };
}

/** The examples that have a label: all that a probe can learn from or be measured on. */
export function labelledOnly(dataset: ImageDataset): ImageDataset {
  const { labels } = dataset;
  if (!labels?.includes(-1)) return dataset;
  return subsetOf(
    dataset,
    Int32Array.from(labels.keys()).filter((i) => labels[i]! >= 0),
  );
}

/** @throws Error where the labelled examples to learn from are of one class or none: there is nothing to tell apart */
export function requireClasses({ name, labels, classNames }: ImageDataset, work: string): void {
  if (!labels) return; // said by those who need them
  const present = [...new Set(labels)].map((label) => classNames[label] ?? String(label));
  if (present.length >= 2) return;
  const found =
    present.length === 0 ? 'None of them has a label' : `All that have a label are of ${present[0]}`;
  throw new Error(
    `${name}: ${work} needs training examples of two classes or more. ${found}. Add examples of another class, or take a data set or a --label-column with more. la-ssl score and la-ssl embed need no labels.`,
  );
}

const max = (a: number, b: number): number => Math.max(a, b);
function hasKnown(groupOf: ArrayLike<number>): boolean {
  return Array.prototype.some.call(groupOf, (group: number) => group >= 0);
}
