/** @file How long runs take: from those that are finished, from those that run, or from a few steps that were timed. */
import { availableParallelism } from 'node:os';
import type { ResolvedConfig } from '../training/index.js';
import { configKey, type StudyRun } from './plan.js';

/** Options on which the time of an example and epoch depends. */
const COSTS: ReadonlySet<string> = new Set([
  ...[
    'dataset',
    'imageSize',
    'method',
    'encoder',
    'stem',
    'width',
    'patchSize',
    'depth',
    'hidden',
    'projections',
  ],
  ...['prototypes', 'maskRatio', 'decoderDepth', 'decoderWidth', 'batchSize', 'accumulate', 'localCrops'],
  ...['localCropSize', 'scoring', 'rescoreShare', 'scoreEvery', 'viewsPerScore', 'precision', 'threads'],
]);
/** Of the time of a run, as long as no probe was timed. */
const PROBE_SHARE = 0.1;

/** Runs with the same key need the same time for the same work. */
export function costKey(config: ResolvedConfig): string {
  return configKey(
    config,
    Object.keys(config).filter((name) => !COSTS.has(name)),
  );
}

/** Examples × epochs; of a data set that is taken whole, epochs. */
export function workOf({ examples = 1, epochs }: ResolvedConfig): number {
  return examples * epochs;
}

export class Estimator {
  /** Seconds for a unit of work, by kind of run. */
  readonly #rates = new Map<string, { seconds: number; work: number }>();
  readonly #probes: number[] = [];
  readonly #timed: Readonly<Record<string, number>>;

  /** @param timed - seconds for a unit of work by `costKey`, for kinds of which no run is finished */
  constructor(timed: Readonly<Record<string, number>> = {}) {
    this.#timed = timed;
  }

  /** A run was trained, in so many seconds. */
  trained({ config }: StudyRun, seconds: number): void {
    const { seconds: before, work } = this.#rates.get(costKey(config)) ?? { seconds: 0, work: 0 };
    this.#rates.set(costKey(config), { seconds: before + seconds, work: work + workOf(config) });
  }

  probed(seconds: number): void {
    this.#probes.push(seconds);
  }

  knows({ config }: StudyRun): boolean {
    const key = costKey(config);
    return this.#rates.has(key) || this.#timed[key] !== undefined;
  }

  /** Seconds that a run takes; null where nothing like it is known. */
  secondsOf(run: StudyRun): { train: number; probe: number } | null {
    const key = costKey(run.config);
    const own = this.#rates.get(key);
    const all = [...this.#rates.values()];
    const rate = own
      ? own.seconds / own.work
      : (this.#timed[key] ?? all.reduce((sum, { seconds, work }) => sum + seconds / work, 0) / all.length);
    if (!Number.isFinite(rate)) return null;
    const train = rate * workOf(run.config);
    const probes = this.#probes;
    const probe = probes.length > 0 ? probes.reduce((a, b) => a + b, 0) / probes.length : PROBE_SHARE * train;
    return { train, probe };
  }

  /**
   * Seconds until all are done, side by side.
   * @param left - each with the shares of its training and of its probe that are left, 0 to 1
   * @returns null where nothing is known of one of them
   */
  left(left: readonly { run: StudyRun; train: number; probe: number }[], parallel: number): number | null {
    let sum = 0;
    let longest = 0;
    for (const { run, train, probe } of left) {
      const estimate = this.secondsOf(run);
      if (!estimate) return null;
      const seconds = estimate.train * train + estimate.probe * probe;
      sum += seconds;
      longest = Math.max(longest, seconds);
    }
    return Math.max(sum / parallel, longest);
  }
}

/** How many runs go side by side: as many as processors and memory hold. @param memory - bytes that are free */
export function parallelRuns(
  { parallel, memoryPerRunGiB }: { parallel?: number | undefined; memoryPerRunGiB: number },
  threads: number,
  memory: number,
  processors = availableParallelism(),
): number {
  if (parallel !== undefined) return parallel;
  const byMemory = Math.floor(memory / (memoryPerRunGiB * 2 ** 30));
  return Math.max(1, Math.min(Math.floor(processors / threads), byMemory));
}
