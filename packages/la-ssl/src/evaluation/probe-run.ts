/** @file The probes of a run: its encoder, its data set, the probes asked for. Made once, read back after. */
import { statSync } from 'node:fs';
import { setThreads } from '@la-ssl/torch';
import { evalTransform } from '../augment/index.js';
import { groupsOf, type ImageDataset, type TrainOrTest } from '../data/index.js';
import { createMethod, type RunFolder, resolveConfig } from '../training/index.js';
import { detailedMetrics } from './detailed-metrics.js';
import { extractFeatures } from './features.js';
import { linearProbe, type Probe } from './linear-probe.js';
import { type RunProbes, readProbes, type SavedProbe, writeProbes } from './probe-file.js';
import { withIntervals } from './probe-intervals.js';
import {
  dfrProbe,
  type FurtherProbe,
  knnProbe,
  labelledOnly,
  type ProbeKind,
  requireClasses,
} from './probe-kinds.js';
import type { ProbeSet } from './probe-outcome.js';
import { testScores } from './test-scores.js';

export interface ProbeRunOptions {
  /** Weight of the L2 penalty; without it chosen on the validation split, or a held-out part of the training examples. */
  l2?: number | undefined;
  /** Of the balanced subsets and the held-out part (0). */
  seed?: number | undefined;
  /** Make it anew even where it was made with the same options. */
  again?: boolean | undefined;
  /** Which probes; the biased one is always made (biased, balanced, attribute). */
  probes?: readonly ProbeKind[] | undefined;
  /** Whether figures beyond accuracy are wanted, which files of before do not have. */
  detail?: boolean | undefined;
  /** Told what is being done, in shares of the whole from 0 to 1. */
  onProgress?: (done: number, text: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * The splits of a run's data set; `validation` where it has one. Where a run is judged on that, `test` is the
 * validation split, `judgedOn` says so, and there is no other.
 */
export type ProbeRunData = Record<TrainOrTest, ImageDataset> & {
  validation?: ImageDataset | undefined;
  judgedOn?: 'validation' | undefined;
};

/** On which examples a run is judged: those for testing, for validation, or for validation where there are such. */
export const JUDGED_ON = ['test', 'validation', 'auto'] as const;
export type JudgedOn = (typeof JUDGED_ON)[number];

export const DEFAULT_PROBES: readonly ProbeKind[] = ['biased', 'balanced', 'attribute'];
/** Codes of a folder that may be read and not written. */
const READ_ONLY = ['EACCES', 'EPERM', 'EROFS'];
/** Shares of the work: features of training and test set, then the fits. */
const FEATURES_SHARE = 0.6;

/**
 * Probes a finished run on its own data set. Examples without a label are left out.
 * @param data - as the run's config asks for
 * @throws Error where the run is not finished, or the data set has no labels
 */
export async function probeRun(
  folder: RunFolder,
  data: ProbeRunData,
  options: ProbeRunOptions = {},
): Promise<RunProbes> {
  if (folder.status !== 'finished') {
    throw new Error(`${folder.path} is not finished. Go on with it: la-ssl train --resume ${folder.path}`);
  }
  const key = {
    l2: options.l2 ?? null,
    seed: options.seed ?? 0,
    encoder: statSync(folder.encoderFile).mtimeMs,
    ...(data.validation && { validation: data.validation.shape.count }),
    ...(data.judgedOn && { on: data.judgedOn }),
  };
  const saved = options.again ? null : readProbes(folder, key);
  const wanted = new Set<ProbeKind>(['biased', ...(options.probes ?? DEFAULT_PROBES)]);
  if (saved && [...wanted].every((kind) => isThere(saved, kind, options.detail ?? false))) {
    const probes = withIntervals(saved.probes, labelledOnly(data.test));
    if (probes !== saved.probes) await writeProbes(folder, key, saved.made, probes);
    return probes;
  }
  const made = new Set([...wanted, ...(saved?.made ?? [])]);
  const probes = await computeProbes(folder, data, made, options);
  try {
    await writeProbes(folder, key, made, probes);
    return probes;
  } catch (error) {
    const { code, cause, message } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
    if (!READ_ONLY.includes(code ?? cause?.code ?? '')) throw error;
    const unkept = `The probes are not kept, and will be made again: ${message}`;
    return { ...probes, warnings: [...probes.warnings, unkept] };
  }
}

function isThere(
  { made, probes }: NonNullable<ReturnType<typeof readProbes>>,
  kind: ProbeKind,
  withDetail: boolean,
): boolean {
  return made.has(kind) && !(withDetail && probes[kind] && !probes[kind].detail);
}

/** What the probes are made of. */
interface ProbeSets {
  train: ProbeSet;
  test: ProbeSet;
  validation?: ProbeSet | undefined;
}

async function computeProbes(
  folder: RunFolder,
  data: ProbeRunData,
  kinds: ReadonlySet<ProbeKind>,
  options: ProbeRunOptions,
): Promise<RunProbes> {
  const { l2, seed = 0, onProgress, signal } = options;
  const labelled = {
    train: labelledOnly(data.train),
    test: labelledOnly(data.test),
    ...(data.validation && { validation: labelledOnly(data.validation) }),
  };
  requireClasses(labelled.train, 'a probe');
  const sets = await featuresOfSplits(folder, labelled, options);
  const fits = (done: number, total: number, text: string) =>
    onProgress?.(FEATURES_SHARE + ((1 - FEATURES_SHARE) * done) / total, text);
  const linear = await linearProbe({
    ...sets,
    besides: (['balanced', 'attribute'] as const).filter((kind) => kinds.has(kind)),
    seed,
    ...(l2 !== undefined && { l2 }),
    onProgress: (done, total) => fits(done, total, 'fits'),
    ...(signal && { signal }),
  });
  let done = 0;
  const onFit = (total: number) => fits(++done, total, 'dfr');
  const dfr = kinds.has('dfr') ? await dfrProbe(sets, { seed, onFit, signal }) : null;
  const save = savingFor(labelled);
  return {
    biased: save(linear.biased),
    balanced: linear.balanced && save(linear.balanced),
    attribute: linear.attribute && save(linear.attribute, 'attribute'),
    dfr: dfr && save(dfr),
    knn: kinds.has('knn') ? save(knnProbe(sets)) : null,
    warnings: [...linear.warnings, ...(kinds.has('dfr') ? dfrWarnings(dfr) : [])],
  };
}

function dfrWarnings(dfr: FurtherProbe | null): string[] {
  if (!dfr)
    return ['dfr needs the attribute of each example, and this data set does not have it: it was not made.'];
  return dfr.converged
    ? []
    : ['Not every fit of dfr has converged; its accuracies may depend on where it stopped.'];
}

async function featuresOfSplits(
  folder: RunFolder,
  splits: ProbeRunData,
  { onProgress, signal }: ProbeRunOptions,
): Promise<ProbeSets> {
  const { train, test, validation } = splits;
  const config = resolveConfig(folder.readConfig());
  setThreads(config.threads);
  const method = createMethod(config, train.shape);
  try {
    folder.loadEncoder(method.encoder);
    const total = [train, test, validation].reduce((sum, split) => sum + (split?.shape.count ?? 0), 0);
    let before = 0;
    const setOf = async (dataset: ImageDataset): Promise<ProbeSet> => {
      const features = await extractFeatures(method.encoder, dataset, {
        transform: evalTransform(),
        precision: config.precision,
        onProgress: (done) => onProgress?.((FEATURES_SHARE * (before + done)) / total, 'features'),
        signal,
      });
      before += dataset.shape.count;
      return probeSet(dataset, features);
    };
    const sets = { train: await setOf(train), test: await setOf(test) };
    return validation && validation.shape.count > 0 ? { ...sets, validation: await setOf(validation) } : sets;
  } finally {
    method.dispose();
  }
}

function probeSet(dataset: ImageDataset, features: Float32Array): ProbeSet {
  if (!dataset.labels) throw new Error(`${dataset.name} has no labels to probe for.`);
  const attribute = dataset.attributes[0]?.codes;
  const { labels, clusters } = dataset;
  return { features, labels, groups: groupsOf(dataset), clusters, ...(attribute && { attribute }) };
}

/** What makes a probe into what is saved of it, with all figures. */
function savingFor(data: ProbeRunData) {
  return (probe: Probe | FurtherProbe, of: 'label' | 'attribute' = 'label'): SavedProbe => {
    const { metrics, predictions, probabilities, examples, converged } = probe;
    return {
      metrics,
      predictions,
      probabilities,
      detail: detailedMetrics(testScores(data, probe, of)),
      ...('l2' in probe ? { l2: probe.l2 } : { settings: probe.settings }),
      examples,
      converged,
    };
  };
}
