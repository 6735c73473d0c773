/**
 * @file The form in which every image data set is held in memory, and the groups that follow from it.
 *
 * Pixels lie as `[N, C, H, W]` bytes, so that a batch becomes a tensor by one copy. Labels and attributes
 * may be unknown, wholly (no `labels`, no attributes) or for one example (`UNKNOWN`): pretraining needs neither.
 */

/** The code of a label or an attribute that is not known for this example. */
export const UNKNOWN = -1;

export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** There is no such split of a data set; its others can be loaded. */
export class MissingSplit extends Error {}

/** The splits of a data set that has no images for validation. */
export type TrainOrTest = Exclude<Split, 'validation'>;

/** A property of the examples that may go with the label by chance: a corruption, a gender, an age band. */
export interface Attribute {
  name: string;
  /** What the codes mean, `values[code]`. */
  values: readonly string[];
  /** One code an example, `[N]`, or `UNKNOWN`. */
  codes: Int32Array;
  /** `alignedWith[label]` is the code that goes with that label; `UNKNOWN` where no code does. */
  alignedWith?: Int32Array;
}

/** Which examples depend on each other, such as images of one patient: intervals draw whole clusters. */
export interface Clusters {
  /** What a cluster is: `patient`, or the column that says it. */
  name: string;
  /** The cluster of each example, `[N]`; the same number in two splits is the same cluster. */
  codes: Int32Array;
}

/** Bytes of images: in memory, or read from a file as they are wanted. */
export interface Pixels extends Pick<Uint8Array, 'length' | 'subarray'> {
  /** The images at these places, where they need not be copied for it. */
  pick?: (indices: ArrayLike<number>) => Pixels;
}

/** What is known of the examples of a split: all but their pixels. */
export interface DatasetMetadata {
  name: string;
  split: Split;
  shape: { count: number; channels: number; height: number; width: number };
  classNames: readonly string[];
  /** One label an example, `[N]`, or `UNKNOWN`. */
  labels?: Int32Array;
  attributes: readonly Attribute[];
  /** Absent where each example stands for itself. */
  clusters?: Clusters;
  /** A name for each example that stays the same in every subset of the data set. */
  ids: readonly string[];
  /** What was left out because it is bad, by path, where it was asked to go on without. */
  skipped?: readonly { path: string; reason: string }[];
}

export interface ImageDataset extends DatasetMetadata {
  /** Pixels 0 to 255, `[N, C, H, W]`. */
  images: Pixels;
}

/** One combination of a label and a value of each attribute. */
export interface Group {
  /** For example `label=bird,corruption=fog`. */
  name: string;
  label: number;
  /** One code an attribute, in the order of `dataset.attributes`. */
  codes: readonly number[];
  /** How many examples are in it; may be 0. */
  count: number;
  /** Whether every attribute goes with the label; absent where no attribute says what it goes with. */
  aligned?: boolean;
}

export interface Groups {
  /** All combinations, empty ones too, so that train and test number them alike: `label · |A| + code`. */
  groups: Group[];
  /** The group of each example, `[N]`, or `UNKNOWN` where its label or an attribute is. */
  groupOf: Int32Array;
  /** 1 aligned, 0 conflicting, `UNKNOWN`, `[N]`; absent where no attribute says what it goes with. */
  aligned?: Int8Array;
}

/**
 * The groups of a data set: every combination of label and attributes, with counts.
 *
 * An example is aligned when each attribute that has an `alignedWith` has the code that goes with its
 * label, and conflicting otherwise.
 * @throws where the data set has no labels
 */
