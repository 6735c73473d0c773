/**
 * @file Random order for more values than the cache holds.
 *
 * Swapping places all over a large array waits for memory at every step. Here each value first goes to the end of a random
 * one of some buckets, and then each bucket, small enough for the cache, is shuffled by itself: every order is equally
 * likely, as long as each value chooses among all buckets alike.
 *
 * Source: C. R. Rao, Generation of random permutations of given number of elements using random sampling numbers,
 * Sankhya 1961; M. Sandelius, A simple randomization procedure, JRSS B 1962
 */
import { Random } from '../random.js';

/** Values in a bucket: 256 KB of them. */
const BUCKET = 2 ** 16;
/** More buckets than this are more places to write to than the processor keeps at hand. */
const MOST_BITS = 10;
/** Random words made at a time. */
const WORDS = 2 ** 12;
const WORD = 2 ** 32;

/** Third words of the random keys. */
const BUCKETS = 0x6275636b;
const ORDER = 0x6f726472;

/** Takes `count` values, a piece after another, and gives them back in random order. */
export class Scatter {
  readonly #order: Int32Array;
  readonly #seed: number;
  readonly #stream: number;
  /** Of each bucket, where its next value goes. */
  readonly #places: Int32Array;
  readonly #choices: Choices;

  /** @param key - the first two words of the random keys; the third is this file's */
  constructor(count: number, ...[seed, stream]: [seed: number, stream: number]) {
    this.#order = new Int32Array(count);
    this.#seed = seed;
    this.#stream = stream;
    const bits = Math.min(MOST_BITS, Math.max(0, Math.ceil(Math.log2(count / BUCKET))));
    const choices = (): Choices => new Choices(bits, new Random(seed, stream, BUCKETS));
    // Made twice: here to see how large each bucket becomes, and again as the values come.
    this.#places = choices().starts(count);
    this.#choices = choices();
  }

  /** Takes the first `count` of `values`. */
  add(values: Int32Array, count: number): void {
    this.#choices.put(values, count, this.#order, this.#places);
  }

  /** @returns all values, once `count` were added */
  shuffled(): Int32Array {
    const random = new Random(this.#seed, this.#stream, ORDER);
    const words = new Uint32Array(WORDS);
    let start = 0;
    for (const end of this.#places) {
      shuffle(this.#order.subarray(start, end), random, words);
      start = end;
    }
    return this.#order;
  }
}

/** A bucket for each value that comes: several to a random word. */
class Choices {
  readonly #bits: number;
  readonly #random: Random;
  readonly #words = new Uint32Array(WORDS);
  /** The bytes or halves of the words, whose lowest bits are the choices. */
  readonly #parts: Uint8Array | Uint16Array;
  /** Of the parts, the next. */
  #next: number;

  constructor(bits: number, random: Random) {
    this.#bits = bits;
    this.#random = random;
    const { buffer } = this.#words;
    this.#parts = bits <= 8 ? new Uint8Array(buffer) : new Uint16Array(buffer);
    this.#next = this.#parts.length;
  }

  /** @returns where each bucket starts, once `count` values have been put */
  starts(count: number): Int32Array {
    const sizes = new Int32Array(2 ** this.#bits);
    const parts = this.#parts;
    const mask = 2 ** this.#bits - 1;
    for (let left = count; left > 0; left -= parts.length) {
      this.#random.fill(this.#words);
      const size = Math.min(left, parts.length);
      for (let k = 0; k < size; k++) sizes[parts[k]! & mask]! += 1;
    }
    let start = 0;
    return sizes.map((size) => {
      start += size;
      return start - size;
    });
  }

  /** Writes the first `count` of `values` into `order`, each at the next of `places` of its bucket. */
  put(values: Int32Array, count: number, order: Int32Array, places: Int32Array): void {
    const parts = this.#parts;
    const mask = 2 ** this.#bits - 1;
    let next = this.#next;
    for (let k = 0; k < count; ) {
      if (next === parts.length) {
        this.#random.fill(this.#words);
        next = 0;
      }
      const end = Math.min(count, k + parts.length - next);
      for (; k < end; k++) order[places[parts[next++]! & mask]!++] = values[k]!;
    }
    this.#next = next;
  }
}

/**
 * Fisher and Yates, at most 2²¹ values. `⌊word · n / 2³²⌋` is below n, and each number equally likely once the words are
 * left out that the smaller ones would have too many of (D. Lemire, Fast random integer generation in an interval, 2019).
 */
function shuffle(values: Int32Array, random: Random, words: Uint32Array): void {
  for (let n = values.length; n > 1; ) {
    random.fill(words);
    for (let k = 0; k < words.length && n > 1; k++) {
      const word = words[k]!;
      const rest = Math.imul(word, n) >>> 0;
      if (rest < n && rest < WORD % n) continue;
      const j = ((word * n) / WORD) | 0;
      n--;
      const swapped = values[n]!;
      values[n] = values[j]!;
      values[j] = swapped;
    }
  }
}
