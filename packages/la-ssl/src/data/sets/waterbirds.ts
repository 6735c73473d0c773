/**
 * @file Waterbirds: landbirds and waterbirds, cut out and put on land or water, in 95 % of the training images on their own.
 *
 * Source: Sagawa et al. 2020, "Distributionally robust neural networks", https://arxiv.org/abs/1911.08731; the layout is that
 * of their archive `waterbird_complete95_forest2water2`.
 */
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { findImages } from '../images/image-files.js';
import { binaryColumn } from '../tables/coded-column.js';
import { type ImageTable, imageOptions } from '../tables/image-table.js';
import { Tables } from '../tables/table.js';
import { imageTableOf } from '../tables/table-rows.js';

export const waterbirdsSpec = z.strictObject({ name: z.literal('waterbirds'), ...imageOptions });

/**
 * Reads `metadata.csv` (`img_filename`, `y`, `place`, `split`) and finds its images below the same folder.
 *
 * Label landbird or waterbird, attribute `place` land or water. In validation and test each class is half on land, half on
 * water.
 * @throws where the folder or the table is not there, or not as it should be
 */
export async function waterbirdsTable(path: string, signal?: AbortSignal): Promise<ImageTable> {
  const root = resolve(path);
  const file = join(root, 'metadata.csv');
  const found = await findImages(root, signal);
  return Tables.use(async (tables) => {
    const picks = { path: 'img_filename', y: 'y', place: 'place', split: 'split' };
    await tables.load('birds', await tables.open(file), picks);
    const columns = await tables.query<keyof typeof picks>('SELECT * FROM birds ORDER BY row');
    const wrong = new Map<number, string>();
    const coded = (name: 'y' | 'place', values: [string, string]) =>
      binaryColumn(name, values, columns[name], [['0'], ['1']], wrong);
    return imageTableOf(
      {
        ...{ name: 'waterbirds', root, file: basename(file), notes: tables.notes, wrong },
        ...{ paths: columns.path, splits: columns.split },
        label: coded('y', ['landbird', 'waterbird']),
        attributes: [coded('place', ['land', 'water'])],
      },
      found,
    );
  });
}
