/** @file All that the page of a run is made of: what its folder has, and what its data set and encoder give. */
import type { ImageDataset } from '../data/index.js';
import type { RunFolder } from '../training/index.js';
import type { Picture } from './parts.js';
import {
  type ExampleMap,
  type Kinds,
  kindsOfExamples,
  mapExamples,
  picturesOf,
  slowestFirst,
} from './run-examples.js';
import { type RunRecord, readRuns } from './run-record.js';
import { readScores, readUpdate, spread, type UpdateSpeeds } from './update-speeds.js';

export interface MaterialOptions {
  /** Loads the training examples of a run; null where none are wanted: no pictures, no map. */
  load: ((run: RunRecord) => Promise<ImageDataset>) | null;
  /** Pictures of the slowest and of the fastest examples, each (24). */
  pictures?: number;
  /** Examples on the map (800). */
  mapped?: number;
  onProgress?: (run: RunRecord, done: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

export interface RunMaterial {
  run: RunRecord;
  /** Null where it is not wanted or cannot be loaded. */
  dataset: ImageDataset | null;
  /** Why it cannot be loaded. */
  datasetProblem: string | null;
  /** Some, first and last among them. */
  updates: readonly UpdateSpeeds[];
  /** Null without updates. */
  kinds: Kinds | null;
  /** Of every training example, the last that are known; and where they come from. */
  speeds: { values: Float64Array; from: string } | null;
  slowest: readonly Picture[];
  fastest: readonly Picture[];
  map: ExampleMap | null;
}

/** So many updates are read: their files may be large. */
const UPDATES = 4;

/** @throws Error where a folder is no run; what is merely missing is null */
export async function readMaterial(
  paths: readonly string[],
  options: MaterialOptions,
): Promise<RunMaterial[]> {
  const material: RunMaterial[] = [];
  for (const run of readRuns(paths)) material.push(await materialOf(run, options));
  return material;
}

async function materialOf(run: RunRecord, options: MaterialOptions): Promise<RunMaterial> {
  const updates: UpdateSpeeds[] = [];
  for (const file of spread(run.speedFiles, UPDATES)) updates.push(await readUpdate(file));
  const { dataset, problem } = await loaded(run, options);
  const last = updates.at(-1);
  const speeds = await lastSpeeds(run.folder, last);
  const usable = dataset && speeds && speeds.values.length === dataset.shape.count ? dataset : null;
  const order = speeds ? slowestFirst(speeds.values) : [];
  const { pictures = 24, mapped = 800, onProgress, signal } = options;
  const shown = Math.min(pictures, Math.floor(order.length / 2));
  const drawn = (indices: readonly number[]): Promise<Picture[]> =>
    usable ? picturesOf(usable, indices, speeds!.values) : Promise.resolve([]);
  const isMapped = dataset && run.status === 'finished' && dataset.shape.count >= 3;
  return {
    run,
    dataset,
    datasetProblem: problem,
    updates,
    kinds: last ? kindsOfExamples(dataset, last.groups) : null,
    speeds,
    slowest: await drawn(order.slice(0, shown)),
    fastest: await drawn(order.slice(order.length - shown).reverse()),
    map: isMapped
      ? await mapExamples(run, dataset, mapped, {
          signal,
          onProgress: (done, total) => onProgress?.(run, done, total),
        })
      : null,
  };
}

async function loaded(
  run: RunRecord,
  { load, signal }: MaterialOptions,
): Promise<{ dataset: ImageDataset | null; problem: string | null }> {
  if (!load) return { dataset: null, problem: null };
  try {
    return { dataset: await load(run), problem: null };
  } catch (error) {
    if (signal?.aborted || (error as Error).name === 'AbortError') throw error;
    return { dataset: null, problem: (error as Error).message };
  }
}

async function lastSpeeds(folder: RunFolder, last: UpdateSpeeds | undefined): Promise<RunMaterial['speeds']> {
  if (last) return { values: last.speeds, from: `moving average before epoch ${last.epoch + 1}` };
  const values = await readScores(folder);
  return values && { values, from: 'measured by la-ssl score' };
}
