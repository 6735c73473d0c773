/** @file How a controlled setting is asked for, of any data set. `controlled.ts` makes it. */
import { z } from 'zod';
import { type SharesByAttribute, sharesByAttribute } from '../spec.js';

/** Values of attributes or of the label: `{ place: ['land'] }`, "label=cat,label=dog" or "corruption=snow,corruption=fog". */
export const conditions = z
  .union([z.string(), z.record(z.string(), z.union([z.string(), z.array(z.string())]))])
  .transform((given, { addIssue }): Record<string, string[]> => {
    const pairs =
      typeof given === 'string'
        ? given
            .split(',')
            .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)])
        : Object.entries(given).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
    const valuesOf: Record<string, string[]> = {};
    for (const [name, value] of pairs.map((pair) => pair.map((side) => side!.trim()))) {
      if (name === '' || value === '' || (typeof given === 'string' && !given.includes('='))) {
        addIssue({
          code: 'custom',
          message: 'give an attribute and its value, "place=land", several set apart by commas',
        });
        return z.NEVER;
      }
      valuesOf[name!] = [...(valuesOf[name!] ?? []), value!];
    }
    return valuesOf;
  });

export const imbalanceKinds = ['exponential', 'step'] as const;

/** Options of data sets that have a share of their own, as their attributes are painted. */
export const controlOptions = {
  imbalance: z.number().min(1).optional(),
  imbalanceKind: z.enum(imbalanceKinds).optional(),
  trainWhere: conditions.optional(),
  testWhere: conditions.optional(),
  testAlignedShare: sharesByAttribute.optional(),
};

/** Options of the others. */
export const subsamplingOptions = {
  ...controlOptions,
  alignedShare: sharesByAttribute.optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
};

/** What of a split is to be kept. */
export interface Control {
  /** Only examples with one of these values, of each attribute named; `label` is the label. */
  where?: Readonly<Record<string, readonly string[]>> | undefined;
  /** The share of each class that has the value that goes with it: of every attribute, or of those named. */
  alignedShare?: SharesByAttribute | undefined;
  /** ρ ≥ 1: the first class has ρ times as many examples as the last. */
  imbalance?: number | undefined;
  /** `exponential` by default. */
  imbalanceKind?: (typeof imbalanceKinds)[number] | undefined;
  /** How many examples in all; as many as can be had where absent. */
  examples?: number | undefined;
  /** Of the choice among examples that are alike. */
  seed: number;
}

const CONTROL_KEYS = Object.keys(controlOptions);

/** A specification, complete, with the options of any controlled setting. */
export interface ControlledSpec extends Partial<z.output<z.ZodObject<typeof subsamplingOptions>>> {
  examples?: number | undefined;
  testExamples?: number | undefined;
}

/**
 * What a specification asks of a split beyond what the data set's own loader does; undefined where nothing.
 * @param isPainted - whether `alignedShare` is the loader's own
 */
export function controlOf(spec: ControlledSpec, split: string, isPainted: boolean): Control | undefined {
  const isTrain = split === 'train';
  if (spec.imbalanceKind !== undefined && spec.imbalance === undefined) {
    throw new Error('imbalanceKind needs the ratio of the largest to the smallest class, --imbalance 100');
  }
  const asked = isTrain
    ? {
        where: spec.trainWhere,
        alignedShare: isPainted ? undefined : spec.alignedShare,
        imbalance: spec.imbalance,
        imbalanceKind: spec.imbalanceKind,
      }
    : { where: spec.testWhere, alignedShare: spec.testAlignedShare };
  if (Object.values(asked).every((value) => value === undefined)) return undefined;
  return { ...asked, examples: isTrain ? spec.examples : spec.testExamples, seed: spec.seed ?? 0 };
}

/** The specification as the data set's own loader takes it. @param control - where there is one, all examples are loaded */
export function withoutControl<Spec extends object>(
  spec: Spec,
  control: Control | undefined,
): Omit<Spec, keyof typeof controlOptions> {
  const own = Object.fromEntries(Object.entries(spec).filter(([key]) => !CONTROL_KEYS.includes(key)));
  if (control) {
    delete own.examples;
    delete own.testExamples;
  }
  return own as Omit<Spec, keyof typeof controlOptions>;
}
