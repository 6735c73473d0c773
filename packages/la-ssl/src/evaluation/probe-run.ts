/**
 * @file The linear probe of a run: its encoder, its data set, the three probes, and the files that they leave.
 *
 * `probe.json` holds the accuracies with their intervals, `probe.safetensors` the prediction for each test example,
 * so that runs can be compared example by example later. A probe that was made with the same options is read back.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { fromData, loadSafetensors, saveSafetensors, scope, setThreads } from '@la-ssl/torch';
import { evalTransform } from '../augment/index.js';
import { groupsOf, type ImageDataset, type TrainOrTest } from '../data/index.js';
import { createMethod, type RunFolder, resolveConfig } from '../training/index.js';
import { extractFeatures } from './features.js';
import type { FittedProbe } from './fit-probe.js';
import { type LinearProbeResult, linearProbe, type Probe } from './linear-probe.js';

export interface ProbeRunOptions {
  /** Weight of the L2 penalty; without it chosen on a held-out part of the training examples. */
  l2?: number | undefined;
  /** Of the balanced subsets and the held-out part (0). */
  seed?: number | undefined;
  /** Make it anew even where it was made with the same options. */
  again?: boolean | undefined;
  /** Told what is being done, in shares of the whole from 0 to 1. */
  onProgress?: (done: number, text: string) => void;
  signal?: AbortSignal | undefined;
}

/** A probe as it is saved: without the coefficients. */
export type SavedProbe = Omit<Probe, keyof FittedProbe> & Pick<FittedProbe, 'l2' | 'examples' | 'converged'>;

/** What a run's probes say. */
export interface RunProbes {
  biased: SavedProbe;
  balanced: SavedProbe | null;
  attribute: SavedProbe | null;
  warnings: readonly string[];
}

const PROBES = ['biased', 'balanced', 'attribute'] as const;
/** Shares of the work: features of training and test set, then the fits. */
const FEATURES_SHARE = 0.6;

/**
 * Probes a finished run on its own data set.
 * @param data - as the run's config asks for
 * @throws Error where the run is not finished, or the data set has no labels
 */
export async function probeRun(
  folder: RunFolder,
  data: Record<TrainOrTest, ImageDataset>,
  options: ProbeRunOptions = {},
): Promise<RunProbes> {
  if (folder.status !== 'finished') {
    throw new Error(`${folder.path} is not finished. Go on with it: la-ssl train --resume ${folder.path}`);
  }
  const key = {
    l2: options.l2 ?? null,
    seed: options.seed ?? 0,
    encoder: statSync(folder.encoderFile).mtimeMs,
  };
  const saved = options.again ? null : readProbes(folder, key);
  if (saved) return saved;
  const result = await computeProbes(folder, data, options);
  const probes: RunProbes = {
    biased: withoutFits(result.biased),
    balanced: result.balanced && withoutFits(result.balanced),
    attribute: result.attribute && withoutFits(result.attribute),
    warnings: result.warnings,
  };
  await writeProbes(folder, key, probes);
  return probes;
}

async function computeProbes(
  folder: RunFolder,
  { train, test }: Record<TrainOrTest, ImageDataset>,
  { l2, seed = 0, onProgress, signal }: ProbeRunOptions,
): Promise<LinearProbeResult> {
  const config = resolveConfig(folder.readConfig());
  setThreads(config.threads);
  const method = createMethod(config, train.shape);
  try {
    scope(() => method.encoder.loadStateDict(loadSafetensors(folder.encoderFile).tensors));
    const total = train.shape.count + test.shape.count;
    const featuresOf = (dataset: ImageDataset, before: number): Promise<Float32Array> =>
      extractFeatures(method.encoder, dataset, {
        transform: evalTransform(),
        precision: config.precision,
        onProgress: (done) => onProgress?.((FEATURES_SHARE * (before + done)) / total, 'features'),
        signal,
      });
    const [trainFeatures, testFeatures] = [
      await featuresOf(train, 0),
      await featuresOf(test, train.shape.count),
    ];
    return await linearProbe({
      train: probeSet(train, trainFeatures),
      test: probeSet(test, testFeatures),
      seed,
      ...(l2 !== undefined && { l2 }),
      onProgress: (done, fits) => onProgress?.(FEATURES_SHARE + ((1 - FEATURES_SHARE) * done) / fits, 'fits'),
      ...(signal && { signal }),
    });
  } finally {
    method.dispose();
  }
}

function probeSet(dataset: ImageDataset, features: Float32Array) {
  if (!dataset.labels) throw new Error(`${dataset.name} has no labels to probe for.`);
  const attribute = dataset.attributes[0]?.codes;
  return { features, labels: dataset.labels, groups: groupsOf(dataset), ...(attribute && { attribute }) };
}

function withoutFits({ metrics, predictions, l2, examples, converged }: Probe): SavedProbe {
  return { metrics, predictions, l2, examples, converged };
}

async function writeProbes(folder: RunFolder, key: unknown, probes: RunProbes): Promise<void> {
  scope(() => {
    const predictions = PROBES.flatMap((name) => {
      const probe = probes[name];
      return probe ? [[name, fromData(probe.predictions)] as const] : [];
    });
    saveSafetensors(folder.file('probe.safetensors'), predictions);
  });
  const lean = (probe: SavedProbe | null) => probe && { ...probe, predictions: undefined };
  await folder.writeJson('probe.json', {
    key,
    biased: lean(probes.biased),
    balanced: lean(probes.balanced),
    attribute: lean(probes.attribute),
    warnings: probes.warnings,
  });
}

/** @returns null where there is none, or one that was made with other options or of another encoder */
function readProbes(folder: RunFolder, key: unknown): RunProbes | null {
  const file = folder.file('probe.json');
  if (!existsSync(file) || !existsSync(folder.file('probe.safetensors'))) return null;
  const saved = JSON.parse(readFileSync(file, 'utf8')) as RunProbes & { key: unknown };
  if (JSON.stringify(saved.key) !== JSON.stringify(key)) return null;
  return scope(() => {
    const { tensors } = loadSafetensors(folder.file('probe.safetensors'));
    const whole = (name: (typeof PROBES)[number]): SavedProbe | null => {
      const predictions = tensors.get(name)?.data();
      return saved[name] && predictions ? { ...saved[name], predictions: predictions as Int32Array } : null;
    };
    const biased = whole('biased');
    if (!biased) return null;
    return { biased, balanced: whole('balanced'), attribute: whole('attribute'), warnings: saved.warnings };
  });
}
