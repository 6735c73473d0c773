/**
 * @file The project's random generator: seeded, fast, the same on every machine.
 *
 * sfc32, "small fast chaotic" (Doty-Humphrey, PractRand): 128 bits of state, of which a key fills 96 and
 * a counter the rest. A key is up to three words, e.g. (seed, epoch, purpose), so whoever needs numbers
 * for an epoch makes a generator for that epoch: nothing has to be saved to resume exactly. Different
 * keys never share a state. Not for cryptography.
 *
 * Source: C. Doty-Humphrey, PractRand, https://pracrand.sourceforge.net/
 */

const WORD = 2 ** 32;
/** PractRand's number of rounds after which every bit of a three-word key has reached every output bit. */
const MIXING_ROUNDS = 15;

/** A generator of uniform numbers from a key. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param key - up to three whole numbers from 0 to 2³² − 1, e.g. (seed, epoch, purpose); a missing one is 0
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

  /** @returns a number in [0, 1), a multiple of 2⁻⁵³ */
  uniform(): number {
    const high = this.uint32() >>> 5; // 27 bits
    const low = this.uint32() >>> 6; // 26 bits
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * A whole number below `bound`, each equally likely: 32-bit numbers beyond the last full multiple of
   * `bound` are thrown away, since keeping them would favour the small results.
   *
   * @param bound - whole number from 1 to 2³²
   */
  below(bound: number): number {
    const limit = WORD - (WORD % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }
}
