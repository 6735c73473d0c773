/**
 * @file The LA-SSL sampler: uniform through the warm-up, then by learning speed.
 *
 * With epochs counted from 0, epochs 0 to W − 1 are uniform; the probabilities are computed from the monitor's
 * speeds before epoch W, and again before every T-th epoch after it. In between they stay as they are, whatever
 * the monitor takes in. The warm-up's draws are those of a UniformSampler of the same seed, so that two runs of
 * one seed are the same run until epoch W.
 *
 * Source: Zhu et al., Algorithm 1, https://arxiv.org/abs/2311.16361
 */

import { Random } from '../random.js';
import type { LearningSpeedMonitor } from './monitor.js';
import { type SamplingDistribution, type SamplingOptions, samplingDistribution } from './probabilities.js';
import { checkWholeNumber, permutation, type Sampler, UniformSampler, WeightedDraws } from './sampler.js';
import { SCALINGS, type ScalingOptions, type ScalingShape } from './scaling/index.js';

/** The paper's CelebA settings, as are r and γ of the linear shape; it draws by speed alone. */
export const learningSpeedDefaults = {
  warmupEpochs: 10,
  updateEvery: 2,
  uniformShare: 0,
} as const;

export interface LearningSpeedSamplerOptions extends Partial<Omit<SamplingOptions, 'seen'>> {
  /** Where the speeds come from; the training loop feeds it. */
  readonly monitor: LearningSpeedMonitor;
  /** Whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** W, uniform epochs at the start, ≥ 0. Default 10. Too few of them, and the speeds mean nothing yet. */
  readonly warmupEpochs?: number;
  /** T, epochs from one update to the next, ≥ 1. Default 2. */
  readonly updateEvery?: number;
  /**
   * A control: give the computed probabilities to other examples, by one random permutation of the seed. The draws are
   * as concentrated, but not on the slow. What LA-SSL gains over this, it gains by choosing. Default false.
   */
  readonly shuffled?: boolean;
}

/** What an update did. */
export interface SamplingUpdate extends SamplingDistribution {
  /** The first epoch that is drawn with these probabilities. */
  readonly epoch: number;
}

/** Numbers and names that a sampler was made with. */
type Settings = Readonly<Record<string, number | string>>;

/** All that a sampler cannot work out again from its options and its monitor. */
export interface LearningSpeedSamplerState {
  /** What it was made with, so that a run is not resumed with others. */
  readonly settings: Settings;
  /** The epoch before which the probabilities were last computed; null in the warm-up. */
  readonly updatedFor: number | null;
  readonly probabilities: ArrayLike<number>;
}

/** Second word of the random key of the control's permutation. */
const SHUFFLE = 0x73687566;

export class LearningSpeedSampler implements Sampler {
  readonly #monitor: LearningSpeedMonitor;
  readonly #options: SamplingOptions;
  readonly #settings: Settings;
  readonly #seed: number;
  readonly #warmupEpochs: number;
  readonly #updateEvery: number;
  readonly #uniform: UniformSampler;
  readonly #permutation: Int32Array | undefined;
  /** None before the first update. */
  #probabilities: Float64Array | undefined;
  #updatedFor: number | null = null;
  #draws: WeightedDraws | undefined;