export function groupsOf(dataset: DatasetMetadata): Groups {
  const { labels, attributes, classNames, shape } = dataset;
  if (labels === undefined) {
    throw new Error(
      `${dataset.name} has no labels, and so no groups: they are combinations of label and attributes`,
    );
  }
  const aligning = attributes.flatMap(({ alignedWith }, a) => (alignedWith ? [{ a, alignedWith }] : []));
  const isAligned = (label: number, code: (a: number) => number): boolean =>
    aligning.every(({ a, alignedWith }) => alignedWith[label] === code(a));

  let groups: Group[] = classNames.map((name, label) => ({
    name: `label=${name}`,
    label,
    codes: [],
    count: 0,
  }));
  for (const { name, values } of attributes) {
    groups = groups.flatMap((group) =>
      values.map((value, code) => ({
        ...group,
        name: `${group.name},${name}=${value}`,
        codes: [...group.codes, code],
      })),
    );
  }
  if (aligning.length > 0) {
    for (const group of groups) group.aligned = isAligned(group.label, (a) => group.codes[a]!);
  }

  const groupOf = new Int32Array(shape.count).fill(UNKNOWN);
  const aligned = new Int8Array(shape.count).fill(UNKNOWN);
  for (let i = 0; i < shape.count; i++) {
    const label = labels[i]!;
    if (label === UNKNOWN || attributes.some(({ codes }) => codes[i] === UNKNOWN)) continue;
    const index = attributes.reduce((sum, { values, codes }) => sum * values.length + codes[i]!, label);
    groupOf[i] = index;
    groups[index]!.count++;
    aligned[i] = isAligned(label, (a) => attributes[a]!.codes[i]!) ? 1 : 0;
  }
  return aligning.length > 0 ? { groups, groupOf, aligned } : { groups, groupOf };
}

/**
 * Copies the pixels of some examples, in the order given and as often as they are named.
 * @param indices - which examples, each in `[0, N)`
 * @returns pixels `[B, C, H, W]`
 * @throws where an index is out of range
 */
export function imagesAt(dataset: ImageDataset, indices: ArrayLike<number>): Uint8Array {
  const { count, channels, height, width } = dataset.shape;
  const size = channels * height * width;
  const batch = new Uint8Array(indices.length * size);
  for (let b = 0; b < indices.length; b++) {
    const i = indices[b]!;
    if (!(Number.isInteger(i) && i >= 0 && i < count)) {
      throw new Error(
        `index ${i} is not an example of ${dataset.name} (${dataset.split}): it has 0 to ${count - 1}`,
      );
    }
    batch.set(dataset.images.subarray(i * size, (i + 1) * size), b * size);
  }
  return batch;
}

/** The data set that holds only these examples, with their ids. `indices` as in `imagesAt`. */
export function subsetOf(dataset: ImageDataset, indices: ArrayLike<number>): ImageDataset {
  const pick = (codes: Int32Array): Int32Array => Int32Array.from(indices, (i) => codes[i]!);
  return {
    ...dataset,
    images: dataset.images.pick?.(indices) ?? imagesAt(dataset, indices),
    shape: { ...dataset.shape, count: indices.length },
    ...(dataset.labels && { labels: pick(dataset.labels) }),
    attributes: dataset.attributes.map((attribute) => ({ ...attribute, codes: pick(attribute.codes) })),
    ...(dataset.clusters && { clusters: { ...dataset.clusters, codes: pick(dataset.clusters.codes) } }),
    ids: Array.from(indices, (i) => dataset.ids[i]!),
  };
}

/**
 * The indices of the first `examples / K` examples of each class, in the order of the data set.
 * @param labels - `[N]`, 0 to K − 1
 * @param classes - K
 * @param examples - how many in all; a multiple of K, and no class may have fewer than its share
 */
export function firstOfEachClass(labels: Int32Array, classes: number, examples: number): Int32Array {
  const share = examples / classes;
  if (!(Number.isInteger(share) && share > 0)) {
    throw new Error(`examples is ${examples}; give a positive multiple of ${classes}, the number of classes`);
  }
  const taken = new Int32Array(classes);
  const indices = new Int32Array(examples);
  let filled = 0;
  for (let i = 0; i < labels.length && filled < examples; i++) {
    const label = labels[i]!;
    if (label === UNKNOWN || taken[label]! >= share) continue;
    taken[label]!++;
    indices[filled++] = i;
  }
  if (filled < examples) {
    const fewest = Math.min(...taken);
    throw new Error(
      `examples is ${examples}, ${share} of each class, but a class has only ${fewest}; ask for fewer`,
    );
  }
  return indices;
}
