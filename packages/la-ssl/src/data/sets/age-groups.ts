/** @file Ages in bands, as an attribute. */
import { z } from 'zod';
import { UNKNOWN } from '../dataset.js';
import type { CodedColumn } from '../tables/table-rows.js';

/** Ages at which a new group begins, rising: 60, "40,60" or a list. */
export const boundaries = z
  .union([z.number(), z.string(), z.array(z.number())])
  .transform((value) => (typeof value === 'string' ? value.split(',') : [value].flat()).map(Number))
  .refine(
    (ages) => ages.every((age, i) => Number.isInteger(age) && age > 0 && (i === 0 || age > ages[i - 1]!)),
    'give ages in whole years, rising: 60, or 40,60',
  );

/**
 * @param ages - in years, `[N]`
 * @param known - `true` where the age is known, `[N]`
 * @param bounds - in years, rising; a group begins at each
 * @returns the attribute `age`: `under 40`, `40 to 59`, `60 and over`
 */
export function ageGroups(
  ages: readonly (string | null)[],
  known: readonly (string | null)[],
  bounds: readonly number[],
): CodedColumn {
  const last = bounds.at(-1)!;
  const between = bounds.slice(1).map((end, i) => `${bounds[i]} to ${end - 1}`);
  const codes = ages.map((age, i) => {
    if (age === null || known[i] !== 'true') return UNKNOWN;
    return bounds.filter((bound) => Number(age) >= bound).length;
  });
  return {
    name: 'age',
    values: [`under ${bounds[0]}`, ...between, `${last} and over`],
    codes: Int32Array.from(codes),
  };
}
