import assert from 'node:assert/strict';
import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { readSpeeds, writeSpeeds } from './speeds-file.js';
import { temporaryFolder } from './tiny-run.test.support.js';

const COUNT = 5000; // several chunks

const table = {
  epoch: 12,
  ids: Array.from({ length: COUNT }, (_, i) => `it's "${i}"`),
  groups: Array.from({ length: COUNT }, (_, i) => (i % 3 === 0 ? null : `label=${i % 3}, ground=ü`)),
  speeds: Array.from({ length: COUNT }, (_, i) => (i % 7 === 0 ? null : Math.exp(Math.sin(i)))),
  probabilities: Float64Array.from({ length: COUNT }, (_, i) => (2 * (i + 1)) / (COUNT * (COUNT + 1))),
};

test('DuckDB reads what was written, to the bit', async (t) => {
  const folder = join(temporaryFolder(t));
  const file = join(folder, "it's a run.parquet");
  await writeSpeeds(file, table);
  assert.deepEqual(readdirSync(folder), ["it's a run.parquet"]);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `SELECT * FROM '${file.replaceAll("'", "''")}' ORDER BY "index"`,
  );
  assert.deepEqual(reader.getColumnsObject(), {
    epoch: table.ids.map(() => 12),
    index: table.ids.map((_, i) => i),
    id: table.ids,
    group: table.groups,
    speed: table.speeds,
    probability: Array.from(table.probabilities),
  });
  connection.closeSync();
  instance.closeSync();
});

test('readSpeeds gives epoch, speeds and probabilities, NaN where an example was never seen', async (t) => {
  const file = join(temporaryFolder(t), 'epoch-0012.parquet');
  await writeSpeeds(file, table);
  assert.deepEqual(await readSpeeds(file), {
    epoch: 12,
    speeds: Float64Array.from(table.speeds, (speed) => speed ?? Number.NaN),
    probabilities: Float64Array.from(table.probabilities),
  });
});

test('names the file that cannot be written', async (t) => {
  const file = join(temporaryFolder(t), 'none', 'epoch-0001.parquet');
  await assert.rejects(writeSpeeds(file, table), (error: Error) =>
    error.message.startsWith(`${file} could not be written`),
  );
});

test('names the file that is damaged', async (t) => {
  const file = join(temporaryFolder(t), 'epoch-0012.parquet');
  await writeSpeeds(file, table);
  truncateSync(file, 1000);
  await assert.rejects(
    readSpeeds(file),
    ({ message }: Error) => message.startsWith(`${file} could not be read: `) && !message.includes('\n'),
  );
});
