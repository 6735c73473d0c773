/** @file What precedes the draws of an epoch: similarities are measured where a pass is due, and the probabilities follow. */
import type { ImageDataset } from '../data/index.js';
import { Random } from '../random.js';
import { failureSigns, samplingDiagnostics, type WatchedSettings } from '../sampling/index.js';
import type { Position, RunState } from './checkpoint.js';
import type { ResolvedConfig } from './config.js';
import type { MetricsEvent } from './events.js';
import type { RunFolder } from './run-folder.js';
import { scoreExamples } from './scoring.js';
import type { RunParts } from './setup.js';
import { writeSpeeds } from './speeds-file.js';
import type { Stopwatch } from './stopwatch.js';

/** A run as far as it has come. */
export interface RunInProgress {
  readonly config: ResolvedConfig;
  readonly options: { dataset: ImageDataset; folder: RunFolder; signal?: AbortSignal | undefined };
  readonly parts: RunParts;
  readonly state: RunState;
  readonly position: Position;
  readonly stopwatch: Stopwatch | null;
  /** Takes a line of the metrics. */
  log: (event: MetricsEvent) => void;
}

/** Third word of the key of random numbers that choose whom to rescore. */
const RESCORE = 0x7265736f;

/**
 * The pass before an epoch, taken in by the monitor: over so many examples, all or those of which the least is known.
 * @param onBatch - told how many examples were scored since the last time
 * @returns false where a similarity is NaN; the monitor then stays as it was
 */
export async function scorePass(
  { config, options, parts, position, stopwatch }: RunInProgress,
  count: number,
  onBatch: (examples: number) => void,
): Promise<boolean> {
  stopwatch?.to('scoring');
  const started = performance.now();
  const { seed } = config;
  const { epoch } = position;
  const examples =
    config.scoring === 'full-pass'
      ? Int32Array.from({ length: count }, (_, i) => i)
      : parts.monitor.leastKnown(count, epoch, new Random(seed, epoch, RESCORE));
  const similarities = await scoreExamples({
    method: parts.method,
    dataset: options.dataset,
    examples,
    makeViews: parts.makeViews,
    seed,
    batchSize: config.batchSize,
    viewsPerScore: config.viewsPerScore,
    pass: epoch,
    onBatch,
    signal: options.signal,
  });
  if (similarities.some(Number.isNaN)) return false;
  parts.monitor.observe(examples, similarities, epoch);
  position.scoringSeconds = (performance.now() - started) / 1000;
  stopwatch?.to();
  return true;
}

/** New probabilities, their diagnostics into the metrics, the speeds behind them into a file. */
export async function updateProbabilities(run: RunInProgress): Promise<void> {
  const { config, parts, position, state, options, stopwatch } = run;
  stopwatch?.to('sampling');
  const { epoch, warned } = position;
  const { monitor, groups, conflicting } = parts;
  const { speeds, weights: seen } = monitor;
  const update = state.sampler?.update(epoch) ?? null;
  const probabilities = parts.sampler.probabilitiesFor(epoch);
  const news = monitor.takeNews();
  const diagnostics = samplingDiagnostics({
    probabilities,
    speeds,
    seen,
    ...(position.hasPrevious && { previousSpeeds: state.previousSpeeds, news }),
    ...(conflicting && { conflicting }),
    ...(groups && { groups: { codes: groups.groupOf, names: groups.groups.map(({ name }) => name) } }),
  });
  run.log({
    kind: 'update',
    epoch,
    ...diagnostics,
    threshold: update?.threshold ?? null,
    chosen: update?.chosen ?? null,
    uniformBecause: update?.uniformBecause ?? null,
  });
  const signs = update ? failureSigns({ ...diagnostics, ...update }, watchedSettings(config)) : [];
  for (const { sign, text } of signs) {
    if (warned.includes(sign)) continue; // each once in a run
    warned.push(sign);
    run.log({ kind: 'warning', epoch, sign, text });
  }
  state.previousSpeeds.set(speeds);
  position.hasPrevious = true;
  stopwatch?.to('writing');
  await writeSpeeds(options.folder.file(`speeds/epoch-${String(epoch).padStart(4, '0')}.parquet`), {
    epoch,
    ids: options.dataset.ids,
    groups: options.dataset.ids.map((_, i) => groups?.groups[groups.groupOf[i] ?? -1]?.name ?? null),
    speeds: Array.from(speeds, (speed, i) => (seen[i] ? speed : null)),
    probabilities,
  });
  stopwatch?.to();
}

/** High-loss has no scaling function, and its configuration may hold a target that is for others. */
function watchedSettings({ sampler, targetEss, scaling, scoring }: ResolvedConfig): WatchedSettings {
  const inStep = scoring === 'in-step';
  return sampler === 'high-loss' ? { scaling: null, inStep } : { targetEss, scaling, inStep };
}
