/** @file What a report shows of a run's training examples: kinds, pictures of both ends, their features. */
import { setThreads } from '@la-ssl/torch';
import sharp from 'sharp';
import { describeExample } from '../analysis/index.js';
import { evalTransform } from '../augment/index.js';
import { groupsOf, type ImageDataset, imagesAt } from '../data/index.js';
import { extractFeatures } from '../evaluation/index.js';
import { createMethod } from '../training/index.js';
import type { Picture } from './parts.js';
import { type PrincipalComponents, principalComponents } from './principal-components.js';
import type { RunRecord } from './run-record.js';

/** By what the examples of a run are told apart. */
export interface Kinds {
  /** Such as `aligned and conflicting`. */
  by: string;
  /** Null where it is not known. */
  of: readonly (string | null)[];
}

/** Groups beyond these are told in tables alone: more cannot be told apart in a chart. */
const MOST_KINDS = 8;

/**
 * Aligned and conflicting where the data set says it, else its groups, else all examples as one kind.
 * @param groups - names as the run wrote them
 */
export function kindsOfExamples(dataset: ImageDataset | null, groups: readonly (string | null)[]): Kinds {
  const known = dataset?.labels && dataset.shape.count === groups.length ? groupsOf(dataset) : null;
  if (known?.aligned) {
    const of = Array.from(known.aligned, (side) =>
      side < 0 ? null : side === 1 ? 'aligned' : 'conflicting',
    );
    return { by: 'aligned and conflicting examples', of };
  }
  const names = new Set(groups.filter((group) => group !== null));
  if (names.size > 0 && names.size <= MOST_KINDS) return { by: 'groups', of: groups };
  return { by: 'all examples', of: groups.map(() => 'all') };
}

/** Smaller images are enlarged to it by a whole factor, larger ones made as small; pixels. */
const SIDE = 96;

/**
 * Pictures of some examples with what is known of each.
 * @param speeds - of all examples, `[N]`
 */
export function picturesOf(
  dataset: ImageDataset,
  indices: readonly number[],
  speeds: ArrayLike<number>,
): Promise<Picture[]> {
  const groups = dataset.labels ? groupsOf(dataset) : null;
  const { channels, height, width } = dataset.shape;
  const scale = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
  const shrink = Math.min(1, SIDE / Math.max(height, width));
  const shown = {
    width: Math.max(1, Math.round(width * scale * shrink)),
    height: Math.max(1, Math.round(height * scale * shrink)),
  };
  return Promise.all(
    indices.map(async (i) => {
      const pixels = interleaved(imagesAt(dataset, [i]), channels as 1 | 3, height * width);
      const raw = sharp(pixels, { raw: { width, height, channels: channels as 1 | 3 } });
      const png = await (shrink < 1 ? raw.resize(shown.width, shown.height) : raw)
        .png({ compressionLevel: 9 })
        .toBuffer();
      const { label, attributes, aligned } = describeExample(dataset, i, groups);
      const known = [label, ...attributes].filter((value) => value !== null);
      const side = aligned === null ? [] : [aligned ? 'aligned' : 'conflicting'];
      const lines = [...known, ...side, `speed ${speeds[i]!.toPrecision(4)}`];
      return { png, ...shown, alt: `Training example ${dataset.ids[i]}: ${lines.join(', ')}`, lines };
    }),
  );
}

/** `[C, H · W]` → `[H · W, C]` */
function interleaved(planes: Uint8Array, channels: number, plane: number): Uint8Array {
  return Uint8Array.from(planes, (_, i) => planes[(i % channels) * plane + Math.floor(i / channels)]!);
}

/** Examples whose speed is known, the slowest first; of equal ones the first in the data set. */
export function slowestFirst(speeds: Float64Array): number[] {
  return Array.from(speeds.keys())
    .filter((i) => !Number.isNaN(speeds[i]!))
    .sort((a, b) => speeds[a]! - speeds[b]! || a - b);
}

export interface ExampleMap extends PrincipalComponents {
  /** Which training examples, in the order of the points. */
  indices: Int32Array;
}

/**
 * The features of some training examples under a finished run's encoder, in the plane.
 * @param most - examples, spread evenly over the data set
 */
export async function mapExamples(
  { folder, config }: RunRecord,
  dataset: ImageDataset,
  most: number,
  options: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal | undefined } = {},
): Promise<ExampleMap> {
  const { count } = dataset.shape;
  const shown = Math.min(most, count);
  const indices = Int32Array.from({ length: shown }, (_, i) => Math.floor((i * count) / shown));
  setThreads(config.threads);
  const method = createMethod(config, dataset.shape);
  try {
    folder.loadEncoder(method.encoder);
    const features = await extractFeatures(method.encoder, dataset, {
      transform: evalTransform(),
      indices,
      precision: config.precision,
      ...options,
    });
    return { indices, ...principalComponents(features, shown) };
  } finally {
    method.dispose();
  }
}
