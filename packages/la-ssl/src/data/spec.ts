/** @file How a data set is asked for: a small object, as it stands in a YAML file, checked and completed. */
import { z } from 'zod';

/** How many examples of a split to take, the same number of each class; all where it is left out. */
export const exampleCount = z
  .int()
  .positive()
  .optional()
  .describe('only so many, the first of each class, the same number of each');

/** A share from 0 to 1, or in per cent with the sign: 0.995 or "99.5%". */
export const share = z
  .union([z.number(), z.string()])
  .transform((value) => {
    if (typeof value === 'number') return value;
    const [, number, percent] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(value) ?? [];
    return percent ? Number(number) / 100 : Number(number);
  })
  .refine(
    (value) => value >= 0 && value <= 1,
    'give a share from 0 to 1, or in per cent with the sign: "99.5%"',
  );

/** Names, as a list or set apart by commas: "Male, Young". */
export const nameList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((name) => name.trim()))
  .refine((names) => names.every((name) => name !== ''), 'give names, set apart by commas')
  .refine((names) => new Set(names).size === names.length, 'name each once');

/**
 * Checks a specification and fills in what was left out.
 * @throws where a key is unknown or a value out of range; the message names both
 */
export function parseSpec<Schema extends z.ZodType>(schema: Schema, spec: unknown): z.output<Schema> {
  const result = schema.safeParse(spec);
  if (result.success) return result.data;
  throw new Error(`this is not a data set: ${JSON.stringify(spec)}\n${z.prettifyError(result.error)}`);
}
