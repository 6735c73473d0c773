/**
 * @file What a run tells while it trains. The same objects are the lines of `metrics.jsonl`, but for `progress`.
 */
import type { ChosenKnob, FailureSign, SamplingDiagnostics } from '../sampling/index.js';
import type { Profile } from './stopwatch.js';

/** Every few steps. */
export interface StepEvent {
  kind: 'step';
  epoch: number;
  /** Optimizer steps done so far in the whole run. */
  step: number;
  /** Mean loss since the last such line, nats. */
  loss: number;
  lr: number;
  /** Means of what the method tells beside its loss (`docs/methods.md`), by name; where it tells any. */
  terms?: Record<string, number>;
}

/** At the end of an epoch. */
export interface EpochEvent {
  kind: 'epoch';
  epoch: number;
  step: number;
  /** Mean loss of the epoch, nats. */
  loss: number;
  /** Mean similarity of two views in the training step. */
  similarity: number;
  /** Share of the epoch's draws that were conflicting, where that is known. */
  conflictingDraws: number | null;
  /** Of the training steps, and of the scoring pass before them. These times differ from run to run. */
  seconds: number;
  scoringSeconds: number;
  /** Images, not views, a second of the training steps: the epoch's draws over its `seconds`. */
  examplesPerSecond: number;
}

/** Before an epoch in which the probabilities are (or, for another sampler, would be) updated. */
export interface UpdateEvent extends SamplingDiagnostics {
  kind: 'update';
  /** First epoch that is drawn with these probabilities. */
  epoch: number;
  /** s*; null where the sampler does not go by speed, or its scaling function has no bend. */
  threshold: number | null;
  /** What was chosen to hold the target effective sample size; null without one. */
  chosen: ChosenKnob | null;
  /** Why LA-SSL fell back to uniform draws, if it did. */
  uniformBecause: string | null;
}

/** After an update that shows, for the first time in the run, a sign of failure; see `failureSigns`. */
export interface WarningEvent {
  kind: 'warning';
  /** That of the update. */
  epoch: number;
  sign: FailureSign;
  /** What is the matter, with its figure, and what to do about it. */
  text: string;
}

/** Before the first epoch and at the end of some: what the features are worth on training examples; see `OnlinePlan`. */
export interface OnlineEvent {
  kind: 'online';
  /** Epochs done: 0 is the untrained encoder. */
  epoch: number;
  /** Optimizer steps done. */
  step: number;
  /** Share of the queries whose class most of their neighbours have. */
  knnAccuracy: number;
  /** Share of the queries that the probe, which learns along, gets right; null before the first step. */
  probeAccuracy: number | null;
  /** How many queries. */
  queries: number;
  /** What it took. */
  seconds: number;
}

/** Where asked for: where the time went since the last such line. One an epoch, one at a checkpoint inside, one at the end. */
export interface ProfileEvent {
  kind: 'profile';
  /** Epochs done. */
  epoch: number;
  /** Optimizer steps done. */
  step: number;
  /** By part; together the time that passed. */
  seconds: Profile;
}

/** Often, for a progress bar; not written to the metrics. */
export interface ProgressEvent {
  kind: 'progress';
  phase: 'train' | 'score';
  epoch: number;
  epochs: number;
  /** Work done and to do in the whole run, in examples passed through the encoder. */
  done: number;
  total: number;
  loss: number | null;
}

/** What a user should know before it starts; not written to the metrics. */
export interface NoteEvent {
  kind: 'note';
  text: string;
}

export type MetricsEvent = StepEvent | EpochEvent | UpdateEvent | WarningEvent | OnlineEvent | ProfileEvent;
export type TrainEvent = MetricsEvent | ProgressEvent | NoteEvent;
