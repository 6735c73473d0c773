/**
 * @file The order of many numbers, by a radix sort: linear in their count, so that tens of millions take seconds.
 *
 * Sorting indices by a comparison function is an order of magnitude slower in JavaScript.
 */

/** Bits of a digit: 2,048 counters, so that the places that a pass writes to stay in the cache. */
const DIGIT = 11;

/**
 * The places of the values from the smallest to the largest, equal ones in the order given; −0 equals 0.
 *
 * @param values - at most 2³¹ − 1, none of them NaN
 * @throws RangeError naming the example whose value is NaN
 */
export function ascending(values: ArrayLike<number>): Int32Array {
  const count = values.length;
  let [low, high] = sortableBits(values);
  let order = new Int32Array(count).map((_, i) => i);
  let [otherLow, otherHigh, otherOrder] = [
    new Uint32Array(count),
    new Uint32Array(count),
    new Int32Array(count),
  ];
  for (const half of ['low', 'high'] as const) {
    for (let shift = 0; shift < 32; shift += DIGIT) {
      const keys = half === 'low' ? low : high;
      const places = placesOf(keys, shift);
      if (!places) continue;
      for (let k = 0; k < count; k++) {
        const to = places[(keys[k]! >>> shift) & (2 ** DIGIT - 1)]!++;
        otherLow[to] = low[k]!;
        otherHigh[to] = high[k]!;
        otherOrder[to] = order[k]!;
      }
      [low, otherLow] = [otherLow, low];
      [high, otherHigh] = [otherHigh, high];
      [order, otherOrder] = [otherOrder, order];
    }
  }
  return order;
}

/** Where the keys with each digit begin once they are sorted by it; null where all have the same digit. */
function placesOf(keys: Uint32Array, shift: number): Uint32Array | null {
  const counts = new Uint32Array(2 ** DIGIT);
  for (let k = 0; k < keys.length; k++) counts[(keys[k]! >>> shift) & (2 ** DIGIT - 1)]! += 1;
  if (counts.includes(keys.length)) return null;
  let place = 0;
  return counts.map((digits) => {
    place += digits;
    return place - digits;
  });
}

/** The lower and upper halves of unsigned integers that are ordered as the numbers are. */
function sortableBits(values: ArrayLike<number>): [Uint32Array<ArrayBuffer>, Uint32Array<ArrayBuffer>] {
  const low = new Uint32Array(values.length);
  const high = new Uint32Array(values.length);
  const number = new Float64Array(1);
  const bits = new Uint32Array(number.buffer);
  const [lower, upper] = littleEndian() ? [0, 1] : [1, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) throw new RangeError(`The value of example ${i} is NaN.`);
    number[0] = value + 0; // −0 + 0 is 0
    const negative = bits[upper]! >>> 31 === 1;
    low[i] = negative ? ~bits[lower]! : bits[lower]!;
    high[i] = negative ? ~bits[upper]! : bits[upper]! | 0x80000000;
  }
  return [low, high];
}

function littleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}
