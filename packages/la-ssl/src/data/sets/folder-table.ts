/** @file A folder of images with a table that has a row for each: path, and if known label, attributes, split and id. */
import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { z } from 'zod';
import { IMAGE_ENDINGS } from '../images/decode.js';
import { findImages } from '../images/image-files.js';
import { nameList } from '../spec.js';
import { codedColumn } from '../tables/coded-column.js';
import type { ImageTable } from '../tables/image-table.js';
import { columnsThere, type TableFile, Tables } from '../tables/table.js';
import { imageTableOf, slashed } from '../tables/table-rows.js';

const columnName = z.string().min(1).optional();

export const folderTableOptions = {
  table: z.string().min(1).optional(),
  imageColumn: columnName,
  labelColumn: columnName,
  attributeColumns: nameList.optional(),
  splitColumn: columnName,
  idColumn: columnName,
  clusterColumn: columnName,
};
export type FolderTableOptions = z.output<z.ZodObject<typeof folderTableOptions>>;

/** Which option names a column, where no table is given that could have it. */
export function columnWithoutTable(
  options: z.input<z.ZodObject<typeof folderTableOptions>>,
): string | undefined {
  if (options.table !== undefined) return undefined;
  return Object.keys(folderTableOptions).find((key) => options[key as keyof typeof options] !== undefined);
}

/** What columns are usually called; the first that is there is taken where none was named. */
const USUAL = {
  image: [
    'filename',
    'file_name',
    'img_filename',
    'filepath',
    'file',
    'path',
    'image_path',
    'image',
    'image_id',
  ],
  label: ['label', 'y', 'target', 'class'],
  attribute: ['a', 'attribute'],
  split: ['split', 'partition'],
};

/**
 * Reads the table and finds its images below the folder; paths may leave out their endings (`image_id`).
 *
 * Columns that were not named are guessed by their names, but for ids and clusters; a note says how. Without a column of splits all
 * is for training, and without labels or where one is missing it is unknown.
 * @param options.table - below the folder, or anywhere
 * @throws where a column is not there or not of its kind
 */
export async function folderTable(
  path: string,
  options: FolderTableOptions & { table: string },
  signal?: AbortSignal,
): Promise<ImageTable> {
  const root = resolve(path);
  const inFolder = resolve(root, options.table);
  const file = existsSync(inFolder) ? inFolder : resolve(options.table);
  const found = await findImages(root, signal);
  return Tables.use(async (tables) => {
    const opened = await tables.open(file);
    const { image, label, attributes, split, id, guessed } = chosenColumns(opened, options);
    const cluster = options.clusterColumn;
    const picks = {
      image,
      ...(label !== undefined && { label }),
      ...Object.fromEntries(attributes.map((name, a) => [`a${a}`, name])),
      ...(split !== undefined && { split }),
      ...(id !== undefined && { id }),
      ...(cluster !== undefined && { cluster }),
    };
    await tables.load('images', opened, picks);
    const columns = await tables.query('SELECT * FROM images ORDER BY row');
    return imageTableOf(
      {
        ...{ name: basename(root), root, file: basename(file), notes: [...guessed, ...tables.notes] },
        ...{ paths: withEndings(columns.image!, found.images), ids: columns.id, splits: columns.split },
        label: label === undefined ? undefined : codedColumn(label, columns.label!, 'label', file),
        attributes: attributes.map((name, a) => codedColumn(name, columns[`a${a}`]!, 'attribute', file)),
        clusters: cluster === undefined ? undefined : { name: cluster, values: columns.cluster! },
      },
      found,
    );
  });
}

interface ChosenColumns {
  image: string;
  label?: string | undefined;
  attributes: readonly string[];
  split?: string | undefined;
  id?: string | undefined;
  /** What was not named but guessed. */
  guessed: string[];
}

function chosenColumns(opened: TableFile, options: FolderTableOptions): ChosenColumns {
  const guess = (kind: keyof typeof USUAL): string | undefined =>
    USUAL[kind].flatMap((name) => opened.columns.filter((column) => column.toLowerCase() === name))[0];
  const image = options.imageColumn ?? guess('image');
  if (image === undefined) {
    throw new Error(
      `${opened.file} has no column of images under a usual name; name it: --image-column. ${columnsThere(opened)}`,
    );
  }
  const label = options.labelColumn ?? guess('label');
  const split = options.splitColumn ?? guess('split');
  const attribute = guess('attribute');
  const attributes = options.attributeColumns ?? (attribute === undefined ? [] : [attribute]);
  const guesses = [
    options.imageColumn === undefined && `images ${image}`,
    options.labelColumn === undefined && label !== undefined && `labels ${label}`,
    options.attributeColumns === undefined && attribute !== undefined && `an attribute ${attribute}`,
    options.splitColumn === undefined && split !== undefined && `splits ${split}`,
  ].filter((text) => text !== false);
  const flags = '--image-column, --label-column, --attribute-columns, --split-column';
  const guessed =
    guesses.length > 0 ? [`columns taken by their names: ${guesses.join(', ')} (${flags})`] : [];
  return { image, label, attributes, split, id: options.idColumn, guessed };
}

/** Paths that lack the ending of an image file get that of the only file that begins so. */
function withEndings(paths: readonly (string | null)[], images: readonly string[]): (string | null)[] {
  const lacksEnding = (path: string): boolean => !IMAGE_ENDINGS.includes(extname(path).toLowerCase());
  if (!paths.some((path) => path !== null && lacksEnding(path))) return [...paths];
  const byStem = new Map<string, string | null>();
  for (const path of images) {
    const stem = path.slice(0, -extname(path).length);
    byStem.set(stem, byStem.has(stem) ? null : path);
  }
  return paths.map((path) =>
    path !== null && lacksEnding(path) ? (byStem.get(slashed(path)) ?? path) : path,
  );
}
