/**
 * @file Tables from files, read in place by DuckDB: CSV and its kin, Parquet, and columns set apart by spaces; gzipped or not.
 *
 * Every value is text, trimmed; what pandas takes for missing (empty, `NaN`, `NA`, …) is NULL. A file that is not UTF-8
 * is read as Latin-1, and a note says so.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { checkFile, explained } from './table-problems.js';

/** A file with its columns, before a row is read. */
export interface TableFile {
  file: string;
  columns: readonly string[];
  /** A table function of DuckDB that has the columns as `c0`, `c1`, … */
  source: (encoding: string) => string;
}

/** Values by name of a column, in the order of the rows; null where missing. */
export type Columns<Name extends string> = Record<Name, (string | null)[]>;

/** What stands for a missing value, as in pandas' `read_csv`. */
const MISSING = ['', 'NaN', 'nan', 'NA', 'N/A', 'n/a', '#N/A', '<NA>', 'NULL', 'null', 'None'];

const DELIMITERS = [',', ';', '\t', '|'];

/** A line is one column: this does not occur in a text. */
const NO_DELIMITER = '\u0001';

/** The tables of one data set, in a DuckDB of their own. */
export class Tables {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  /** What a user should know about how the files were read. */
  readonly notes: string[] = [];

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async create(): Promise<Tables> {
    const { DuckDBInstance } = await import('@duckdb/node-api'); // not with the module: it loads a library
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1', // rows keep their order, and training its processors
      temp_directory: '', // nothing is written
      autoload_known_extensions: 'false',
    });
    return new Tables(instance, await instance.connect());
  }

  /** Closes the tables when the work is done. */
  static async use<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    const tables = await Tables.create();
    try {
      return await work(tables);
    } finally {
      tables.close();
    }
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /**
   * Reads the names of the columns; Parquet by its ending, all else is text with a delimiter (comma, semicolon, tab or
   * bar: what the first line has most of).
   * @throws where the file is not there, is empty, or is no table
   */
  async open(file: string): Promise<TableFile> {
    await checkFile(file);
    if (/\.(parquet|pq)$/i.test(file)) return this.#openParquet(file);
    const [first] = await this.#lines(file, 1);
    const delimiter = DELIMITERS.map((mark) => ({ mark, count: splitLine(first!, mark).length })).sort(
      (a, b) => b.count - a.count,
    )[0]!.mark;
    const columns = splitLine(first!, delimiter);
    const types = columns.map((_, i) => `c${i}: 'VARCHAR'`).join(', ');
    const dialect = `delim=${text(delimiter)}, quote='"', escape='"', header=true`;
    return {
      file,
      columns,
      source: (encoding) =>
        `read_csv(${path(file)}, columns={${types}}, auto_detect=false, ${dialect}, encoding='${encoding}')`,
    };
  }

  /**
   * Opens a text whose columns are set apart by any number of spaces, as CelebA's.
   * @param names - of the columns, or the number of the line that has all of them but the first; rows come after it
   */
  async openSpaced(file: string, names: readonly string[] | { line: number }): Promise<TableFile> {
    await checkFile(file);
    let columns = names as readonly string[];
    let skip = 0;
    if ('line' in names) {
      skip = names.line;
      const lines = await this.#lines(file, skip);
      columns = ['file', ...(lines[skip - 1] ?? '').trim().split(/\s+/)];
    }
    const cells = columns.map((_, i) => `cells[${i + 1}] AS c${i}`).join(', ');
    const split = `regexp_split_to_array(trim(line, E' \\t\\r'), '[ \\t]+') AS cells`;
    // A row that is too short or too long has no value that can be trusted.
    const checked = `CASE WHEN len(cells) = ${columns.length} THEN cells ELSE [cells[1]] END AS cells`;
    return {
      file,
      columns,
      source: (encoding) =>
        `(SELECT ${cells} FROM (SELECT ${checked} FROM (SELECT ${split} FROM ${lineSource(file, encoding, skip)})))`,
    };
  }

  /**
   * Makes a table that queries can name, with the columns asked for, and `row`: 1 for the first row after the header.
   * @param picks - which column of the file becomes which column of the table
   * @throws where a column is not there, or a line of the file is not as the others
   */
  async load(name: string, opened: TableFile, picks: Record<string, string>): Promise<void> {
    const columns = Object.entries(picks).map(([alias, column]) => {
      const value = `trim(CAST(c${columnAt(opened, column)} AS VARCHAR), E' \\t\\r\\n')`;
      return `CASE WHEN ${value} IN (${MISSING.map(text).join(', ')}) THEN NULL ELSE ${value} END AS ${quoted(alias)}`;
    });
    const make = (encoding: string): Promise<unknown> =>
      this.#connection.run(
        `CREATE OR REPLACE TEMP TABLE ${quoted(name)} AS SELECT row_number() OVER () AS row, ${columns.join(', ')} ` +
          `FROM ${opened.source(encoding)}`,
      );
    await this.#inItsEncoding(opened.file, make);
  }

  /** Makes a table without rows, where a file is optional. */
  async empty(name: string, columns: readonly string[]): Promise<void> {
    const types = columns.map((column) => `${quoted(column)} VARCHAR`).join(', ');
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${quoted(name)} (row BIGINT, ${types})`);
  }

  /** @param sql - on tables that were loaded @returns its columns, as text */
  async query<Name extends string>(sql: string): Promise<Columns<Name>> {
    const reader = await this.#connection.runAndReadAll(sql);
    const columns = reader.getColumns(); // none where there are no rows
    const texts = (values: readonly unknown[] = []) => values.map((v) => (v === null ? null : String(v)));
    return Object.fromEntries(
      reader.columnNames().map((name, i) => [name, texts(columns[i])]),
    ) as Columns<Name>;
  }

  async #openParquet(file: string): Promise<TableFile> {
    const source = `read_parquet(${path(file)})`;
    const described = await this.#connection
      .runAndReadAll(`DESCRIBE SELECT * FROM ${source}`)
      .catch((cause: unknown) => {
        throw explained(file, cause);
      });
    const columns = described.getColumns()[0]!.map(String);
    const renamed = columns.map((column, i) => `${quoted(column)} AS c${i}`).join(', ');
    return { file, columns, source: () => `(SELECT ${renamed} FROM ${source})` };
  }

  /** The first lines of a file. @throws where it has fewer, or is no text */
  async #lines(file: string, count: number): Promise<string[]> {
    const lines = await this.#inItsEncoding(file, async (encoding) => {
      const sql = `SELECT line FROM ${lineSource(file, encoding, 0)} LIMIT ${count}`;
      return (await this.#connection.runAndReadAll(sql)).getColumns()[0] ?? [];
    });
    if (lines.length < count) throw new Error(`${file} is empty; give a table with a row for each image`);
    if (lines.some((line) => String(line).includes('\0'))) {
      throw new Error(`${file} is no text in UTF-8; save the table as CSV in UTF-8, or as Parquet`);
    }
    return lines.map(String);
  }

  async #inItsEncoding<T>(file: string, read: (encoding: string) => Promise<T>): Promise<T> {
    try {
      return await read('utf-8');
    } catch (error) {
      if (!/unicode|utf-?8/i.test((error as Error).message)) throw explained(file, error);
    }
    const result = await read('latin-1').catch((cause: unknown) => {
      throw explained(file, cause);
    });
    const note = `${file} is not UTF-8 and was read as Latin-1; to convert it: iconv -f LATIN1 -t UTF-8`;
    if (!this.notes.includes(note)) this.notes.push(note);
    return result;
  }
}

/** Where a column is, whatever its case. @throws where it is not there, or twice, with the names that are */
function columnAt({ file, columns }: TableFile, name: string): number {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const exact = columns.flatMap((column, i) => (column === name ? [i] : []));
  const found = exact.length > 0 ? exact : columns.flatMap((column, i) => (same(column, name) ? [i] : []));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new Error(`${file} has ${found.length} columns ${name}; name them differently`);
  throw new Error(`${file} has no column ${name}. ${columnsThere({ columns })}`);
}

/** A sentence about the columns of a file, for errors. */
export function columnsThere({ columns }: Pick<TableFile, 'columns'>): string {
  if (columns.length === 1) {
    return `It has one column only, "${shortened(columns[0]!)}": are columns separated by commas, semicolons, tabs or bars?`;
  }
  const more = columns.length > 50 ? `, … and ${columns.length - 50} more` : '';
  return `It has ${columns.slice(0, 50).map(shortened).join(', ')}${more}.`;
}

function shortened(name: string): string {
  return name.length > 60 ? `${name.slice(0, 57)}…` : name;
}

/** The fields of a header line; within quotation marks a delimiter is text. */
function splitLine(line: string, delimiter: string): string[] {
  const fields = [''];
  let isQuoted = false;
  for (const character of line.replace(/\r$/, '')) {
    if (character === '"') isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) fields.push('');
    else fields[fields.length - 1] += character;
  }
  return fields.map((field) => field.trim());
}

function lineSource(file: string, encoding: string, skip: number): string {
  const oneColumn = `columns={line: 'VARCHAR'}, auto_detect=false, delim=${text(NO_DELIMITER)}, quote='', escape=''`;
  return `read_csv(${path(file)}, ${oneColumn}, header=false, skip=${skip}, encoding='${encoding}')`;
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A path as DuckDB takes it: what would be a pattern is not one. */
function path(file: string): string {
  return text(file.replace(/[*?[]/g, '[$&]'));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
