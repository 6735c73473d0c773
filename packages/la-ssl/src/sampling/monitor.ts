/**
 * @file The learning-speed monitor: how well each example is learned, smoothed over time.
 *
 * One similarity of two random views is a noisy measurement, so a speed is an exponential moving average of all that were
 * observed of an example: their mean, each weighted by its age. The paper smooths too and gives no coefficient: 0.1, the default
 * here, is that of an independent re-implementation. Its average starts from the first observation, which then outweighs all
 * others for long; by default all are weighted by their age alone. Age counts in epochs: what the network of one epoch shows is
 * alike, whether it shows an example once or five times. Where the similarities come from (a pass over all examples before an
 * update, or the training step itself) is the training loop's business.
 *
 * Source: Zhu et al., Algorithm 1, https://arxiv.org/abs/2311.16361. With one observation an epoch, weights by age alone are the
 * correction of Kingma and Ba (Adam), Section 3, https://arxiv.org/abs/1412.6980
 */
import type { Random } from '../random.js';
import { ascending } from './ascending.js';
import { lowest } from './lowest.js';
import { checkedSpeed } from './probabilities.js';

export interface MonitorOptions {
  /** N, the number of examples. */
  readonly count: number;
  /** η, in (0, 1]: what an observation counts falls by this share with every epoch. Default 0.1; 1 keeps only the last epoch. */
  readonly emaWeight?: number;
  /**
   * Whether an observation that is k epochs older than the last counts `(1 − η)ᵏ` times as much as that, the first one too.
   * Without it, whatever their age, each after the first has the weight η, and what was before it 1 − η. Default true.
   */
  readonly biasCorrection?: boolean;
  /** Whether to keep what `takeNews` gives, 12 bytes an example beside the 14 of the speeds. Default true. */
  readonly news?: boolean;
}

/** All that a monitor knows, in plain numbers: it survives JSON, to the last bit. */
export interface MonitorState {
  readonly emaWeight: number;
  readonly biasCorrection: boolean;
  readonly speeds: ArrayLike<number>;
  readonly weights: ArrayLike<number>;
  readonly epochs: ArrayLike<number>;
  /** Sum and number of each example's observations since `takeNews`; without them there are none. */
  readonly newsSums?: ArrayLike<number>;
  readonly newsTimes?: ArrayLike<number>;
}

export class LearningSpeedMonitor {
  readonly emaWeight: number;
  readonly biasCorrection: boolean;
  /** The speed of each example; 0, which no similarity can be, for one that was never observed. Read only. */
  readonly speeds: Float64Array;
  /**
   * What is known of each example: the sum of what its observations counted when the last of them was made, each `(1 − η)ᵏ` at
   * an age of k epochs; 0 for one that was never observed. Read only.
   */
  readonly weights: Float32Array;

