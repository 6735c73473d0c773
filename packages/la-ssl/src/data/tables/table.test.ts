import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { Tables } from './table.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-table-'));
after(() => rmSync(folder, { recursive: true }));

const tables = await Tables.create();
after(() => tables.close());

/** Writes a file and reads some of its columns. */
async function read(name: string, content: string | Uint8Array, columns = ['a', 'b']): Promise<unknown> {
  const file = join(folder, name);
  writeFileSync(file, content);
  await tables.load('t', await tables.open(file), Object.fromEntries(columns.map((c) => [c, c])));
  return tables.query('SELECT * FROM t ORDER BY row');
}

test('CSV and its kin give the same table, with any delimiter, line end and gzipped', async () => {
  const expected = { row: ['1', '2'], a: ['x y', 'né'], b: [null, '2,5'] };
  const text = 'a,b,other\n" x y ",NaN,1\nné,"2,5",\n';
  assert.deepEqual(await read('t.csv', text), expected);
  assert.deepEqual(await read('bom.csv', `\ufeff${text}`), expected);
  assert.deepEqual(await read('crlf.csv', text.replaceAll('\n', '\r\n')), expected);
  assert.deepEqual(await read('t.csv.gz', gzipSync(text)), expected);
  assert.deepEqual(await read('[t]*?.csv', text), expected, 'a name that looks like a pattern');
  for (const mark of [';', '\t', '|']) {
    assert.deepEqual(await read('other.csv', `a${mark}b\nx y${mark}\nné${mark}2,5\n`), expected);
  }
});

test('Parquet gives text, and NULL where there is none', async () => {
  const file = join(folder, "it's.parquet");
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const values = "VALUES (1, 1.5, true), (NULL, 'nan'::DOUBLE, false)";
  await connection.run(`COPY (SELECT * FROM (${values}) AS v(a, b, c)) TO '${file.replaceAll("'", "''")}'`);
  connection.closeSync();
  instance.closeSync();
  await tables.load('t', await tables.open(file), { a: 'a', b: 'b', c: 'c' });
  assert.deepEqual(await tables.query('SELECT a, b, c FROM t ORDER BY row'), {
    a: ['1', null],
    b: ['1.5', null],
    c: ['true', 'false'],
  });
});

test('columns set apart by spaces, with names in a line or given', async () => {
  const file = join(folder, 'list.txt');
  writeFileSync(file, '2\nYoung Male \n1.jpg -1  1\n2.jpg  1 -1 \n3.jpg 1\n');
  const opened = await tables.openSpaced(file, { line: 2 });
  assert.deepEqual(opened.columns, ['file', 'Young', 'Male']);
  await tables.load('t', opened, { file: 'file', male: 'Male' });
  assert.deepEqual(await tables.query('SELECT file, male FROM t ORDER BY row'), {
    file: ['1.jpg', '2.jpg', '3.jpg'],
    male: ['1', '-1', null],
  });
  writeFileSync(file, '1.jpg 0\r\n2.jpg 2\r\n');
  await tables.load('t', await tables.openSpaced(file, ['file', 'split']), { split: 'split' });
  assert.deepEqual(await tables.query('SELECT split FROM t ORDER BY row'), { split: ['0', '2'] });
});

test('Latin-1 is read, and said', async () => {
  const expected = { row: ['1'], a: ['é'], b: ['2'] };
  assert.deepEqual(await read('latin.csv', Buffer.from('a,b\né,2\n', 'latin1')), expected);
  assert.match(tables.notes.at(-1)!, /latin\.csv is not UTF-8 and was read as Latin-1; .*iconv/);
  await read('latin-header.csv', Buffer.from('é,a,b\n1,2,3\n', 'latin1'), ['é']);
});

test('what is wrong is said with file and line', async () => {
  const cases: [string, string | Uint8Array, RegExp][] = [
    [
      'one.csv',
      'a b\n1 2\n',
      /one\.csv has no column a\. It has one column only, "a b": are columns separated/,
    ],
    ['none.csv', 'x,y\n1,2\n', /none\.csv has no column a\. It has x, y\.$/],
    ['twice.csv', 'a,a,b\n1,2,3\n', /twice\.csv has 2 columns a; name them differently/],
    ['short.csv', 'a,b\n1,2\n3\n', /short\.csv, line 3: has 1 column where the header has 2/],
    ['long.csv', 'a,b\n1,2\n3,4,5\n', /long\.csv, line 3: has 3 columns where the header has 2/],
    ['quote.csv', 'a,b\n1,"2\n3,4\n', /quote\.csv, line \d: has a quotation mark that is not closed/],
    ['empty.csv', '', /empty\.csv is empty/],
    ['utf16.csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le'), /utf16\.csv.*UTF-8/],
    [
      'cut.csv.gz',
      gzipSync('a,b\n1,2\n').subarray(0, 15),
      /cut\.csv\.gz cannot be unpacked: it is broken or cut off/,
    ],
    ['text.parquet', 'a,b\n1,2\n', /text\.parquet: cannot be read as a table/],
  ];
  for (const [name, content, message] of cases) await assert.rejects(read(name, content), { message }, name);
  await assert.rejects(tables.open(join(folder, 'gone.csv')), /gone\.csv does not exist; give a table/);
  await assert.rejects(tables.open(folder), /is a folder; give a table/);
});
