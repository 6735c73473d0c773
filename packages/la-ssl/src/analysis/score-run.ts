/** @file The learning speed of every training example under a run's network as it stands, and what the speeds tell. */
import { existsSync } from 'node:fs';
import { scope } from '@la-ssl/torch';
import type { Groups, ImageDataset } from '../data/index.js';
import { conflictingIsSlower } from '../sampling/index.js';
import {
  createRun,
  loadCheckpoint,
  type RunFolder,
  resolveConfig,
  scoreExamples,
} from '../training/index.js';

export interface ScoreRunOptions {
  /** V ≥ 2 views of each example; the speed is the mean over all their pairs. By default as in the run. */
  views?: number | undefined;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

export interface RunScores {
  /** `exp(cos / τ)` of fresh views, `[N]`; higher is faster. */
  speeds: Float64Array;
  /** Examples from the slowest to the fastest, `[N]`; equal ones in the order of the data set. */
  order: Int32Array;
  /** V of these speeds. */
  views: number;
  groups: Groups | null;
}

/**
 * Scores every training example with the run's last checkpoint, projector included. Same checkpoint, same speeds.
 * @param dataset - the training split that the run's config asks for
 * @throws Error where the run has no checkpoint, or what `signal` was aborted with
 */
export async function scoreRun(
  folder: RunFolder,
  dataset: ImageDataset,
  options: ScoreRunOptions = {},
): Promise<RunScores> {
  const config = resolveConfig(folder.readConfig());
  if (!existsSync(folder.checkpointFile)) {
    throw new Error(
      `${folder.path} has no checkpoint yet. Go on with it: la-ssl train --resume ${folder.path}`,
    );
  }
  const views = options.views ?? config.viewsPerScore;
  const { count } = dataset.shape;
  const parts = createRun(config, dataset);
  try {
    loadCheckpoint(folder.checkpointFile, {
      ...parts,
      config,
      sampler: null,
      probe: null,
      previousSpeeds: new Float64Array(count),
    });
    let done = 0;
    const speeds = await scoreExamples({
      method: parts.method,
      dataset,
      makeViews: parts.makeViews,
      seed: config.seed,
      batchSize: config.batchSize,
      viewsPerScore: views,
      pass: config.epochs, // a pass of its own, after those before each epoch
      onBatch: (examples) => {
        done += examples;
        options.onProgress?.(done, count);
      },
      signal: options.signal,
    });
    const order = Int32Array.from(speeds, (_, i) => i).sort((a, b) => speeds[a]! - speeds[b]! || a - b);
    return { speeds, order, views, groups: parts.groups };
  } finally {
    scope(() => {
      for (const tensor of parts.optimizer.stateDict().values()) tensor.dispose();
      parts.method.dispose();
    });
  }
}

/** What the speeds say of aligned and conflicting examples; null where that is not known. */
export interface ScoreSummary {
  examples: number;
  meanSpeed: number;
  aligned: { examples: number; meanSpeed: number } | null;
  conflicting: { examples: number; meanSpeed: number } | null;
  /** AUROC of "conflicting is slower". */
  conflictingIsSlower: number | null;
  /** Share of conflicting examples among the slowest `top`, and among all that are known. */
  conflictingShare: { slowest: number; all: number } | null;
}

/** @param top - how many of the slowest examples to look at */
export function summariseScores({ speeds, order, groups }: RunScores, top: number): ScoreSummary {
  const all = Array.from(order);
  const meanOf = (examples: readonly number[]): number =>
    examples.reduce((sum, i) => sum + speeds[i]!, 0) / examples.length;
  const kind = (members: readonly number[]): ScoreSummary['aligned'] =>
    members.length > 0 ? { examples: members.length, meanSpeed: meanOf(members) } : null;
  const flags = groups?.aligned;
  const known = flags ? all.filter((i) => flags[i]! >= 0) : [];
  const isConflicting = (i: number): boolean => flags?.[i] === 0;
  const slowest = known.slice(0, top);
  const shareOf = (examples: readonly number[]): number =>
    examples.filter(isConflicting).length / examples.length;
  return {
    examples: all.length,
    meanSpeed: meanOf(all),
    aligned: kind(known.filter((i) => !isConflicting(i))),
    conflicting: kind(known.filter(isConflicting)),
    conflictingIsSlower: conflictingIsSlower(
      known.map((i) => speeds[i]!),
      known.map(isConflicting),
    ),
    conflictingShare: known.length > 0 ? { slowest: shareOf(slowest), all: shareOf(known) } : null,
  };
}

/** An example's label, attributes and group by name; null where not known. */
export interface NamedExample {
  label: string | null;
  /** One value an attribute, in the order of `dataset.attributes`. */
  attributes: (string | null)[];
  group: string | null;
  aligned: boolean | null;
}

/** @param groups - `groupsOf(dataset)`; without it group and alignment are null */
export function describeExample(dataset: ImageDataset, i: number, groups: Groups | null): NamedExample {
  const alignment = groups?.aligned?.[i] ?? -1;
  return {
    label: dataset.classNames[dataset.labels?.[i] ?? -1] ?? null,
    attributes: dataset.attributes.map(({ values, codes }) => values[codes[i]!] ?? null),
    group: groups?.groups[groups.groupOf[i] ?? -1]?.name ?? null,
    aligned: alignment < 0 ? null : alignment === 1,
  };
}
