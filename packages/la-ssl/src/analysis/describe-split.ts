/** @file What a split of a data set has: counts by group, and how the attributes go with the label. */
import { type DatasetMetadata, type Groups, groupsOf, type Split, UNKNOWN } from '../data/index.js';
import { type Association, association, contingency } from './association.js';

/** A split in numbers, as `la-ssl data describe --json` prints it. */
export interface SplitDescription {
  split: Split;
  images: number;
  /** Of each image, in pixels. */
  size: { channels: number; height: number; width: number };
  /** How many have no known label; null where the split has no labels. */
  unknownLabels: number | null;
  /** Of label and attributes, empty ones too; null where the split has no labels. */
  groups: Groups['groups'] | null;
  /** How many images are in no group, for their label or an attribute is unknown. */
  ungrouped: number | null;
  /** How many examples have every attribute that goes with their label, of those of which it is known. */
  aligned: { count: number; of: number } | null;
  attributes: AttributeDescription[];
  /** What was left out because it is bad. */
  skipped: readonly { path: string; reason: string }[];
}

export interface AttributeDescription {
  name: string;
  values: readonly string[];
  /** How many examples have each value, `[A]`. */
  counts: number[];
  unknown: number;
  /** `byLabel[label][code]`, examples of which both are known; null without labels, as the next. */
  byLabel: number[][] | null;
  association: Association | null;
}

/** Counts a split. */
export function describeSplit(dataset: DatasetMetadata): SplitDescription {
  const { split, shape, labels, classNames, attributes, skipped = [] } = dataset;
  const { count: images, ...size } = shape;
  const known = labels ? groupsOf(dataset) : null;
  const alignedCodes = known?.aligned?.filter((code) => code !== UNKNOWN);
  return {
    split,
    images,
    size,
    unknownLabels: labels ? countOf(labels, UNKNOWN) : null,
    groups: known?.groups ?? null,
    ungrouped: known ? countOf(known.groupOf, UNKNOWN) : null,
    aligned: alignedCodes ? { count: countOf(alignedCodes, 1), of: alignedCodes.length } : null,
    attributes: attributes.map(({ name, values, codes }) => {
      const byLabel = labels ? contingency(labels, classNames.length, codes, values.length) : null;
      return {
        name,
        values,
        counts: values.map((_, code) => countOf(codes, code)),
        unknown: countOf(codes, UNKNOWN),
        byLabel,
        association: byLabel && association(byLabel),
      };
    }),
    skipped,
  };
}

function countOf(codes: Int32Array | Int8Array, wanted: number): number {
  let count = 0;
  for (const code of codes) if (code === wanted) count++;
  return count;
}
