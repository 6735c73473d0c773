/** @file Tables with broken bytes, as many as are asked for: they must give a table of images or an error, and soon. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { Random } from '../../random.js';
import { broken, soon } from '../images/decode-fuzz.test.support.js';
import { codedColumn } from './coded-column.js';
import { type TableFile, Tables } from './table.js';
import { imageTableOf } from './table-rows.js';

const count = 8;
const images = Array.from({ length: count }, (_, i) => `pictures/${i}.jpg`);
const csv = (mark: string): string =>
  [
    ['path', 'label', 'attribute', 'split'],
    ...images.map((path, i) => [path, i % 2 ? '"a ""cat"""' : 'dog', `${i % 3}`, `${i % 3}`]),
  ]
    .map((fields) => `${fields.join(mark)}\n`)
    .join('');
const spaced = `${count}\nlabel attribute split\n${images.map((path, i) => `${path} ${i % 2 ? ' 1' : '-1'}  ${i % 3} ${i % 3}\n`).join('')}`;

async function parquet(folder: string): Promise<Buffer> {
  const file = join(folder, 'whole.parquet');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const rows = images.map((path, i) => `('${path}', ${i % 2}, ${i / 2}, 'train')`).join(', ');
  await connection.run(
    `COPY (SELECT * FROM (VALUES ${rows}) AS t(path, label, attribute, split)) TO '${file}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  return readFileSync(file);
}

interface Source {
  ending: string;
  content: (folder: string) => Promise<Buffer>;
  open: (tables: Tables, file: string) => Promise<TableFile>;
}

const opened = (tables: Tables, file: string): Promise<TableFile> => tables.open(file);
const ofText = (text: string, ending: string): Source => ({
  ending,
  content: async () => Buffer.from(text),
  open: opened,
});

const SOURCES: Record<string, Source> = {
  csv: ofText(csv(','), '.csv'),
  tsv: ofText(csv('\t'), '.tsv'),
  'gzipped csv': { ending: '.csv.gz', content: async () => gzipSync(csv(',')), open: opened },
  'list set apart by spaces': {
    ...ofText(spaced, '.txt'),
    open: (tables, file) => tables.openSpaced(file, { line: 2 }),
  },
  parquet: { ending: '.parquet', content: parquet, open: opened },
};

export const FUZZED_TABLES: readonly string[] = Object.keys(SOURCES);

/** What means something in a table. */
const MARKS = Buffer.from(',;|\t "\n\r-1.\\/\0');

/**
 * Reads a table that was broken in so many ways.
 * @returns how many gave a table of images, and which took the processor for longest
 */
export async function fuzzTables(
  name: string,
  cases: number,
): Promise<{ good: number; slowest: { index: number; ms: number } }> {
  const { ending, content, open } = SOURCES[name]!;
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-table-fuzz-'));
  const whole = await content(folder);
  const file = join(folder, `table${ending}`);
  const random = new Random(11);
  const tables = await Tables.create();
  const found = { images, folders: ['pictures'], others: new Map(), bad: [] };
  const read = async (): Promise<void> => {
    const table = await open(tables, file);
    const named = { label: 'label', attribute: 'attribute', split: 'split' };
    await tables.load('rows', table, { path: table.columns[0]!, ...named });
    const { path, label, attribute, split } = await tables.query('SELECT * FROM rows ORDER BY row');
    const made = imageTableOf(
      {
        ...{ name: 'broken', root: folder, file: 'table', notes: [], paths: path!, splits: split! },
        label: codedColumn('label', label!, 'label', file),
        attributes: [codedColumn('attribute', attribute!, 'attribute', file)],
      },
      found,
    );
    const used = Object.values(made.splits).flatMap(({ paths }) => paths);
    assert.equal(used.length + made.bad.length, path!.length, 'every row is an image or bad');
    assert.ok(used.every((image) => images.includes(image)) && new Set(used).size === used.length);
  };
  let good = 0;
  let slowest = { index: 0, ms: 0 };
  try {
    for (let i = 0; i < cases; i++) {
      const bytes = i % 2 ? broken(whole, 0, whole.length, random) : Buffer.from(whole);
      if (i % 2 === 0) {
        for (let k = random.below(4); k >= 0; k--) {
          bytes[random.below(bytes.length)] = MARKS[random.below(MARKS.length)]!;
        }
      }
      writeFileSync(file, bytes);
      const state = `${name}, case ${i}`;
      const start = process.cpuUsage();
      await soon(read(), state).then(
        () => good++,
        (error: unknown) => {
          const isReason = error instanceof Error && !(error instanceof assert.AssertionError);
          assert.ok(isReason && error.message.startsWith(file), `${state}: ${error}`);
        },
      );
      const { user, system } = process.cpuUsage(start);
      const ms = (user + system) / 1000;
      if (ms > slowest.ms) slowest = { index: i, ms };
    }
    return { good, slowest };
  } finally {
    tables.close();
    rmSync(folder, { recursive: true });
  }
}
