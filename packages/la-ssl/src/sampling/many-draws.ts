/**
 * @file Weighted draws with replacement from more examples than the cache holds, without a table of them.
 *
 * How often each cell of 1,024 neighbours is drawn is multinomial, and made by one binomial number a cell. The draws within
 * a cell are independent: a random number is looked up among the cell's cumulative weights, where a guide says where to
 * begin. At the end all are put into random order, which makes counts and order those of one draw after the other.
 * Memory is read and written from one end to the other, and nothing is kept of an example but its weight.
 *
 * Source: L. Devroye, Non-Uniform Random Variate Generation, 1986, XI.1.4 (multinomial counts), III.2.4 (guide tables)
 */
import { Random } from '../random.js';
import { Scatter } from './scatter.js';

const CELL = 2 ** 10;
/** The guide has 2¹¹ steps. */
const GUIDE_BITS = 11;
/** Draws made at a time. */
const PIECE = 2 ** 11;
/** Steps of 2⁻³¹ of the total: a cumulative weight that is as far above a word is above every number that the word begins. */
const UNSURE = 3;

/**
 * @param weights - N ≥ 1 numbers, finite and ≥ 0, not all 0; weights or not
 * @param count - how many draws to make
 * @param key - the words of the random keys
 * @returns independent draws, each of them i with probability `weights[i] / Σ weights`
 */
export function manyDraws(
  weights: Float64Array,
  count: number,
  ...[seed, stream, substream]: [seed: number, stream: number, substream: number]
): Int32Array {
  const random = new Random(seed, stream, substream);
  const scatter = new Scatter(count, seed, stream);
  const cells = cellSums(weights);
  const rest = new Float64Array(cells.length + 1); // of each cell and all after it
  for (let c = cells.length - 1; c >= 0; c--) rest[c] = cells[c]! + rest[c + 1]!;
  const cell = new Cell(weights, random);
  let left = count;
  for (let c = 0; left > 0; c++) {
    const draws = random.binomial(left, cells[c]! / rest[c]!); // of the last with a weight, all: the ratio is 1
    if (draws > 0) cell.draw(c * CELL, draws, scatter);
    left -= draws;
  }
  return scatter.shuffled();
}

function cellSums(weights: Float64Array): Float64Array {
  const count = weights.length;
  const sums = new Float64Array(Math.ceil(count / CELL));
  for (let c = 0; c < sums.length; c++) {
    const end = Math.min(count, (c + 1) * CELL);
    let sum = 0;
    for (let i = c * CELL; i < end; i++) sum += weights[i]!;
    sums[c] = sum;
  }
  return sums;
}

/** Draws from one cell at a time; its arrays are those of the cell before. */
class Cell {
  readonly #weights: Float64Array;
  readonly #random: Random;
  readonly #cumulative = new Float64Array(CELL);
  /** The same in steps of 2⁻³¹ of the total, rounded up. */
  readonly #whole = new Int32Array(CELL);
  /** Of each step of the guide, how many examples have their cumulative weight before it. */
  readonly #guide = new Uint16Array(2 ** GUIDE_BITS);
  readonly #words = new Uint32Array(PIECE);
  readonly #draws = new Int32Array(PIECE);

  constructor(weights: Float64Array, random: Random) {
    this.#weights = weights;
    this.#random = random;
  }

  /** `count` draws from the cell that begins with example `start`, to `scatter`. */
  draw(start: number, count: number, scatter: Scatter): void {
    const total = this.#prepare(start);
    for (let left = count; left > 0; left -= PIECE) {
      const size = Math.min(left, PIECE);
      this.#look(start, total, size);
      scatter.add(this.#draws, size);
    }
  }

  /** @returns the cell's total */
  #prepare(start: number): number {
    const weights = this.#weights;
    const cumulative = this.#cumulative;
    const whole = this.#whole;
    const guide = this.#guide;
    const size = Math.min(CELL, weights.length - start);
    let total = 0;
    for (let i = 0; i < size; i++) {
      total += weights[start + i]!;
      cumulative[i] = total;
    }
    cumulative[size - 1] = Number.POSITIVE_INFINITY; // no search leaves the cell, whatever rounding does
    guide.fill(0);
    for (let i = 0; i < size - 1; i++) {
      const step = Math.min((cumulative[i]! / total) * 2 ** 31, 2 ** 31 - 2) | 0;
      whole[i] = step + 1; // never too small, whatever rounding does
      guide[whole[i]! >>> (31 - GUIDE_BITS)]! += 1;
    }
    whole[size - 1] = 2 ** 31 - 1;
    let before = 0;
    for (let k = 0; k < guide.length; k++) {
      const here = guide[k]!;
      guide[k] = before;
      before += here;
    }
    return total;
  }

  /**
   * The draw of a number x below the total: the first example whose cumulative weight is above x. One word has 32 bits of x,
   * and whole numbers hardly ever leave open which example it is.
   */
  #look(start: number, total: number, count: number): void {
    const words = this.#words;
    const whole = this.#whole;
    const guide = this.#guide;
    const draws = this.#draws;
    this.#random.fill(count === PIECE ? words : words.subarray(0, count));
    for (let k = 0; k < count; k++) {
      const word = words[k]!;
      const half = word >>> 1;
      let i = guide[word >>> (32 - GUIDE_BITS)]!;
      i += (whole[i]! - half) >>> 31; // 1 where the difference is below 0: no branch to guess
      i += (whole[i]! - half) >>> 31;
      while (whole[i]! < half) i++;
      if (whole[i]! - half < UNSURE) i = this.#exactly(i, word, total);
      draws[k] = start + i;
    }
  }

  /**
   * The draw of a number x that begins with the bits of `word`, where whole numbers do not tell it.
   * @param i - an example before which the cumulative weights are not above x
   */
  #exactly(i: number, word: number, total: number): number {
    const cumulative = this.#cumulative;
    const unit = total / 2 ** 32;
    let x = word * unit;
    while (cumulative[i]! <= x) i++;
    if (cumulative[i]! < x + unit) {
      x += (this.#random.uint32() / 2 ** 32) * unit; // which example it is takes 32 bits more
      while (cumulative[i]! <= x) i++;
    }
    return i;
  }
}
