/**
 * @file Seeded random numbers, the same on every machine, for everything that must be repeatable.
 *
 * sfc32, "small fast chaotic" (Doty-Humphrey, PractRand): 128 bits of state, of which a key fills 96 and a
 * counter the rest. A key is up to three words, e.g. (seed, index, purpose), so whoever needs numbers for
 * example 17 makes a generator for that example: it gets the same ones whatever was drawn for the others,
 * and nothing has to be saved to resume. Different keys never share a state. Not for cryptography.
 *
 * Sources: C. Doty-Humphrey, PractRand, https://pracrand.sourceforge.net/; Box & Muller 1958; Hörmann 1993,
 * "The transformed rejection method for generating Poisson random variables" (PTRS) and "The generation of
 * binomial random variates" (BTRS).
 */

const WORD = 2 ** 32;
/** PractRand's number of rounds after which every bit of a three-word key has reached every output bit. */
const MIXING_ROUNDS = 15;
/** From this mean on, rejection is faster than adding up, and its hat function is valid. */
const REJECTION_FROM = 10;

/** A generator of random numbers from a key. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param key - up to three whole numbers from 0 to 2³² − 1, e.g. (seed, index, purpose); a missing one is 0
   * @throws RangeError where a word of the key is not such a number
   */
  constructor(...key: [seed: number, stream?: number, substream?: number]) {
    for (const word of key) {
      if (word !== undefined && !(Number.isInteger(word) && word >= 0 && word < WORD)) {
        throw new RangeError(`A random key is made of whole numbers from 0 to ${WORD - 1}, got ${word}.`);
      }
    }
    const [a, b = 0, c = 0] = key;
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    for (let round = 0; round < MIXING_ROUNDS; round++) this.uint32();
  }

  /** @returns a whole number from 0 to 2³² − 1 */
  uint32(): number {
    const b = this.#b;
    const c = this.#c;
    const out = (this.#a + b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = b ^ (b >>> 9);
    this.#b = (c + (c << 3)) | 0;
    this.#c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  }

  /** As many numbers as `words` holds, those that `uint32()` would give one by one, in less than half the time. */
  fill(words: Uint32Array): void {
    let a = this.#a | 0;
    let b = this.#b | 0;
    let c = this.#c | 0;
    let counter = this.#counter | 0;
    for (let k = 0; k < words.length; k++) {
      const out = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + out) | 0;
      words[k] = out;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#counter = counter;
  }

  /** @returns a number in [low, high), of 53 random bits; in [0, 1) by default */
  uniform(low = 0, high = 1): number {
    const upper = this.uint32() >>> 5; // 27 bits
    const lower = this.uint32() >>> 6; // 26 bits
    return low + ((high - low) * (upper * 2 ** 26 + lower)) / 2 ** 53;
  }

  /**
   * A whole number below `bound`, each equally likely: 32-bit numbers beyond the last full multiple of
   * `bound` are thrown away, since keeping them would favour the small results.
   *
   * @param bound - whole number from 1 to 2³²
   * @throws RangeError for another bound
   */
  below(bound: number): number {
    if (!(Number.isInteger(bound) && bound >= 1 && bound <= WORD)) {
      throw new RangeError(`below(${bound}): give a whole number from 1 to ${WORD}`);
    }
    const limit = WORD - (WORD % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  /** A Gaussian number, `mean + deviation · √(−2 ln(1 − U₁)) · cos(2π U₂)`; standard by default. */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * A Poisson count.
   * @param mean - λ, at least 0 and finite
   * @throws RangeError for another mean
   */
  poisson(mean: number): number {
    if (!(mean >= 0 && mean < Infinity)) {
      throw new RangeError(`poisson(${mean}): the mean must be at least 0 and finite`);
    }
    return mean < REJECTION_FROM ? this.#poissonByProduct(mean) : this.#poissonByRejection(mean);
  }

  /**
   * How many of `trials` succeed, each with the same probability.
   * @param trials - n, a whole number from 0
   * @param probability - p, in [0, 1]
   * @throws RangeError for other values
   */
  binomial(trials: number, probability: number): number {
    if (!(Number.isSafeInteger(trials) && trials >= 0 && probability >= 0 && probability <= 1)) {
      throw new RangeError(
        `binomial(${trials}, ${probability}): give a whole number of trials from 0 and a probability in [0, 1]`,
      );
    }
    if (probability > 0.5) return trials - this.binomial(trials, 1 - probability);
    return trials * probability < REJECTION_FROM
      ? this.#binomialBySearch(trials, probability)
      : this.#binomialByRejection(trials, probability);
  }

  /** Knuth's product of uniform numbers: O(λ). */
  #poissonByProduct(mean: number): number {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.uniform(); product > limit; product *= this.uniform()) count++;
    return count;
  }

  /** Hörmann's PTRS: about 1.2 tries whatever λ is. The letters are the paper's. */
  #poissonByRejection(mean: number): number {
    const b = 0.931 + 2.53 * Math.sqrt(mean);
    const a = -0.059 + 0.02483 * b;
    const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
    const vr = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
      if (us >= 0.07 && v <= vr) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      const logMass = k * Math.log(mean) - mean - logFactorial(k);
      if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= logMass) return k;
    }
  }

  /** Walks up the distribution function: O(np), for np < 10 and p ≤ 1/2. */
  #binomialBySearch(trials: number, p: number): number {
    let left = this.uniform();
    let mass = (1 - p) ** trials;
    let k = 0;
    while (left > mass && k < trials) {
      left -= mass;
      k++;
      mass *= (((trials - k + 1) / k) * p) / (1 - p);
    }
    return k;
  }

  /** Hörmann's BTRS, for np ≥ 10 and p ≤ 1/2. The letters are the paper's. */
  #binomialByRejection(n: number, p: number): number {
    const spq = Math.sqrt(n * p * (1 - p));
    const b = 1.15 + 2.53 * spq;
    const a = -0.0873 + 0.0248 * b + 0.01 * p;
    const vr = 0.92 - 4.2 / b;
    const alpha = (2.83 + 5.1 / b) * spq;
    const logOdds = Math.log(p / (1 - p));
    const mode = Math.floor((n + 1) * p);
    const h = logFactorial(mode) + logFactorial(n - mode);
    for (;;) {
      const u = this.uniform() - 0.5;
      const v = this.uniform();
      const us = 0.5 - Math.abs(u);
      const k = Math.floor(((2 * a) / us + b) * u + n * p + 0.5);
      if (us >= 0.07 && v <= vr) return k;
      if (k < 0 || k > n) continue;
      const logRatio = h - logFactorial(k) - logFactorial(n - k) + (k - mode) * logOdds;
      if (Math.log((v * alpha) / (a / (us * us) + b)) <= logRatio) return k;
    }
  }
}

/** `count` of the values without replacement: the beginning of a Fisher-Yates shuffle. Reorders `values`. */
export function some(values: number[], count: number, random: Random): number[] {
  for (let i = 0; i < count; i++) {
    const j = i + random.below(values.length - i);
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values.slice(0, count);
}

/** `ln k!` for k < 10, where Stirling's series is not yet exact. */
const SMALL_LOG_FACTORIALS = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880].map(Math.log);

/** `ln k!` by Stirling's series, whose error is below 1e-10 from k = 10. */
function logFactorial(k: number): number {
  const small = SMALL_LOG_FACTORIALS[k];
  if (small !== undefined) return small;
  const x = k + 1;
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5);
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
