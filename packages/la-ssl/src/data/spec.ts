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

/** One share for all attributes, or one by name: `0.95`, `{ Male: 0.95 }`, "Male=95%, Young=0.8". */
export const sharesByAttribute = z
  .union([z.number(), z.string(), z.record(z.string(), z.union([z.number(), z.string()]))])
  .transform((value, { addIssue }): number | Record<string, number> => {
    const parts = typeof value === 'string' && value.includes('=') ? value.split(',') : undefined;
    const given = parts
      ? Object.fromEntries(parts.map((part) => part.split(/=(?=[^=]*$)/).map((side) => side.trim())))
      : value;
    const parsed =
      typeof given === 'object'
        ? z.record(z.string().min(1), share).safeParse(given)
        : share.safeParse(given);
    if (parsed.success) return parsed.data;
    const message =
      'give a share from 0 to 1, such as 0.95 or "95%", or one for each attribute: "colour=95%,corruption=80%"';
    addIssue({ code: 'custom', message });
    return z.NEVER;
  });
export type SharesByAttribute = z.output<typeof sharesByAttribute>;

/**
 * The share of each attribute of a data set.
 * @param usual - that of an attribute that is not named
 * @throws where a name is none of the attributes
 */
export function sharesOf(given: SharesByAttribute, attributes: readonly string[], usual: number): number[] {
  if (typeof given === 'number') return attributes.map(() => given);
  const unknown = Object.keys(given).find((name) => !attributes.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `alignedShare names the attribute ${unknown}, and there is none; these are: ${attributes.join(', ') || 'none'}`,
    );
  }
  return attributes.map((name) => given[name] ?? usual);
}

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

/** A seed: the first word of a random key. */
export const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