  /** @throws RangeError where an option is out of range */
  constructor({ monitor, seed, shuffled = false, ...options }: LearningSpeedSamplerOptions) {
    const { warmupEpochs, updateEvery, uniformShare } = { ...learningSpeedDefaults, ...options };
    checkWholeNumber('warmupEpochs', warmupEpochs, 0);
    checkWholeNumber('updateEvery', updateEvery, 1);
    this.#monitor = monitor;
    this.#seed = seed;
    this.#warmupEpochs = warmupEpochs;
    this.#updateEvery = updateEvery;
    this.#settings = { seed, ...shapeSettings(options), uniformShare, warmupEpochs, updateEvery };
    this.#options = { ...options, uniformShare, seen: monitor.weights };
    samplingDistribution([1], { ...this.#options, seen: [1] }); // a bad option fails now, not after the warm-up
    this.#uniform = new UniformSampler({ count: monitor.speeds.length, seed });
    if (shuffled) this.#permutation = permutation(monitor.speeds.length, new Random(seed, SHUFFLE));
  }

  /** Whether the probabilities are to be computed before this epoch and have not been: the moment to score. */
  updateDue(epoch: number): boolean {
    return epoch === this.#updateBefore(epoch) && epoch !== this.#updatedFor;
  }

  /**
   * Computes the probabilities from the monitor's speeds where that is due before this epoch, else does nothing.
   *
   * @param epoch - counted from 0
   * @returns what was computed, or null where nothing was due
   */
  update(epoch: number): SamplingUpdate | null {
    if (!this.updateDue(epoch)) return null;
    this.#set(undefined, null); // memory for the new ones
    const distribution = samplingDistribution(this.#monitor.speeds, this.#options);
    const probabilities = permuted(distribution.probabilities, this.#permutation);
    this.#set(probabilities, epoch);
    return { epoch, ...distribution, probabilities };
  }

  /** @throws Error where the update that this epoch needs has not been made */
  drawsFor(epoch: number): Int32Array {
    const probabilities = this.probabilitiesFor(epoch);
    if (this.#updateBefore(epoch) === null) return this.#uniform.drawsFor(epoch);
    this.#draws ??= new WeightedDraws(probabilities);
    return this.#draws.drawsFor(this.#seed, epoch);
  }

  /** @throws Error where the update that this epoch needs has not been made */
  probabilitiesFor(epoch: number): Float64Array {
    const needed = this.#updateBefore(epoch);
    if (needed === null) return this.#uniform.probabilitiesFor(epoch);
    if (needed !== this.#updatedFor || !this.#probabilities) {
      throw new Error(
        `Epoch ${epoch} needs the update due before epoch ${needed}, and the last one made was for ` +
          `${this.#updatedFor ?? 'none'}; call update(epoch) before drawsFor(epoch), epoch by epoch.`,
      );
    }
    return this.#probabilities;
  }

  /** A copy of what a checkpoint must hold beside the monitor's state. */
  state(): LearningSpeedSamplerState {
    return {
      settings: { ...this.#settings },
      updatedFor: this.#updatedFor,
      probabilities: Array.from(this.#probabilities ?? this.#uniform.probabilitiesFor(0)),
    };
  }

  /**
   * Goes on from a saved state. The monitor is restored apart; an own `scaling` is code, and not saved.
   *
   * @throws RangeError where the state is of another number of examples or was made with other settings
   */
  restore(state: LearningSpeedSamplerState): void {
    const count = this.#monitor.speeds.length;
    if (state.probabilities.length !== count) {
      throw new RangeError(
        `The saved sampler has ${state.probabilities.length} examples, this one ${count}; ` +
          'resume with the data set that the run began with.',
      );
    }
    for (const [name, value] of Object.entries(this.#settings)) {
      if (state.settings[name] !== value) {
        throw new RangeError(
          `The saved sampler has ${name} ${state.settings[name]}, this one ${value}; resume with the saved value.`,
        );
      }
    }
    this.#set(new Float64Array(state.probabilities), state.updatedFor);
  }

  #set(probabilities: Float64Array | undefined, updatedFor: number | null): void {
    this.#probabilities = probabilities;
    this.#updatedFor = updatedFor;
    this.#draws = undefined;
  }

  /** The epoch before which the probabilities of this one are computed; null in the warm-up. */
  #updateBefore(epoch: number): number | null {
    const since = epoch - this.#warmupEpochs;
    return since < 0 ? null : epoch - (since % this.#updateEvery);
  }
}

/** Example i gets what example `permutation[i]` has; without a permutation, its own. */
function permuted(probabilities: Float64Array, permutation: Int32Array | undefined): Float64Array {
  if (!permutation) return probabilities;
  const result = new Float64Array(probabilities.length);
  for (let i = 0; i < result.length; i++) result[i] = probabilities[permutation[i]!]!;
  return result;
}

/** The options of the shape that count. The paper's shape goes without a name, as in states from before there were others. */
function shapeSettings({ scaling = 'linear', targetEss, ...given }: SamplingOptions): Settings {
  if (typeof scaling === 'function') return {};
  const { knob, options }: ScalingShape = SCALINGS[scaling];
  const values = Object.entries(options).flatMap(([name, usual]) => {
    if (targetEss !== undefined && name === knob) return [];
    return [[name, given[name as keyof ScalingOptions] ?? usual]];
  });
  return {
    ...Object.fromEntries(values),
    ...(scaling !== 'linear' && { scaling }),
    ...(targetEss !== undefined && { targetEss }),
  };
}
