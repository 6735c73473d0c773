/**
 * @file The learning-speed monitor: how well each example is learned, smoothed over time.
 *
 * One similarity of two random views is a noisy measurement, so the speeds are exponential moving averages of
 * all that were observed. The paper smooths too and gives no coefficient: 0.1, the default here, is that of an
 * independent re-implementation. Its average starts from the first observation, which then outweighs all others for
 * long; by default the bias of the start is corrected. Where the similarities come from (a pass over all examples before
 * an update, or the training step itself) is the training loop's business.
 *
 * Source: Zhu et al., Algorithm 1, https://arxiv.org/abs/2311.16361; the correction: Kingma and Ba (Adam), Section 3,
 * https://arxiv.org/abs/1412.6980
 */
import { type Random, some } from '../random.js';
import { ascending } from './ascending.js';
import { checkedSpeed } from './probabilities.js';

export interface MonitorOptions {
  /** N, the number of examples. */
  readonly count: number;
  /** η, the weight of a new observation in the moving average, in (0, 1]. Default 0.1; 1 keeps only the last. */
  readonly emaWeight?: number;
  /**
   * Whether the n-th observation of an example has the weight `η / (1 − (1 − η)ⁿ)`, so that an observation k before the last
   * counts `(1 − η)ᵏ` times as much as that, the first one too. Without it, all after the first have the weight η. Default true.
   */
  readonly biasCorrection?: boolean;
  /** Whether to keep what `takeNews` gives, 12 bytes an example beside the 10 of the speeds. Default true. */
  readonly news?: boolean;
}

/** All that a monitor knows, in plain numbers: it survives JSON, to the last bit. */
export interface MonitorState {
  readonly emaWeight: number;
  /** States without it are of plain averages. */
  readonly biasCorrection?: boolean;
  readonly speeds: ArrayLike<number>;
  readonly seen: ArrayLike<number>;
  /** Sum and number of each example's observations since `takeNews`; without them there are none. */
  readonly newsSums?: ArrayLike<number>;
  readonly newsTimes?: ArrayLike<number>;
}

export class LearningSpeedMonitor {
  readonly emaWeight: number;
  readonly biasCorrection: boolean;
  /** The speed of each example; 0, which no similarity can be, for one that was never observed. Read only. */
  readonly speeds: Float64Array;
  /** How often each example was observed, up to 65,535. Read only. */
  readonly seen: Uint16Array;

  /** By the number of observations, the new one included: its weight. Further ones have the last of these. */
  readonly #weights: Float64Array;
  readonly #news: { readonly sums: Float64Array; readonly times: Uint32Array } | null;

  /** @throws RangeError where `count` is not a whole number ≥ 1 or `emaWeight` lies outside (0, 1] */
  constructor({ count, emaWeight = 0.1, biasCorrection = true, news = true }: MonitorOptions) {
    if (!(Number.isInteger(count) && count >= 1)) {
      throw new RangeError(`count, the number of examples, must be a whole number ≥ 1, got ${count}.`);
    }
    if (!(emaWeight > 0 && emaWeight <= 1)) {
      throw new RangeError(`emaWeight must lie in (0, 1], got ${emaWeight}.`);
    }
    this.emaWeight = emaWeight;
    this.biasCorrection = biasCorrection;
    this.speeds = new Float64Array(count);
    this.seen = new Uint16Array(count);
    this.#weights = observationWeights(emaWeight, biasCorrection);
    this.#news = news ? { sums: new Float64Array(count), times: new Uint32Array(count) } : null;
  }

  /**
   * Takes in the similarities of one batch or pass: `s_i ← (1 − w)·s_i + w·observed`, w the weight of the observation, 1 for
   * the first. Where a batch holds an example several times (drawn with replacement), their mean is one observation:
   * the network was the same for all of them, so their order must not matter.
   *
   * @param indices - the examples of the batch, from 0 to N − 1
   * @param similarities - as many, finite and > 0
   * @throws RangeError where the lengths differ, an index is out of range, or a similarity is not finite and > 0;
   *   the monitor is then left as it was
   */
  observe(indices: ArrayLike<number>, similarities: ArrayLike<number>): void {
    if (indices.length !== similarities.length) {
      throw new RangeError(
        `Got ${indices.length} indices and ${similarities.length} similarities; give one for each.`,
      );
    }
    for (let k = 0; k < indices.length; k++) {
      const i = indices[k]!;
      if (!(Number.isInteger(i) && i >= 0 && i < this.speeds.length)) {
        throw new RangeError(`Example ${i} does not exist: indices run from 0 to ${this.speeds.length - 1}.`);
      }
      checkedSpeed(i, similarities[k]!);
    }
    // In the order of the examples, so that the repetitions of one are neighbours.
    const order = risesStrictly(indices) ? null : ascending(indices);
    for (let k = 0; k < indices.length; ) {
      const i = indices[order?.[k] ?? k]!;
      let sum = 0;
      let times = 0;
      for (; k < indices.length && indices[order?.[k] ?? k] === i; k++) {
        sum += similarities[order?.[k] ?? k]!;
        times++;
      }
      this.#take(i, sum / times);
    }
  }