  /** When each example was last observed. */
  readonly #epochs: Uint16Array;
  /** By the age in epochs: what an observation counts. */
  readonly #counts: number[] = [];
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
    this.weights = new Float32Array(count);
    this.#epochs = new Uint16Array(count);
    this.#news = news ? { sums: new Float64Array(count), times: new Uint32Array(count) } : null;
  }

  /**
   * Takes in the similarities of one batch or pass: `s_i ← s_i + (observed − s_i) / w_i`, where w_i is what all observations of the
   * example count now, this one 1. Where a batch holds an example several times (drawn with replacement), their mean is one
   * observation: the network was the same for all of them, so their order must not matter.
   *
   * @param indices - the examples of the batch, from 0 to N − 1
   * @param similarities - as many, finite and > 0
   * @param epoch - of the network that showed them, counted from 0, ≤ 65,535; a pass before epoch e is of epoch e
   * @throws RangeError where the lengths differ, an index or the epoch is out of range, an example was observed in a later epoch,
   *   or a similarity is not finite and > 0; the monitor is then left as it was
   */
  observe(indices: ArrayLike<number>, similarities: ArrayLike<number>, epoch: number): void {
    if (!(Number.isInteger(epoch) && epoch >= 0 && epoch <= LAST_EPOCH)) {
      throw new RangeError(`epoch must be a whole number from 0 to ${LAST_EPOCH}, got ${epoch}.`);
    }
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
      if (this.#epochs[i]! > epoch) {
        throw new RangeError(
          `Example ${i} was observed in epoch ${this.#epochs[i]}, and now in epoch ${epoch}; epochs only rise.`,
        );
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
      this.#take(i, sum / times, epoch);
    }
  }

  #take(i: number, observed: number, epoch: number): void {
    const first = this.weights[i] === 0;
    this.weights[i] = this.#weightIn(epoch, i) + 1;
    const share = this.biasCorrection || first ? 1 / this.weights[i]! : this.emaWeight;
    this.speeds[i] = first ? observed : this.speeds[i]! + share * (observed - this.speeds[i]!);
    this.#epochs[i] = epoch;
    if (!this.#news) return;
    this.#news.sums[i]! += observed;
    this.#news.times[i]! += 1;
  }

  /** What the observations of an example count in an epoch. */
  #weightIn(epoch: number, i: number): number {
    const age = Math.max(0, epoch - this.#epochs[i]!);
    for (let a = this.#counts.length; a <= age; a++) this.#counts.push((1 - this.emaWeight) ** a);
    return this.weights[i]! * this.#counts[age]!;
  }

  /** A copy of all that the monitor knows. */
  state(): MonitorState {
    return {
      emaWeight: this.emaWeight,
      biasCorrection: this.biasCorrection,
      speeds: Array.from(this.speeds),
      weights: Array.from(this.weights),
      epochs: Array.from(this.#epochs),
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
   * The examples of which the least is known, in old observations or few; those that were never observed go first, and among equals
   * chance decides.
   *
   * @param most - so many, or all where there are fewer
   * @param epoch - now; see `observe`
   * @returns ascending
   */
  leastKnown(most: number, epoch: number, random: Random): Int32Array {
    const known = new Float32Array(this.weights.length);
    for (let i = 0; i < known.length; i++) known[i] = this.#weightIn(epoch, i);
    return lowest(known, most, random);
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
    if ([state.speeds, state.weights, state.epochs].some(({ length }) => length !== count)) {
      throw new RangeError(
        `The saved monitor has ${state.speeds.length} speeds, ${state.weights.length} weights and ${state.epochs.length} ` +
          `epochs, this one ${count} examples; resume with the data set that the run began with.`,
      );
    }
    if (state.emaWeight !== this.emaWeight) {
      throw new RangeError(
        `The saved monitor has emaWeight ${state.emaWeight}, this one ${this.emaWeight}; resume with the saved value.`,
      );
    }
    const { biasCorrection } = state;
    if (biasCorrection !== this.biasCorrection) {
      throw new RangeError(
        `The saved averages are ${biasCorrection ? '' : 'not '}corrected for the bias of their start, and this monitor's ` +
          `are${biasCorrection ? ' not' : ''}; resume with biasCorrection: ${biasCorrection} (emaBiasCorrection in the config.yaml of a run).`,
      );
    }
    this.speeds.set(state.speeds);
    this.weights.set(state.weights);
    this.#epochs.set(state.epochs);
    this.#news?.sums.set(state.newsSums ?? new Float64Array(count));
    this.#news?.times.set(state.newsTimes ?? new Uint32Array(count));
  }
}

/** What 16 bits hold. */
const LAST_EPOCH = 2 ** 16 - 1;

/** Whether each is above the one before, as in a pass over all examples: none is repeated. */
function risesStrictly(indices: ArrayLike<number>): boolean {
  for (let k = 1; k < indices.length; k++) if (!(indices[k]! > indices[k - 1]!)) return false;
  return true;
}
