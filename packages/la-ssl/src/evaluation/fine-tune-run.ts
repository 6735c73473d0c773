/** @file The fine-tuning of a run: begun, gone on with, or read back once it is done. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { setThreads } from '@la-ssl/torch';
import type { ImageDataset } from '../data/index.js';
import {
  changedOptions,
  createMethod,
  lockFolder,
  type ResolvedConfig,
  type RunFolder,
} from '../training/index.js';
import { type DetailedMetrics, detailedMetrics } from './detailed-metrics.js';
import { type FineTuneOptions, fineTune } from './fine-tune.js';
import type { ProbeOutcome } from './probe-outcome.js';
import { testScores } from './test-scores.js';

/** What changes the numbers of a fine-tuning. */
export type FineTuneSettings = Omit<FineTuneOptions, 'precision' | 'onStep' | 'signal' | 'checkpoint'>;

export interface FineTuneResult {
  readonly options: FineTuneSettings;
  /** When the encoder was written, in ms; absent in files from before it was kept. */
  readonly encoder?: number;
  /** Mean of the last epoch, in nats. */
  readonly loss: number;
  readonly metrics: ProbeOutcome['metrics'];
  readonly detail: DetailedMetrics;
}

const RESULT_FILE = 'finetune.json';
const CHECKPOINT_FILE = 'finetune.checkpoint.safetensors';

/**
 * The result of a finished fine-tuning of this encoder with these options; null where there is none.
 * @throws Error that names the file and says what to do, where it is damaged
 */
export function savedFineTune(folder: RunFolder, options: FineTuneSettings): FineTuneResult | null {
  const file = folder.file(RESULT_FILE);
  if (!existsSync(file)) return null;
  const saved = parsed(file);
  const isOfEncoder = saved.encoder === undefined || saved.encoder === writtenAt(folder);
  return isOfEncoder && changedOptions(saved.options, options) === '' ? saved : null;
}

/**
 * Fine-tunes a copy of a run's encoder, from the checkpoint of one that was stopped if there is one: to the same numbers as
 * if it had not been. The result goes into `finetune.json`.
 * @param again - forget the checkpoint
 * @returns `interrupted` where `signal` stopped it, with a checkpoint: call again to go on
 * @throws Error as `fineTune`, and where another process works on the run or the checkpoint is of other options
 */
export async function fineTuneRun(
  folder: RunFolder,
  config: ResolvedConfig,
  data: { train: ImageDataset; test: ImageDataset },
  options: FineTuneSettings,
  { again, ...watch }: Pick<FineTuneOptions, 'onStep' | 'signal'> & { again?: boolean | undefined } = {},
): Promise<FineTuneResult | 'interrupted'> {
  const unlock = lockFolder(folder.path, 'worked on');
  try {
    const file = folder.file(CHECKPOINT_FILE);
    if (again) rmSync(file, { force: true });
    removePartial(folder);
    setThreads(config.threads);
    const method = createMethod(config, data.train.shape);
    try {
      folder.loadEncoder(method.encoder);
      const encoder = writtenAt(folder);
      const { precision } = config;
      const checkpoint = { file, key: { ...options, precision, encoder } };
      const { loss, ...outcome } = await fineTune(method.encoder, data, {
        ...{ ...options, ...watch, precision, checkpoint },
      });
      const detail = detailedMetrics(testScores(data, outcome));
      const result = { options, encoder, loss, metrics: outcome.metrics, detail };
      await folder.writeJson(RESULT_FILE, result);
      rmSync(file, { force: true });
      return result;
    } catch (error) {
      if (watch.signal?.aborted && error === watch.signal.reason) return 'interrupted';
      throw error;
    } finally {
      method.dispose();
    }
  } finally {
    unlock();
  }
}

function parsed(file: string): FineTuneResult {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as FineTuneResult;
  } catch (error) {
    throw new Error(`${file} is damaged (${(error as Error).message}). Fine-tune anew: --again`, {
      cause: error,
    });
  }
}

function writtenAt(folder: RunFolder): number {
  return statSync(folder.encoderFile).mtimeMs;
}

/** Removes what a kill left half. */
function removePartial(folder: RunFolder): void {
  for (const name of readdirSync(folder.path)) {
    if (name.startsWith(`${CHECKPOINT_FILE}.`)) rmSync(folder.file(name), { force: true });
  }
}
