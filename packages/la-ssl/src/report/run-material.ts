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
  /** Updates whose speeds are read, two or more, first and last among them (4): their files may be large. */
  updates?: number;
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
  /** Why there can be none, where there should be one. */
  mapProblem: string | null;
}

/** @throws Error where a folder is no run; what is merely missing is null */
export async function readMaterial(
  paths: readonly string[],
  options: MaterialOptions,
): Promise<RunMaterial[]> {
  const material: RunMaterial[] = [];
  for (const run of readRuns(paths)) material.push(await materialOf(run, options));
  return material;
}

/** What one run has. @throws Error where a file of its speeds is damaged, and what the signal was aborted with */
export async function materialOf(run: RunRecord, options: MaterialOptions): Promise<RunMaterial> {
  const updates: UpdateSpeeds[] = [];
  for (const file of spread(run.speedFiles, options.updates ?? 4)) updates.push(await readUpdate(file));
  const { dataset, problem } = await loaded(run, options);
  const last = updates.at(-1);
  const speeds = await lastSpeeds(run.folder, last);
  const usable = dataset && speeds && speeds.values.length === dataset.shape.count ? dataset : null;
  const order = speeds ? slowestFirst(speeds.values) : [];
  const { pictures = 24 } = options;
  const shown = Math.min(pictures, Math.floor(order.length / 2));
  const drawn = (indices: readonly number[]): Promise<Picture[]> =>
    usable ? picturesOf(usable, indices, speeds!.values) : Promise.resolve([]);
  const isMapped = dataset && run.status === 'finished' && dataset.shape.count >= 3;
  const { map, mapProblem } = await mapped(isMapped ? dataset : null, run, options);
  return {
    run,
    dataset,
    datasetProblem: problem,
    updates,
    kinds: last ? kindsOfExamples(dataset, last.groups) : null,
    speeds,
    slowest: await drawn(order.slice(0, shown)),
    fastest: await drawn(order.slice(order.length - shown).reverse()),
    map,
    mapProblem,
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
    if (isAbort(error, signal)) throw error;
    return { dataset: null, problem: (error as Error).message };
  }
}

async function mapped(
  dataset: ImageDataset | null,
  run: RunRecord,
  { mapped = 800, onProgress, signal }: MaterialOptions,
): Promise<Pick<RunMaterial, 'map' | 'mapProblem'>> {
  if (!dataset) return { map: null, mapProblem: null };
  try {
    const told = (done: number, total: number): void => onProgress?.(run, done, total);
    return { map: await mapExamples(run, dataset, mapped, { signal, onProgress: told }), mapProblem: null };
  } catch (error) {
    if (isAbort(error, signal)) throw error;
    return { map: null, mapProblem: (error as Error).message };
  }
}

/** Whether an error is no failure, but the end that was asked for. */
export function isAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true || (error as Error).name === 'AbortError';
}

async function lastSpeeds(folder: RunFolder, last: UpdateSpeeds | undefined): Promise<RunMaterial['speeds']> {
  if (last) return { values: last.speeds, from: `moving average before epoch ${last.epoch + 1}` };
  const values = await readScores(folder);
  return values && { values, from: 'measured by la-ssl score' };
}
