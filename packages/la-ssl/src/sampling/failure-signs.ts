/**
 * @file The failures that a reader of the paper should watch for, told from the diagnostics of an update: speeds too
 * noisy, a few examples that dominate, a warm-up too short. None needs a label.
 *
 * The thresholds were measured on the drawn shapes and Colored MNIST with SimCLR (README of this folder).
 */
import type { SamplingDiagnostics } from './diagnostics.js';
import { type Knob, SCALINGS, type ScalingName } from './scaling/index.js';
import type { ChosenKnob } from './target.js';

export type FailureSign = 'noisy-speeds' | 'few-dominate' | 'speeds-mean-little' | 'target-missed';

/** Where a sign begins, and which side of it is good. */
export const FAILURE_THRESHOLDS = {
  /** `rankCorrelation` of the speeds of two updates; below, most of their order is new each time and the probabilities jump. */
  stability: 0.4,
  /** `effectiveSampleShare`; below, training by speed lost as often as it gained. */
  effectiveSampleShare: 0.12,
  /** `agreement` of new observations with the speeds before them; below, the AUROC was near that of chance. */
  agreement: 0.05,
} as const;

/** Fewer examples than these cannot tell an agreement of 0.05 from none: its standard error is 1/√N. */
const LEAST_EXAMPLES = 1000;

export interface FoundSign {
  readonly sign: FailureSign;
  /** What is the matter, with its figure, and what to do about it. */
  readonly text: string;
}

/** What of an update is looked at. */
export type WatchedDiagnostics = Pick<
  SamplingDiagnostics,
  'effectiveSampleSize' | 'effectiveSampleShare' | 'rankCorrelation' | 'agreement'
> & {
  /** Of the sampler's update; null without a target. */
  readonly chosen?: ChosenKnob | null;
};

/** How the probabilities were made: the remedy depends on it. */
export interface WatchedSettings {
  /** The effective sample size that was to be held: what falls short of it then is told, not what is small. */
  readonly targetEss?: number | undefined;
  /** The shape of h ('linear'); null where it is none of those by name. */
  readonly scaling?: ScalingName | null | undefined;
  /** Whether the speeds come from the training step, and not from a pass of so many views. */
  readonly inStep?: boolean;
}

const GENTLER: Record<Knob, string> = {
  gamma: 'Lower --gamma',
  power: 'Lower --power',
  scalingTemperature: 'Raise --scaling-temperature',
  slowestShare: 'Raise --slowest-share',
};

/**
 * @returns the signs that an update shows, none where all is well; what is not known (null) shows none
 */
export function failureSigns(
  { effectiveSampleSize, effectiveSampleShare, rankCorrelation, agreement, chosen }: WatchedDiagnostics,
  { targetEss, scaling = 'linear', inStep = false }: WatchedSettings = {},
): FoundSign[] {
  const { stability, effectiveSampleShare: leastSize, agreement: leastAgreement } = FAILURE_THRESHOLDS;
  const signs: FoundSign[] = [];
  const steadier = inStep ? 'measure them by --scoring full-pass' : 'give more --views-per-score';
  if (targetEss !== undefined && chosen && !chosen.reached) {
    signs.push({
      sign: 'target-missed',
      text:
        `an effective sample size of ${percent(targetEss)} cannot be had from these speeds; the nearest is ` +
        `${percent(effectiveSampleShare)}, with ${chosen.name} ${chosen.value.toPrecision(3)}. ` +
        'For a smaller one, lower --r or --uniform-share, or take another --scaling.',
    });
  }
  if (targetEss === undefined && effectiveSampleShare < leastSize) {
    signs.push({
      sign: 'few-dominate',
      text:
        `effective sample size fell to ${percent(effectiveSampleShare)}: few examples dominate. ` +
        (scaling === null
          ? 'Raise --uniform-share.'
          : `${GENTLER[SCALINGS[scaling].knob]}, give --uniform-share, or hold a size by --target-ess.`),
    });
  }
  if (rankCorrelation !== null && rankCorrelation < stability) {
    signs.push({
      sign: 'noisy-speeds',
      text:
        `the speeds jump from update to update (rank correlation ${rankCorrelation.toFixed(2)}). ` +
        `Lower --ema-weight, or ${steadier}.`,
    });
  }
  const examples = effectiveSampleSize / effectiveSampleShare;
  if (agreement !== null && agreement < leastAgreement && examples >= LEAST_EXAMPLES) {
    signs.push({
      sign: 'speeds-mean-little',
      text:
        `new measurements do not agree with the speeds before them (rank correlation ${agreement.toFixed(2)}): ` +
        `they mean little yet. Give more --warmup-epochs, or ${steadier}.`,
    });
  }
  return signs;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
