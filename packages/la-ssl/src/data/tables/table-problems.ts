/** @file What is wrong with a file that should be a table: with its name, and the line where there is one. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { errorCode } from '../cache.js';

/** @throws where it is not there, no file, empty, or a gzip file that is cut off */
export async function checkFile(file: string): Promise<void> {
  const entry = await stat(file).catch((cause: unknown) => {
    const what = errorCode(cause) === 'ENOENT' ? 'does not exist' : `cannot be read (${errorCode(cause)})`;
    throw new Error(`${file} ${what}; give a table of the images`, { cause });
  });
  if (!entry.isFile()) throw new Error(`${file} is a folder; give a table of the images`);
  if (entry.size === 0) throw new Error(`${file} is empty; give a table with a row for each image`);
  if (file.endsWith('.gz')) await checkGzip(file);
}

/** DuckDB takes a file that is cut off for a shorter one. */
async function checkGzip(file: string): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline(createReadStream(file), createGunzip(), nowhere).catch((cause: unknown) => {
    throw new Error(`${file} cannot be unpacked: it is broken or cut off; get it again`, { cause });
  });
}

/** DuckDB's long messages in a sentence, with the line. */
export function explained(file: string, error: unknown): Error {
  const { message } = error as Error;
  const line = /on Line: (\d+)/.exec(message)?.[1];
  const place = line ? `${file}, line ${line}` : file;
  const [, expected, got] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  const wrong = expected
    ? `has ${got} ${got === '1' ? 'column' : 'columns'} where the header has ${expected}; mend the line`
    : /quote/i.test(message)
      ? 'has a quotation mark that is not closed, or text beside a quoted value; mend the line'
      : /unicode|utf-?8|decod|encod/i.test(message)
        ? 'is no text in UTF-8 or Latin-1; convert it, as by: iconv -f WINDOWS-1252 -t UTF-8'
        : `cannot be read as a table: ${message.split('\n')[0]!.trim()}`;
  return new Error(`${place}: ${wrong}`, { cause: error });
}
