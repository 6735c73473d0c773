/**
 * @file The order of many numbers, by radix sort: linear in their number whatever they are, and without the calls of a comparison
 * function.
 */

/** Bits of a number that are looked at in one pass: that many counters stay in the first cache. */
const DIGIT = 11;
const RADIX = 2 ** DIGIT;

/**
 * The places of the values from the smallest to the largest, equal ones in the order given; −0 equals 0.
 * Beside the result it takes some 20 bytes for each of them.
 *
 * @param values - at most 2³¹ − 1, none of them NaN
 * @throws RangeError naming the example whose value is NaN
 */
export function ascending(values: ArrayLike<number>): Int32Array {
  const words = risingWords(values);
  const order = new Int32Array(values.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return sortByWord(words, 1, sortByWord(words, 0, order));
}

/** Of each value two words, the lower first, that as one number of 64 bits rise with the value. */
function risingWords(values: ArrayLike<number>): Uint32Array {
  const numbers = new Float64Array(values);
  for (let i = 0; i < numbers.length; i++) {
    if (Number.isNaN(numbers[i]!)) throw new RangeError(`The value of example ${i} is NaN.`);
    numbers[i]! += 0; // −0 becomes 0
  }
  const words = new Uint32Array(numbers.buffer);
  for (let low = 0; low < words.length; low += 2) {
    // Of negative numbers all bits are turned over, of others that of the sign: IEEE 754 orders the rest.
    const turned = words[low + 1]! >>> 31 ? 0xffffffff : 0;
    words[low]! ^= turned;
    words[low + 1]! ^= turned | 0x80000000;
  }
  return words;
}

/** Places in some order, and the word of each that is sorted by. */
interface Keyed {
  readonly order: Int32Array;
  readonly keys: Uint32Array;
}

/** Sorts `order` by one of the words of each value, leaving those in their order whose words are equal. */
function sortByWord(words: Uint32Array, word: 0 | 1, order: Int32Array): Int32Array {
  const count = order.length;
  let from: Keyed = { order, keys: new Uint32Array(count) };
  let to: Keyed = { order: new Int32Array(count), keys: new Uint32Array(count) };
  for (let k = 0; k < count; k++) from.keys[k] = words[2 * order[k]! + word]!;
  for (let shift = 0; shift < 32; shift += DIGIT) {
    const places = startsOf(from.keys, shift);
    if (!places) continue;
    for (let k = 0; k < count; k++) {
      const key = from.keys[k]!;
      const place = places[(key >>> shift) % RADIX]!++;
      to.keys[place] = key;
      to.order[place] = from.order[k]!;
    }
    [from, to] = [to, from];
  }
  return from.order;
}

/** Where the keys of each digit begin; null where all have the same digit. */
function startsOf(keys: Uint32Array, shift: number): Int32Array | null {
  const starts = new Int32Array(RADIX);
  for (let k = 0; k < keys.length; k++) starts[(keys[k]! >>> shift) % RADIX]! += 1;
  if (starts.includes(keys.length)) return null;
  for (let digit = 0, start = 0; digit < RADIX; digit++) {
    const size = starts[digit]!;
    starts[digit] = start;
    start += size;
  }
  return starts;
}
