/** @file What `la-ssl score` leaves for a person to look at: a table of all examples, and sheets of both ends. */
import { join } from 'node:path';
import { describeExample, type RunScores } from '../analysis/index.js';
import { writeWhole } from '../data/cache.js';
import { type ImageDataset, imagesAt } from '../data/index.js';
import { contactSheet } from './contact-sheet.js';
import { csvLine } from './csv.js';

export interface ScoreFiles {
  /** Every example, slowest first. */
  table: string;
  slowest: string;
  fastest: string;
}

/**
 * Writes `slowest.csv`, `slowest.png` and `fastest.png` into a folder.
 * @param top - examples on each sheet
 */
export async function writeScoreFiles(
  folder: string,
  dataset: ImageDataset,
  scores: RunScores,
  top: number,
): Promise<ScoreFiles> {
  const files: ScoreFiles = {
    table: join(folder, 'slowest.csv'),
    slowest: join(folder, 'slowest.png'),
    fastest: join(folder, 'fastest.png'),
  };
  const { order } = scores;
  await writeWhole(files.table, [Buffer.from(scoreTable(dataset, scores))]);
  await writeWhole(files.slowest, [await sheetOf(dataset, scores, order.slice(0, top))]);
  await writeWhole(files.fastest, [await sheetOf(dataset, scores, order.slice(-top).reverse())]);
  return files;
}

/** CSV (RFC 4180) of every example, slowest first; a value that is not known is left empty. */
export function scoreTable(dataset: ImageDataset, { speeds, order, groups }: RunScores): string {
  const header = [
    'rank',
    'index',
    'id',
    'label',
    ...dataset.attributes.map(({ name }) => name),
    'group',
    'aligned',
    'speed',
  ];
  const rows = Array.from(order, (i, rank) => {
    const { label, attributes, group, aligned } = describeExample(dataset, i, groups);
    return [rank + 1, i, dataset.ids[i], label, ...attributes, group, aligned, speeds[i]];
  });
  return [header, ...rows].map(csvLine).join('');
}

function sheetOf(dataset: ImageDataset, { speeds, groups }: RunScores, indices: Int32Array): Promise<Buffer> {
  return contactSheet({
    images: imagesAt(dataset, indices),
    shape: { ...dataset.shape, count: indices.length },
    captions: Array.from(indices, (i) => {
      const { label, attributes } = describeExample(dataset, i, groups);
      return [label ?? '?', ...attributes.map((value) => value ?? '?'), `speed ${speeds[i]!.toFixed(3)}`];
    }),
  });
}
