/**
 * @file A user's own folder of images.
 *
 * Its layout is that of `folder-layout.ts`. Each image becomes a square of `imageSize` pixels. Nothing is written
 * into the folder.
 */
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { type ImageDataset, MissingSplit, type Split } from './dataset.js';
import { IMAGE_ENDINGS } from './decode.js';
import { type FolderLayout, layoutOf } from './folder-layout.js';
import { type FoundFiles, findImages } from './image-files.js';
import { decodeTable, type ImageTable, imageOptions, listed } from './image-table.js';
import type { OnProgress } from './progress.js';
import { parseSpec } from './spec.js';

export const imageFolderSpec = z.strictObject({ name: z.literal('folder'), ...imageOptions });
export type ImageFolderSpec = z.input<typeof imageFolderSpec>;

export interface LoadImageFolderOptions {
  /** Where decoded images may be kept; `cacheFolder()` by default. */
  cache?: string | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Finds the images of one split and decodes them, `3·S²` bytes each, in the order of their paths.
 * @throws where there is no such folder or split, or no image; and where anything in it is bad, unless that is skipped
 * @throws what `signal` was aborted with
 */
export async function loadImageFolder(
  split: Split,
  spec: ImageFolderSpec,
  { cache, onProgress, signal }: LoadImageFolderOptions = {},
): Promise<ImageDataset> {
  const options = parseSpec(imageFolderSpec, spec);
  const found = await findImages(resolve(options.path), signal);
  const { table, layout } = tableOfFolder(resolve(options.path), found);
  if (!layout.splits[split]) throw noSplit(table.root, split, layout);
  return decodeTable(table, split, { ...options, cache, onProgress, signal });
}

function tableOfFolder(root: string, found: FoundFiles): { table: ImageTable; layout: FolderLayout } {
  if (found.images.length === 0) throw noImages(root, found);
  const layout = layoutOf(found);
  const unread = layout.unread.join(', ');
  const table: ImageTable = {
    name: basename(root),
    root,
    splits: layout.splits,
    classNames: layout.classNames,
    attributes: [],
    bad: [...found.bad, ...layout.bad],
    notes: unread ? [`not read, as the splits are: ${unread}`] : [],
  };
  return { table, layout };
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
    return new MissingSplit(
      `${root} has folders for testing, but none with training images. Put them into ${join(root, 'train')}, or give ` +
        'one of the others: --path',
    );
  }
  const classes = splits.train?.labels ? ' in the same class folders' : '';
  if (split === 'validation') {
    return new MissingSplit(
      `${root} has no validation split: that is ${join(root, 'val')} beside train and test; without a test folder, val ` +
        `is the test split. Put images into it${classes}.`,
    );
  }
  return new MissingSplit(
    `${root} has no test split, and so there is nothing to test on. Put training images into ${join(root, 'train')} and ` +
      `others into ${join(root, 'test')} (or val)${classes}. Training, scoring and features need none.`,
  );
}
