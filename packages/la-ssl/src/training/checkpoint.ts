/**
 * @file A checkpoint: all that a run needs to go on to the very same numbers, in one safetensors file.
 *
 * Views and draws follow from (seed, epoch, step), so there is no state of a random generator to save: weights and
 * buffers, the optimizer's buffers, the monitor's speeds, the sampler's probabilities, and where the run stands.
 */
import {
  fromData,
  loadSafetensors,
  noGrad,
  type optim,
  saveSafetensors,
  scope,
  type Tensor,
} from '@la-ssl/torch';
import type { Method } from '../methods/index.js';
import type { FailureSign, LearningSpeedMonitor, LearningSpeedSampler } from '../sampling/index.js';
import { changedOptions, partOf, prefixed } from './checkpoint-parts.js';
import type { ResolvedConfig } from './config.js';
import type { OnlineProbe } from './online-probe.js';

/** Where a run stands: the next thing to do is step `step` of epoch `epoch`. */
export interface Position {
  epoch: number;
  step: number;
  /** Whether the scoring and the update that precede this epoch are done. */
  prepared: boolean;
  /** Bytes of `metrics.jsonl` that belong to what was done. */
  metricsLength: number;
  /** Sums over the epoch so far. */
  lossSum: number;
  similaritySum: number;
  /** Sum since the last `step` line of the metrics. */
  lossSinceLine: number;
  /** The same of the loss's terms, by name. */
  termsSinceLine: Record<string, number>;
  /** Spent on this epoch's training, and on the scoring before it. */
  seconds: number;
  scoringSeconds: number;
  /** Speeds at the update before, for their rank correlation: false in the warm-up. */
  hasPrevious: boolean;
  /** Signs of failure that were told. */
  warned: FailureSign[];
}

/** Where a run begins. */
export const START: Position = {
  epoch: 0,
  step: 0,
  prepared: false,
  metricsLength: 0,
  lossSum: 0,
  similaritySum: 0,
  lossSinceLine: 0,
  termsSinceLine: {},
  seconds: 0,
  scoringSeconds: 0,
  hasPrevious: false,
  warned: [],
};

export interface RunState {
  config: ResolvedConfig;
  method: Method;
  optimizer: optim.Optimizer;
  monitor: LearningSpeedMonitor;
  sampler: LearningSpeedSampler | null;
  /** Learns along; null where there is none, and one that was saved is left where it is. */
  probe: OnlineProbe | null;
  /** Speeds at the last update, `[N]`; of no meaning before the first. */
  previousSpeeds: Float64Array;
}

/** Options that change no number of a run, so that it may go on with others. */
const FREE_OPTIONS: readonly string[] = ['threads', 'checkpointMinutes'] satisfies (keyof ResolvedConfig)[];

/** Replaces `file` as a whole. @throws Error that names the file, where it cannot be written; the old one then stays */
export function saveCheckpoint(file: string, position: Position, state: RunState): void {
  const { config, method, optimizer, monitor, sampler, probe, previousSpeeds } = state;
  const { epochs, newsSums, newsTimes } = monitor.state();
  scope(() => {
    const tensors: [string, Tensor][] = [
      ...prefixed('model', method.stateDict()),
      ...prefixed('optimizer', optimizer.stateDict()),
      ...(probe ? prefixed('online_probe', probe.stateDict()) : []),
      ['monitor.speeds', fromData(monitor.speeds)],
      ['monitor.weights', fromData(monitor.weights)],
      ['monitor.epochs', fromData(Int32Array.from(epochs))],
      ['monitor.news_sums', fromData(Float64Array.from(newsSums ?? []))],
      ['monitor.news_times', fromData(Float64Array.from(newsTimes ?? []))],
      ['previous_speeds', fromData(previousSpeeds)],
    ];
    const saved = sampler?.state();
    if (saved) tensors.push(['sampler.probabilities', fromData(Float64Array.from(saved.probabilities))]);
    saveSafetensors(file, tensors, {
      config: JSON.stringify(config),
      position: JSON.stringify(position),
      emaWeight: JSON.stringify(monitor.emaWeight),
      emaBiasCorrection: JSON.stringify(monitor.biasCorrection),
      ...(saved && { sampler: JSON.stringify({ settings: saved.settings, updatedFor: saved.updatedFor }) }),
    });
  });
}

/**
 * Fills `state` from the file.
 * @returns where the run stands
 * @throws Error that names the file, where it is damaged or of another configuration or data set
 */
export function loadCheckpoint(file: string, state: RunState): Position {
  return scope(() => {
    const { tensors, metadata } = loadSafetensors(file);
    try {
      return restore(tensors, metadata, state);
    } catch (error) {
      throw new Error(`${file} does not fit this run. ${(error as Error).message}`, { cause: error });
    }
  });
}

function restore(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Record<string, string>,
  state: RunState,
): Position {
  const text = (name: string): string => {
    const value = metadata[name];
    if (value === undefined)
      throw new Error(`It holds no ${name}: it is of another kind of run, or of an older la-ssl.`);
    return value;
  };
  const numbers = (name: string): ArrayLike<number> => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`It holds no ${name}: it is of another kind of run, or of an older la-ssl.`);
    return tensor.data() as Float64Array | Uint8Array;
  };
  checkConfig(JSON.parse(metadata.config ?? '{}'), state.config);
  state.monitor.restore({
    emaWeight: JSON.parse(text('emaWeight')),
    biasCorrection: JSON.parse(text('emaBiasCorrection')),
    speeds: numbers('monitor.speeds'),
    weights: numbers('monitor.weights'),
    epochs: numbers('monitor.epochs'),
    newsSums: numbers('monitor.news_sums'),
    newsTimes: numbers('monitor.news_times'),
  });
  state.previousSpeeds.set(numbers('previous_speeds'));
  if (state.sampler) {
    const probabilities = numbers('sampler.probabilities');
    state.sampler.restore({ ...JSON.parse(text('sampler')), probabilities });
  }
  state.method.loadStateDict(partOf(tensors, 'model'));
  noGrad(() => state.optimizer.loadStateDict(partOf(tensors, 'optimizer')));
  state.probe?.loadStateDict(partOf(tensors, 'online_probe'));
  const position = JSON.parse(text('position')) as Position;
  return { ...position, warned: position.warned ?? [] };
}

/** @throws Error that names each option whose value is no longer the saved one */
function checkConfig(saved: Record<string, unknown>, config: ResolvedConfig): void {
  const changed = changedOptions(saved, config, FREE_OPTIONS);
  if (changed === '') return;
  throw new Error(`The options changed: ${changed}. Set them back, or start another run.`);
}
