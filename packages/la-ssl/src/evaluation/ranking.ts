/**
 * @file Examples in the order of their scores: what AUROC and average precision are read from.
 *
 * Sorted once; each example may then count as often as a resample of the test set holds it. That makes the
 * bootstrap of these figures linear in the number of examples.
 */

/** How often each example of a test set counts, by its index; once where it is left out. */
export type Multiplicities = ArrayLike<number>;

export class Ranking {
  /** Examples by falling score. */
  readonly #order: Int32Array;
  /** By place: 1 where the next example has a lower score, or there is none. */
  readonly #lastOfTie: Uint8Array;
  readonly #positive: Uint8Array;

  /**
   * @param members - which examples
   * @param score - of an example, not NaN
   * @param isPositive - whether an example is one of the positives
   * @throws RangeError where a score is NaN
   */
  constructor(
    members: Int32Array,
    score: (example: number) => number,
    isPositive: (example: number) => boolean,
  ) {
    const scores = Float64Array.from(members, score);
    const unordered = scores.findIndex(Number.isNaN);
    if (unordered >= 0) throw new RangeError(`The score of example ${members[unordered]} is NaN.`);
    const places = Int32Array.from(members.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
    this.#order = places.map((place) => members[place]!);
    this.#lastOfTie = Uint8Array.from(places, (place, k) =>
      scores[place] === scores[places[k + 1]!] ? 0 : 1,
    );
    this.#positive = Uint8Array.from(this.#order, (example) => (isPositive(example) ? 1 : 0));
  }

  /** @returns how many examples are positive and how many are not */
  counts(): { positives: number; negatives: number } {
    const positives = this.#positive.reduce((sum, one) => sum + one, 0);
    return { positives, negatives: this.#positive.length - positives };
  }

  /**
   * Area under the ROC curve: the chance that a random positive scores higher than a random negative, a tie counting
   * half (Mann and Whitney 1947).
   * @returns null where there are only positives or only negatives
   */
  auroc(times?: Multiplicities): number | null {
    let pairs = 0;
    let above = 0; // positives above this tie
    let negatives = 0;
    this.#eachTie(times, (positive, negative) => {
      pairs += negative * (above + positive / 2);
      above += positive;
      negatives += negative;
    });
    return above > 0 && negatives > 0 ? pairs / (above * negatives) : null;
  }

  /**
   * Average precision, `Σ_n (R_n − R_{n−1}) P_n` over the distinct scores from the highest down: the area under the
   * precision-recall curve, without interpolation, which would be too favourable (Davis and Goadrich 2006,
   * https://doi.org/10.1145/1143844.1143874).
   * @returns null where there are only positives or only negatives
   */
  averagePrecision(times?: Multiplicities): number | null {
    let sum = 0;
    let right = 0;
    let all = 0;
    this.#eachTie(times, (positive, negative) => {
      right += positive;
      all += positive + negative;
      if (positive > 0) sum += (positive * right) / all;
    });
    return right > 0 && all > right ? sum / right : null;
  }

  #eachTie(times: Multiplicities | undefined, visit: (positive: number, negative: number) => void): void {
    let positive = 0;
    let negative = 0;
    for (let k = 0; k < this.#order.length; k++) {
      const count = times ? times[this.#order[k]!]! : 1;
      if (this.#positive[k]) positive += count;
      else negative += count;
      if (!this.#lastOfTie[k]) continue;
      visit(positive, negative);
      positive = 0;
      negative = 0;
    }
  }
}
