/**
 * @file CelebA: 202,599 faces with 40 attributes, each of which may be the label, and any others those that go with it.
 *
 * Source: Liu et al. 2015, "Deep learning face attributes in the wild", https://arxiv.org/abs/1411.7766. Hair and gender are
 * the usual pair since Sagawa et al. 2020, https://arxiv.org/abs/1911.08731.
 */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { findImages } from '../images/image-files.js';
import { nameList } from '../spec.js';
import { binaryColumn } from '../tables/coded-column.js';
import { type ImageTable, imageOptions } from '../tables/image-table.js';
import { type TableFile, Tables } from '../tables/table.js';
import { type CodedColumn, imageTableOf } from '../tables/table-rows.js';

export const celebaSpec = z.strictObject({
  name: z.literal('celeba'),
  ...imageOptions,
  label: z.string().min(1).default('Blond_Hair'),
  attributes: nameList.default(['Male']),
});

/** Where the official archives and Kaggle's have the images; the first that is there is taken. */
const IMAGE_FOLDERS = [
  'img_align_celeba/img_align_celeba',
  'img_align_celeba',
  'Img/img_align_celeba',
  'images/img_align_celeba',
];
const TABLE_FOLDERS = ['', 'Anno', 'Eval'];
const ENDINGS = ['.txt', '.csv', '.txt.gz', '.csv.gz'];

/**
 * Reads the attributes and the partition, as text of the official archive or as CSV of Kaggle's, and finds the images.
 *
 * The values of attribute `X` are `not X` and `X`, of the label too.
 * @throws where the folder, a table or an attribute is not there, or not as it should be
 */
export async function celebaTable(
  options: z.output<typeof celebaSpec>,
  signal?: AbortSignal,
): Promise<ImageTable> {
  const top = resolve(options.path);
  const root = firstThere(top, IMAGE_FOLDERS, 'the folder of images');
  const attributesFile = tableFile(top, 'list_attr_celeba');
  const partitionFile = tableFile(top, 'list_eval_partition');
  const found = await findImages(root, signal);
  return Tables.use(async (tables) => {
    const faces = await openTable(tables, attributesFile, { line: 2 });
    const partition = await openTable(tables, partitionFile, ['file', 'partition']);
    const names = [options.label, ...options.attributes];
    const asked = Object.fromEntries(names.map((name, i) => [`a${i}`, name]));
    await tables.load('faces', faces, { path: faces.columns[0]!, ...asked });
    await tables.load('partition', partition, { path: partition.columns[0]!, split: partition.columns[1]! });
    const columns = await tables.query(
      `SELECT coalesce(f.path, p.path) AS path, f.row, p.split, ${Object.keys(asked).join(', ')}
       FROM faces f FULL JOIN partition p ON f.path = p.path ORDER BY f.row NULLS LAST, p.row`,
    );
    const wrong = new Map<number, string>();
    const [label, ...attributes] = names.map(
      (name, i): CodedColumn =>
        binaryColumn(name, [`not ${name}`, name], columns[`a${i}`]!, [['-1', '0'], ['1']], wrong),
    );
    columns.row!.forEach((row, i) => {
      if (row === null) wrong.set(i, `is in ${basename(partitionFile)} only`);
    });
    return imageTableOf(
      {
        ...{
          name: 'celeba',
          root,
          file: basename(attributesFile),
          notes: tables.notes,
          wrong,
          label,
          attributes,
        },
        ...{ paths: columns.path!, splits: columns.split!, rowNumbers: columns.row! },
      },
      found,
    );
  });
}

function openTable(
  tables: Tables,
  file: string,
  names: readonly string[] | { line: number },
): Promise<TableFile> {
  return /\.txt(\.gz)?$/.test(file) ? tables.openSpaced(file, names) : tables.open(file);
}

function tableFile(top: string, name: string): string {
  const places = TABLE_FOLDERS.flatMap((folder) => ENDINGS.map((ending) => join(folder, name + ending)));
  return firstThere(top, places, `${name}.txt or .csv`);
}

function firstThere(top: string, places: readonly string[], what: string): string {
  const place = places.find((below) => existsSync(join(top, below)));
  if (place) return join(top, place);
  throw new Error(
    `${top} has not ${what} of CelebA, which may be ${places.slice(0, 3).join(', ')}; give the folder that ` +
      'img_align_celeba and the lists are in: --path',
  );
}
