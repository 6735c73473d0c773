/** @file The speeds and probabilities that a run wrote at its updates, read back; and those of `la-ssl score`. */
import { existsSync } from 'node:fs';
import type { RunFolder } from '../training/index.js';

/** What is known of each example at one update, `[N]` each. */
export interface UpdateSpeeds {
  /** First epoch that was drawn with them, from 0. */
  epoch: number;
  /** > 0; NaN where an example was never seen. */
  speeds: Float64Array;
  probabilities: Float64Array;
  /** A name, or null where it is not known. */
  groups: (string | null)[];
}

export async function readUpdate(file: string): Promise<UpdateSpeeds> {
  const columns = await query(
    `SELECT epoch, speed, probability, "group" FROM read_parquet(${quoted(file)}) ORDER BY "index"`,
  );
  const [epochs, speeds, probabilities, groups] = columns as [
    number[],
    (number | null)[],
    number[],
    (string | null)[],
  ];
  return {
    epoch: epochs[0] ?? 0,
    speeds: Float64Array.from(speeds, (speed) => speed ?? Number.NaN),
    probabilities: Float64Array.from(probabilities),
    groups,
  };
}

/** The speeds that `la-ssl score` measured, `[N]`; null where it did not. */
export async function readScores(folder: RunFolder): Promise<Float64Array | null> {
  const file = folder.file('score/slowest.csv');
  if (!existsSync(file)) return null;
  const [speeds] = (await query(
    `SELECT CAST(speed AS DOUBLE) FROM read_csv(${quoted(file)}, header = true, all_varchar = true) ORDER BY CAST("index" AS INTEGER)`,
  )) as [number[]];
  return Float64Array.from(speeds);
}

async function query(sql: string): Promise<unknown[][]> {
  const { DuckDBInstance } = await import('@duckdb/node-api'); // it loads a library
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return (await (await connection.runAndReadAll(sql)).getColumns()) as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function quoted(file: string): string {
  return `'${file.replaceAll("'", "''")}'`;
}

/** At most `count` items of a list, two or more, the first and the last among them, evenly. */
export function spread<T>(items: readonly T[], count: number): T[] {
  const shown = Math.min(count, items.length);
  return Array.from(
    { length: shown },
    (_, i) => items[Math.round((i * (items.length - 1)) / Math.max(1, shown - 1))]!,
  );
}
