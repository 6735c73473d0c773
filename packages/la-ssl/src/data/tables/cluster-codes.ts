/** @file Columns that say which images belong together: patients, identities, videos. */

/** A number for each value of a column, in the order in which they come; each missing value is one of its own, `[N]`. */
export function clusterCodes(values: readonly (string | null)[]): Int32Array {
  const codes = new Map<string, number>();
  let next = 0;
  return Int32Array.from(values, (value) => {
    const known = value === null ? undefined : codes.get(value);
    if (known !== undefined) return known;
    if (value !== null) codes.set(value, next);
    return next++;
  });
}
