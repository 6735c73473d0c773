/**
 * @file Learning speeds as Parquet, a file an update, a row an example: what a reader of the paper plots.
 * All of a run at once: `SELECT * FROM 'runs/NAME/speeds/*.parquet'`.
 */
import { rename, rm } from 'node:fs/promises';
import {
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';

/** The state of sampling at one update: a value for each example in each list. */
export interface SpeedsTable {
  epoch: number;
  ids: readonly string[];
  /** A name, or null where the group is not known. */
  groups: readonly (string | null)[];
  /** Null where an example was never seen. */
  speeds: readonly (number | null)[];
  probabilities: ArrayLike<number>;
}

const COLUMNS = [
  ['epoch', INTEGER],
  ['index', INTEGER],
  ['id', VARCHAR],
  ['group', VARCHAR],
  ['speed', DOUBLE],
  ['probability', DOUBLE],
] as const;
const CHUNK = 2048; // DuckDB's vector size

/** Writes the table to `file`, as a whole or not at all. @throws Error that names the file, where it cannot */
export async function writeSpeeds(file: string, table: SpeedsTable): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const partial = `${file}.${process.pid}.partial`;
  try {
    await connection.run(
      `CREATE TABLE speeds (${COLUMNS.map(([name, type]) => `"${name}" ${type}`).join(', ')})`,
    );
    const appender = await connection.createAppender('speeds');
    for (let start = 0; start < table.ids.length; start += CHUNK) {
      const rows = Array.from({ length: Math.min(CHUNK, table.ids.length - start) }, (_, i) => start + i);
      const chunk = DuckDBDataChunk.create(
        COLUMNS.map(([, type]) => type),
        rows.length,
      );
      const columns: DuckDBValue[][] = [
        rows.map(() => table.epoch),
        rows,
        rows.map((i) => table.ids[i] as string),
        rows.map((i) => table.groups[i] ?? null),
        rows.map((i) => table.speeds[i] ?? null),
        rows.map((i) => table.probabilities[i] as number),
      ];
      columns.forEach((values, column) => {
        chunk.setColumnValues(column, values);
      });
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await connection.run(`COPY speeds TO '${partial.replaceAll("'", "''")}' (FORMAT parquet)`);
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw new Error(`${file} could not be written: ${(error as Error).message}`, { cause: error });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The numbers of one update, `[N]` each. */
export interface SpeedsOfUpdate {
  epoch: number;
  /** NaN where an example was never seen. */
  speeds: Float64Array;
  /** With which the epoch was drawn. */
  probabilities: Float64Array;
}

/** @returns the update in `file` @throws Error that names the file, where it is damaged */
export async function readSpeeds(file: string): Promise<SpeedsOfUpdate> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const query = `SELECT epoch, speed, probability FROM read_parquet('${file.replaceAll("'", "''")}') ORDER BY "index"`;
    const [epochs, speeds, probabilities] = (await (await connection.runAndReadAll(query)).getColumns()) as [
      number[],
      (number | null)[],
      number[],
    ];
    return {
      epoch: epochs[0] ?? 0,
      speeds: Float64Array.from(speeds, (speed) => speed ?? Number.NaN),
      probabilities: Float64Array.from(probabilities),
    };
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new Error(`${file} could not be read: ${reason} Remove it, and the others go without it.`, {
      cause: error,
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
