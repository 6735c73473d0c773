/** @file What is known of the images of a split, row by row. */
import { firstOfEachClass } from '../dataset.js';

/** The images of a split, in order. */
export interface ImageRows {
  /** Below the root, with `/`, `[N]`. */
  paths: readonly string[];
  /** `[N]`; the paths where absent. */
  ids?: readonly string[];
  /** `[N]`, or `UNKNOWN`; absent where no label is known. */
  labels?: Int32Array;
  /** One array an attribute, `[N]`, or `UNKNOWN`. */
  codes?: readonly Int32Array[];
  /** `[N]`; absent where each image stands for itself. */
  clusters?: Int32Array;
}

/** The rows at these places, in this order. */
export function pickRows(rows: ImageRows, indices: Int32Array): ImageRows {
  const { paths, ids, labels, codes, clusters } = rows;
  const pick = (from: Int32Array): Int32Array => indices.map((i) => from[i]!);
  return {
    paths: Array.from(indices, (i) => paths[i]!),
    ...(ids && { ids: Array.from(indices, (i) => ids[i]!) }),
    ...(labels && { labels: pick(labels) }),
    ...(codes && { codes: codes.map(pick) }),
    ...(clusters && { clusters: pick(clusters) }),
  };
}

/** So many of the images: the first of each class, where there are classes. */
export function firstRows(wanted: number, rows: ImageRows, classes: number): ImageRows {
  if (rows.labels) return pickRows(rows, firstOfEachClass(rows.labels, classes, wanted));
  const count = rows.paths.length;
  if (wanted > count) {
    throw new Error(`examples is ${wanted}, but there are ${count} images; ask for fewer`);
  }
  return pickRows(
    rows,
    Int32Array.from({ length: wanted }, (_, i) => i),
  );
}
