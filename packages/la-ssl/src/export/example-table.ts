/**
 * @file A table of examples that grows by batches and becomes a Parquet or CSV file: what is known of each, and its
 * features. DuckDB holds it; beyond a gigabyte it goes to the disk.
 */
import { rm } from 'node:fs/promises';
import type {
  DuckDBAppender,
  DuckDBConnection,
  DuckDBInstance,
  DuckDBType,
  DuckDBValue,
} from '@duckdb/node-api';
import { describeExample } from '../analysis/index.js';
import { groupsOf, type ImageDataset } from '../data/index.js';
import type { FeatureBatch } from '../evaluation/index.js';

type DuckDB = typeof import('@duckdb/node-api');

interface Column {
  name: string;
  type: DuckDBType;
  /** The value of an example; `at` is its place in the batch. */
  value: (i: number, at: number, batch: FeatureBatch) => DuckDBValue;
}

const MEMORY_LIMIT = '1GB';
/** Rows are written in groups that hold about so many numbers. */
const NUMBERS_A_GROUP = 2 ** 23;
/** DuckDB's vector size: no group has less, and no chunk more. */
const VECTOR = 2048;

export class ExampleTable {
  readonly #duckdb: DuckDB;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #appender: DuckDBAppender;
  readonly #columns: readonly Column[];
  readonly #spill: string;

  private constructor(
    duckdb: DuckDB,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    appender: DuckDBAppender,
    columns: readonly Column[],
    spill: string,
  ) {
    this.#duckdb = duckdb;
    this.#instance = instance;
    this.#connection = connection;
    this.#appender = appender;
    this.#columns = columns;
    this.#spill = spill;
  }

  /**
   * @param features - whether there is a column of them, `FLOAT[]`
   * @param spill - a folder that it may make, use and remove
   */
  static async create(dataset: ImageDataset, features: boolean, spill: string): Promise<ExampleTable> {
    const duckdb = await import('@duckdb/node-api'); // not with the module: it loads a library
    const columns = columnsOf(dataset, features, duckdb);
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: MEMORY_LIMIT,
      temp_directory: spill,
    });
    const connection = await instance.connect();
    const types = columns.map(({ name, type }) => `${quoted(name)} ${type}`);
    await connection.run(`CREATE TABLE examples (${types.join(', ')})`);
    const appender = await connection.createAppender('examples');
    return new ExampleTable(duckdb, instance, connection, appender, columns, spill);
  }

  append(batch: FeatureBatch): void {
    for (let first = 0; first < batch.count; first += VECTOR) {
      const rows = Array.from({ length: Math.min(VECTOR, batch.count - first) }, (_, row) => first + row);
      const types = this.#columns.map(({ type }) => type);
      const chunk = this.#duckdb.DuckDBDataChunk.create(types, rows.length);
      this.#columns.forEach(({ value }, column) => {
        chunk.setColumnValues(
          column,
          rows.map((at) => value(batch.start + at, at, batch)),
        );
      });
      this.#appender.appendDataChunk(chunk);
    }
  }

  /** Writes all rows, in the order in which they came. @param width - F, numbers in a row */
  async write(file: string, format: 'parquet' | 'csv', width: number): Promise<void> {
    this.#appender.flushSync();
    const group = Math.max(1, Math.floor(NUMBERS_A_GROUP / width / VECTOR)) * VECTOR;
    const options = format === 'csv' ? 'FORMAT csv, HEADER' : `FORMAT parquet, ROW_GROUP_SIZE ${group}`;
    await this.#connection.run(`COPY examples TO '${file.replaceAll("'", "''")}' (${options})`);
  }

  async close(): Promise<void> {
    this.#appender.closeSync();
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.#spill, { recursive: true, force: true });
  }
}

/** Index and name of each example, its label, attributes and group where they are known, its features. */
function columnsOf(dataset: ImageDataset, features: boolean, duckdb: DuckDB): Column[] {
  const { BOOLEAN, FLOAT, INTEGER, LIST, VARCHAR, listValue } = duckdb;
  const groups = dataset.labels ? groupsOf(dataset) : null;
  const columns: Column[] = [
    { name: 'index', type: INTEGER, value: (i) => i },
    { name: 'id', type: VARCHAR, value: (i) => dataset.ids[i]! },
  ];
  const described = (pick: (example: ReturnType<typeof describeExample>) => DuckDBValue) => (i: number) =>
    pick(describeExample(dataset, i, groups));
  if (groups) {
    columns.push(
      { name: 'label', type: VARCHAR, value: described(({ label }) => label) },
      { name: 'group', type: VARCHAR, value: described(({ group }) => group) },
    );
  }
  if (groups?.aligned) {
    columns.push({ name: 'aligned', type: BOOLEAN, value: described(({ aligned }) => aligned) });
  }
  const taken = ['features', ...columns.map(({ name }) => name)];
  dataset.attributes.forEach(({ name }, a) => {
    // DuckDB does not tell upper from lower case.
    const own = taken.includes(name.toLowerCase()) ? `attribute_${name}` : name;
    columns.push({ name: own, type: VARCHAR, value: described(({ attributes }) => attributes[a]!) });
  });
  if (features) {
    columns.push({
      name: 'features',
      type: LIST(FLOAT),
      value: (_, at, { values, count }) => {
        const width = values.length / count;
        return listValue(Array.from(values.subarray(at * width, (at + 1) * width)));
      },
    });
  }
  return columns;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