  #take(i: number, observed: number): void {
    const speed = this.speeds[i]!;
    const times = Math.min(this.seen[i]! + 1, MOST_TIMES);
    const weight = this.#weights[Math.min(times, this.#weights.length - 1)]!;
    this.speeds[i] = times > 1 ? speed + weight * (observed - speed) : observed;
    this.seen[i] = times;
    if (!this.#news) return;
    this.#news.sums[i]! += observed;
    this.#news.times[i]! += 1;
  }

  /** A copy of all that the monitor knows; `speeds` and `seen` can also be stored as they are. */
  state(): MonitorState {
    return {
      emaWeight: this.emaWeight,
      biasCorrection: this.biasCorrection,
      speeds: Array.from(this.speeds),
      seen: Array.from(this.seen),
      ...(this.#news && {
        newsSums: Array.from(this.#news.sums),
        newsTimes: Array.from(this.#news.times),
      }),
    };
  }

  /**
   * What was observed since the last call, apart from all that was known before it: whether the two agree says how much
   * the speeds mean. The speeds themselves cannot say it, since most of a moving average is what it was.
   *
   * @returns the mean observation of each example, `[N]`; NaN where there was none
   * @throws Error where the monitor was made with `news: false`
   */
  takeNews(): Float64Array {
    const { sums, times } = this.#keptNews();
    const news = sums.map((sum, i) => sum / times[i]!);
    sums.fill(0);
    times.fill(0);
    return news;
  }

  /**
   * Examples that were not observed since the last `takeNews`: all of them, or so many; those that never were go first, and
   * among equals chance decides.
   *
   * @returns at most `most` examples, ascending
   * @throws Error where the monitor was made with `news: false`
   */
  stale(most: number, random: Random): Int32Array {
    const { times } = this.#keptNews();
    const known: number[] = [];
    const unknown: number[] = [];
    for (let i = 0; i < times.length; i++) if (times[i] === 0) (this.seen[i] ? known : unknown).push(i);
    const first = some(unknown, Math.min(most, unknown.length), random);
    const rest = some(known, Math.min(most - first.length, known.length), random);
    return Int32Array.from([...first, ...rest]).sort();
  }

  #keptNews(): { readonly sums: Float64Array; readonly times: Uint32Array } {
    if (!this.#news) throw new Error('This monitor keeps no news; make it without `news: false`.');
    return this.#news;
  }

  /**
   * Goes on from a state that was saved.
   *
   * @throws RangeError where the state is of another number of examples, or its averages were made otherwise
   */
  restore(state: MonitorState): void {
    const count = this.speeds.length;
    if (state.speeds.length !== count || state.seen.length !== count) {
      throw new RangeError(
        `The saved monitor has ${state.speeds.length} speeds and ${state.seen.length} marks, this one ${count} ` +
          'examples; resume with the data set that the run began with.',
      );
    }
    if (state.emaWeight !== this.emaWeight) {
      throw new RangeError(
        `The saved monitor has emaWeight ${state.emaWeight}, this one ${this.emaWeight}; resume with the saved value.`,
      );
    }
    const { biasCorrection = false } = state;
    if (biasCorrection !== this.biasCorrection) {
      throw new RangeError(
        `The saved averages are ${biasCorrection ? '' : 'not '}corrected for the bias of their start, and this monitor's ` +
          `are${biasCorrection ? ' not' : ''}; resume with biasCorrection: ${biasCorrection} (emaBiasCorrection in the config.yaml of a run).`,
      );
    }
    this.speeds.set(state.speeds);
    this.seen.set(state.seen);
    this.#news?.sums.set(state.newsSums ?? new Float64Array(count));
    this.#news?.times.set(state.newsTimes ?? new Uint32Array(count));
  }
}

/** Observations of one example that are counted. */
const MOST_TIMES = 2 ** 16 - 1;

/** The weight of the n-th observation at place n, up to where it is η to the last bit. */
function observationWeights(emaWeight: number, biasCorrection: boolean): Float64Array {
  const weights = [1];
  const corrected = (n: number): number => emaWeight / -Math.expm1(n * Math.log1p(-emaWeight));
  if (biasCorrection) {
    for (let n = 1; n < MOST_TIMES && corrected(n) > emaWeight; n++) weights.push(corrected(n));
  }
  return Float64Array.from([...weights, emaWeight]);
}

/** Whether each is above the one before, as in a pass over all examples: none is repeated. */
function risesStrictly(indices: ArrayLike<number>): boolean {
  for (let k = 1; k < indices.length; k++) if (!(indices[k]! > indices[k - 1]!)) return false;
  return true;
}
