/**
 * @file A user's own folder of images.
 *
 * Its layout is that of `folder-layout.ts`, or what a table says (`folder-table.ts`). Each image becomes a square of `imageSize` pixels. Nothing is written
 * into the folder.
 */
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import type { Split } from '../dataset.js';
import { IMAGE_ENDINGS } from '../images/decode.js';
import { type FoundFiles, findImages } from '../images/image-files.js';
import { listed } from '../tables/bad-entries.js';
import { type ImageTable, imageOptions } from '../tables/image-table.js';
import { type FolderLayout, layoutOf } from './folder-layout.js';
import { columnWithoutTable, folderTable, folderTableOptions } from './folder-table.js';

export const imageFolderSpec = z.strictObject({
  name: z.literal('folder'),
  ...imageOptions,
  ...folderTableOptions,
});
export type ImageFolderSpec = z.input<typeof imageFolderSpec>;

/**
 * Finds the images of a folder, with its table where one is given; else in the order of their paths.
 * @throws where there is no such folder, or no image, or the table is not as it should be
 * @throws what `signal` was aborted with
 */
export async function imageFolderTable(
  options: z.output<typeof imageFolderSpec>,
  signal?: AbortSignal,
): Promise<ImageTable> {
  const { table } = options;
  if (table !== undefined) return folderTable(options.path, { ...options, table }, signal);
  const column = columnWithoutTable(options);
  if (column) throw new Error(`${column} names a column of a table; give the table too: --table <file>`);

  const root = resolve(options.path);
  const found = await findImages(root, signal);
  if (found.images.length === 0) throw noImages(root, found);
  const layout = layoutOf(found);
  const unread = layout.unread.join(', ');
  return {
    name: basename(root),
    root,
    splits: layout.splits,
    advice: adviceFor(root, layout),
    classNames: layout.classNames,
    attributes: [],
    bad: [...found.bad, ...layout.bad],
    notes: unread ? [`not read, as the splits are: ${unread}`] : [],
  };
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

function adviceFor(root: string, { splits }: FolderLayout): Record<Split, string> {
  const classes = splits.train?.labels ? ' in the same class folders' : '';
  return {
    train:
      `has folders for testing, but none with training images. Put them into ${join(root, 'train')}, or give one of ` +
      'the others: --path',
    validation:
      `has no validation split: that is ${join(root, 'val')} beside train and test; without a test folder, val is the ` +
      `test split. Put images into it${classes}.`,
    test:
      `has no test split, and so there is nothing to test on. Put training images into ${join(root, 'train')} and ` +
      `others into ${join(root, 'test')} (or val)${classes}. Training, scoring and features need none.`,
  };
}
