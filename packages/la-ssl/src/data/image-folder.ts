/**
 * @file A user's own folder of images.
 *
 * Its layout is that of `folder-layout.ts`. Each image is in memory as a square of `imageSize` pixels. Nothing is written
 * into the folder.
 */
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { firstOfEachClass, type ImageDataset, type Split } from './dataset.js';
import { type BadFile, decodeFiles, IMAGE_ENDINGS } from './decode.js';
import { type FolderLayout, layoutOf, type SplitFiles } from './folder-layout.js';
import { type FoundFiles, findImages } from './image-files.js';
import type { OnProgress } from './progress.js';
import { exampleCount, parseSpec } from './spec.js';

export const imageFolderSpec = z.strictObject({
  name: z.literal('folder'),
  path: z.string('give the folder that the images are in').min(1),
  // The size that encoders and views are made for where nothing is said, and 3 kB an image.
  imageSize: z.int().min(8).max(1024).default(32),
  onBad: z.enum(['stop', 'skip']).default('stop'),
  examples: exampleCount,
  testExamples: exampleCount,
});
export type ImageFolderSpec = z.input<typeof imageFolderSpec>;

/** So many of the bad files are listed. */
const LISTED = 20;

export interface LoadImageFolderOptions {
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Finds the images of one split and decodes them into memory, `3·S²` bytes each, in the order of their paths.
 * @throws where there is no such folder or split, or no image; and where anything in it is bad, unless that is skipped
 * @throws what `signal` was aborted with
 */
export async function loadImageFolder(
  split: Split,
  spec: ImageFolderSpec,
  { onProgress, signal }: LoadImageFolderOptions = {},
): Promise<ImageDataset> {
  const options = parseSpec(imageFolderSpec, spec);
  const root = resolve(options.path);
  const name = basename(root);
  const side = options.imageSize;
  const note = (text: string): void => onProgress?.({ kind: 'note', text });

  const found = await findImages(root, signal);
  if (found.images.length === 0) throw noImages(root, found);
  const layout = layoutOf(found);
  const files = layout.splits[split];
  if (!files) throw noSplit(root, split, layout);
  const wanted = split === 'train' ? options.examples : options.testExamples;
  const { paths, labels } = wanted === undefined ? files : first(wanted, files, layout.classNames.length);

  const decoded = await decodeFiles(
    paths.map((path) => join(root, path)),
    {
      side,
      signal,
      onProgress: (done, total) =>
        onProgress?.({ kind: 'progress', task: `decode ${name}`, done, total, unit: 'examples' }),
    },
  );
  const bad = [
    ...found.bad,
    ...layout.bad,
    ...decoded.bad.map(({ index, reason }) => ({ path: paths[index]!, reason })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const count = decoded.indices.length;
  if (bad.length > 0 && options.onBad === 'stop') {
    const advice = 'Mend or remove them, or go on without them: --on-bad skip';
    throw new Error(`${root} has ${things(bad.length)} that cannot be used:\n${listed(bad)}\n${advice}`);
  }
  if (count === 0) {
    throw new Error(`${root} has no ${split} image that can be used:\n${listed(bad)}\nGive another --path.`);
  }
  if (bad.length > 0) note(`${name}: left out ${things(bad.length)}:\n${listed(bad)}`);
  if (layout.unread.length > 0) note(`${name}: not read, as the splits are: ${layout.unread.join(', ')}`);
  const median = decoded.sides.toSorted()[count >> 1]!;
  if (median >= 2 * side) {
    note(
      `${name}: images of ${median} pixels (median of the shorter sides) are made ${side}; --image-size sets another size`,
    );
  }

  return {
    name,
    split,
    images: decoded.images,
    shape: { count, channels: 3, height: side, width: side },
    classNames: layout.classNames,
    ...(labels && { labels: decoded.indices.map((i) => labels[i]!) }),
    attributes: [],
    ids: Array.from(decoded.indices, (i) => paths[i]!),
    ...(bad.length > 0 && { skipped: bad }),
  };
}

/** So many of the images: the first of each class, where there are classes. */
function first(wanted: number, { paths, labels }: SplitFiles, classes: number): SplitFiles {
  if (labels) {
    const indices = firstOfEachClass(labels, classes, wanted);
    return { paths: Array.from(indices, (i) => paths[i]!), labels: indices.map((i) => labels[i]!) };
  }
  if (wanted > paths.length) {
    throw new Error(`examples is ${wanted}, but there are ${paths.length} images; ask for fewer`);
  }
  return { paths: paths.slice(0, wanted) };
}

function things(count: number): string {
  return count === 1 ? '1 file or folder' : `${count} files or folders`;
}

function listed(bad: readonly BadFile[]): string {
  const lines = bad.slice(0, LISTED).map(({ path, reason }) => `  ${path} ${reason}`);
  if (bad.length > LISTED) lines.push(`  … and ${bad.length - LISTED} more`);
  return lines.join('\n');
}

function noImages(root: string, { others, bad }: FoundFiles): Error {
  const kinds = [...others].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const there = kinds.map(([ending, count]) => `${count} × ${ending}`).join(', ');
  return new Error(
    `${root} has no image below it (${IMAGE_ENDINGS.join(', ')}). ` +
      (there ? `Other files there: ${there}. ` : '') +
      `Give the folder that the images are in: --path <folder>${bad.length > 0 ? `\n${listed(bad)}` : ''}`,
  );
}

function noSplit(root: string, split: Split, { splits }: FolderLayout): Error {
  if (split === 'train') {
    return new Error(
      `${root} has folders for testing, but none with training images. Put them into ${join(root, 'train')}, or give ` +
        'one of the others: --path',
    );
  }
  const classes = splits.train?.labels ? ' in the same class folders' : '';
  return new Error(
    `${root} has no test split, and so there is nothing to test on. Put training images into ${join(root, 'train')} and ` +
      `others into ${join(root, 'test')} (or val)${classes}. Training, scoring and features need none.`,
  );
}
