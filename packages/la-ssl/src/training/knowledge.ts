/** @file What a run is told of its training examples beside their pixels, by its options; and the codes that it is told. */
import { type ImageDataset, UNKNOWN } from '../data/index.js';
import { METHODS, type MethodSpec } from '../methods/index.js';
import type { TrainConfig } from './config.js';

/** What pretraining may have to know of every training example. */
export type Knowledge = 'labels' | 'attributes';

/** Samplers that need more than pixels. */
const OF_SAMPLER: Readonly<Record<string, readonly Knowledge[]>> = {
  oracle: ['labels', 'attributes'],
  'class-balanced': ['labels'],
};

type Telling = Pick<TrainConfig, 'method' | 'sampler' | 'batchBy'>;

/** What a run with these options needs to know; empty for one that learns from pixels alone. */
export function knowledgeOf(config: Telling): Knowledge[] {
  const needed = new Set(OF_SAMPLER[config.sampler]);
  if (attributeUser(config)) needed.add('attributes');
  return [...needed];
}

const MARKS = { labels: '‡', attributes: '†' } as const satisfies Record<Knowledge, string>;

/** What a table puts behind the name of a run that was told of its training examples; nothing for pixels alone. */
export function markOf(told: readonly Knowledge[]): string {
  return told.length === 0 ? '' : ` ${told.map((one) => MARKS[one]).join('')}`;
}

/** The footnote to the marks of a table's rows; empty where there are none. */
export function noteOf(rows: readonly (readonly Knowledge[])[]): string {
  const told = (Object.keys(MARKS) as Knowledge[]).filter((one) => rows.some((row) => row.includes(one)));
  if (told.length === 0) return '';
  const parts = told.map((one) => `${MARKS[one]} the ${one}`);
  return `Told in pretraining, of every training example: ${parts.join(', ')}. Rows without a mark: pixels alone.`;
}

/** Which option goes by the attribute that a run is told, such as `--method conditional`; null where none does. */
export function attributeUser({ method, batchBy }: Omit<Telling, 'sampler'>): string | null {
  const spec: MethodSpec = METHODS[method];
  if (spec.needs === 'attributes') return `--method ${method}`;
  return batchBy === 'attribute' ? '--batch-by attribute' : null;
}

/** Attributes as one: a code for each combination of their values. */
export interface AttributeCodes {
  /** From 0, one an example, `[N]`. */
  codes: Int32Array;
  /** V, how many codes there may be. */
  values: number;
}

/**
 * @param name - of one attribute; without it all are taken together
 * @param user - the option that needs them, for messages
 * @throws Error that names the data set and what to do, where it has no such attribute, one with a single value, or does
 *   not know it of every example
 */
export function attributeCodes(
  dataset: ImageDataset,
  user: string,
  name?: string | undefined,
): AttributeCodes {
  const { shape } = dataset;
  const attributes = dataset.attributes.filter((attribute) => name === undefined || attribute.name === name);
  if (attributes.length === 0) {
    const has = dataset.attributes.map((attribute) => attribute.name).join(', ');
    throw new Error(
      has
        ? `${dataset.name} has no attribute ${name}. Give --attribute one of: ${has}.`
        : `${user} needs the attribute of every example, and ${dataset.name} has no attributes. Leave it out, or take a data set that has some.`,
    );
  }
  const codes = new Int32Array(shape.count);
  let values = 1;
  for (const attribute of attributes) {
    const unknown = attribute.codes.reduce((sum, code) => sum + (code === UNKNOWN ? 1 : 0), 0);
    if (unknown > 0) {
      throw new Error(
        `${user} needs the attribute ${attribute.name} of every example, and ${dataset.name} does not have it for ` +
          `${unknown} of ${shape.count}. Leave those examples out, or take another --attribute.`,
      );
    }
    for (let i = 0; i < shape.count; i++)
      codes[i] = codes[i]! * attribute.values.length + attribute.codes[i]!;
    values *= attribute.values.length;
  }
  if (codes.every((code) => code === codes[0])) {
    throw new Error(
      `${user} needs an attribute that differs, and ${attributes.map((attribute) => attribute.name).join(', ')} is ` +
        `the same in every training example of ${dataset.name}.`,
    );
  }
  return { codes, values };
}
