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
import type { LearningSpeedMonitor, LearningSpeedSampler } from '../sampling/index.js';

/** Where a run stands: the next thing to do is step `step` of epoch `epoch`. */
export interface Position {
  epoch: number;
  step: number;
  /** Bytes of `metrics.jsonl` that belong to what was done. */
  metricsLength: number;
  /** Sums over the epoch so far. */
  lossSum: number;
  similaritySum: number;
  /** Spent on training so far in this epoch. */
  seconds: number;
  /** Speeds at the update before, for their rank correlation: false in the warm-up. */
  hasPrevious: boolean;
}

export interface RunState {
  method: Method;
  optimizer: optim.SGD;
  monitor: LearningSpeedMonitor;
  sampler: LearningSpeedSampler | null;
  /** Speeds at the last update, `[N]`; of no meaning before the first. */
  previousSpeeds: Float64Array;
}

export function saveCheckpoint(file: string, position: Position, state: RunState): void {
  const { method, optimizer, monitor, sampler, previousSpeeds } = state;
  scope(() => {
    const tensors: [string, Tensor][] = [
      ...prefixed('model', method.stateDict()),
      ...prefixed('optimizer', optimizer.stateDict()),
      ['monitor.speeds', fromData(monitor.speeds)],
      ['monitor.seen', fromData(monitor.seen)],
      ['previous_speeds', fromData(previousSpeeds)],
    ];
    const saved = sampler?.state();
    if (saved) tensors.push(['sampler.probabilities', fromData(Float64Array.from(saved.probabilities))]);
    saveSafetensors(file, tensors, {
      position: JSON.stringify(position),
      emaWeight: JSON.stringify(monitor.emaWeight),
      ...(saved && { sampler: JSON.stringify({ settings: saved.settings, updatedFor: saved.updatedFor }) }),
    });
  });
}

/** Fills `state` from the file. @returns where the run stands. @throws Error that names the file */
export function loadCheckpoint(file: string, state: RunState): Position {
  return scope(() => {
    const { tensors, metadata } = loadSafetensors(file);
    const part = (prefix: string): Map<string, Tensor> =>
      new Map(
        [...tensors]
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, t]) => [name.slice(prefix.length), t]),
      );
    const numbers = (name: string): ArrayLike<number> => {
      const tensor = tensors.get(name);
      if (!tensor) throw new Error(`${file} holds no ${name}: it is no checkpoint of this kind of run.`);
      return tensor.data() as Float64Array | Uint8Array;
    };
    state.method.loadStateDict(part('model.'));
    noGrad(() => state.optimizer.loadStateDict(part('optimizer.')));
    state.monitor.restore({
      emaWeight: JSON.parse(metadata.emaWeight ?? 'null'),
      speeds: numbers('monitor.speeds'),
      seen: numbers('monitor.seen'),
    });
    state.previousSpeeds.set(numbers('previous_speeds'));
    if (state.sampler) {
      const saved = JSON.parse(metadata.sampler ?? '{}');
      state.sampler.restore({ ...saved, probabilities: numbers('sampler.probabilities') });
    }
    return JSON.parse(metadata.position ?? 'null') as Position;
  });
}

function prefixed(prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor]);
}
