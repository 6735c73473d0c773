/**
 * @file A download that survives a bad line: it resumes where it was cut, starts anew where that cannot be
 * done, and puts a file under its name only when it is complete and its checksum is right.
 *
 * While under way the bytes are in `<file>.part`, and `<file>.part.json` says what they are the start of.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode, explainWriteError, withLock } from '../cache.js';
import type { OnProgress } from '../progress.js';

export interface DownloadOptions {
  /** `<algorithm>-<base64>`, as npm writes it, for example `sha512-…`. */
  integrity?: string | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
  /** ms until the server must have answered. */
  connectTimeout?: number;
  /** ms that may pass without a byte. */
  stallTimeout?: number;
  /** How many times in a row a transfer may fail without having gained anything. */
  attempts?: number;
  /** ms to wait before the second attempt; doubles from one to the next. */
  backoff?: number;
}

export const defaultDownloadOptions = {
  connectTimeout: 8_000,
  stallTimeout: 30_000,
  attempts: 5,
  backoff: 500,
} satisfies DownloadOptions;

/** `unreachable`: no connection. `refused`: an HTTP error. `interrupted`: cut too often. `integrity`: wrong bytes. */
export type DownloadFailure = 'unreachable' | 'refused' | 'interrupted' | 'integrity';

export class DownloadError extends Error {
  override name = 'DownloadError';

  constructor(
    readonly reason: DownloadFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What the bytes in a `.part` file are the start of. */
interface Origin {
  url: string;
  etag?: string | undefined;
  lastModified?: string | undefined;
  size?: number | undefined;
}

/**
 * Downloads `url` to `file`; returns at once where the file is there already with the right checksum.
 * @throws DownloadError, or the system's own error where the file could not be written. After anything but a
 * wrong checksum the part that arrived stays, and the next call goes on from it.
 */
export async function download(url: string, file: string, options: DownloadOptions = {}): Promise<void> {
  await withLock(file, async () => {
    if (await exists(file)) {
      if (!options.integrity || (await hasIntegrity(file, options.integrity))) return;
      await rm(file);
    }
    const wasResumed = await transfer(url, file, options);
    if (options.integrity && !(await hasIntegrity(`${file}.part`, options.integrity))) {
      await discard(file);
      if (!wasResumed) throw integrityError(url, file);
      options.onProgress?.({
        kind: 'note',
        text: `the resumed ${basename(file)} has a wrong checksum: starting anew`,
      });
      await transfer(url, file, options);
      if (!(await hasIntegrity(`${file}.part`, options.integrity))) {
        await discard(file);
        throw integrityError(url, file);
      }
    }
    await rename(`${file}.part`, file);
    await discard(file);
  });
}

function integrityError(url: string, file: string): DownloadError {
  return new DownloadError(
    'integrity',
    `${url} gave a file with a wrong checksum, which was removed (${file}); run again, and if it happens again, ` +
      'get the file elsewhere and name its path',
  );
}

async function exists(file: string): Promise<boolean> {
  return (await sizeOf(file)) !== undefined;
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function discard(file: string): Promise<void> {
  await rm(`${file}.part`, { force: true });
  await rm(`${file}.part.json`, { force: true });
}

async function hasIntegrity(file: string, integrity: string): Promise<boolean> {
  const dash = integrity.indexOf('-');
  const hash = createHash(integrity.slice(0, dash));
  await pipeline(createReadStream(file), hash);
  return hash.digest('base64') === integrity.slice(dash + 1);
}

/** Brings the whole file into `.part`, over as many connections as it takes; says whether any was a resumed one. */
async function transfer(url: string, file: string, options: DownloadOptions): Promise<boolean> {
  const { attempts, backoff } = { ...defaultDownloadOptions, ...options };
  await mkdir(dirname(file), { recursive: true });
  let wasResumed = false;
  let gotAnything = false;
  for (let failures = 0; ; ) {
    const connection: Connection = { resumed: false, received: 0 };
    try {
      await receive(url, file, options, connection);
      return wasResumed || connection.resumed;
    } catch (error) {
      options.signal?.throwIfAborted();
      wasResumed ||= connection.resumed;
      gotAnything ||= connection.received > 0;
      if (!(error instanceof DownloadError)) throw explainWriteError(error, `${file}.part`);
      // A server that was never reached will not be there in a second: say so at once.
      const canRecover = error.reason === 'interrupted' || (error.reason === 'unreachable' && gotAnything);
      failures = connection.resumed && connection.received > 0 ? 1 : failures + 1;
      if (!canRecover || failures >= attempts) throw error;
      const wait = backoff * 2 ** (failures - 1);
      options.onProgress?.({ kind: 'note', text: `${error.message}; trying again in ${wait / 1000} s` });
      await sleep(wait, undefined, { signal: options.signal });
    }
  }
}

/** What one connection did: whether it went on from a part, and how many bytes it brought. */
interface Connection {
  resumed: boolean;
  received: number;
}

/** One connection: asks for what is missing, and stores what comes. */
async function receive(
  url: string,
  file: string,
  options: DownloadOptions,
  connection: Connection,
): Promise<void> {
  const { connectTimeout, stallTimeout } = { ...defaultDownloadOptions, ...options };
  const known = await readOrigin(file, url);
  const at = known ? ((await sizeOf(`${file}.part`)) ?? 0) : 0;
  connection.resumed = at > 0;
  if (known && known.size === at) return;

  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), connectTimeout);
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  try {
    const response = await request(url, at, known, signal);
    try {
      const isRest = at > 0 && response.statusCode === 206;
      if (response.statusCode === 416 || (isRest && !continues(response, at, known))) {
        await discard(file);
        const what = `what was there of ${basename(file)} is of another version`;
        throw new DownloadError('interrupted', `${what}: starting anew`);
      }
      connection.resumed = isRest;
      const { etag, 'last-modified': lastModified, 'content-length': length } = response.headers;
      const size = isRest ? known?.size : length === undefined ? undefined : Number(length);
      const origin: Origin = { url, etag, lastModified, size };
      await store(bodyOf(response, url), file, { at: isRest ? at : 0, origin }, (done, count) => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), stallTimeout);
        connection.received += count;
        const total = size === undefined ? {} : { total: size };
        options.onProgress?.({
          kind: 'progress',
          task: `download ${basename(file)}`,
          done,
          ...total,
          unit: 'bytes',
        });
      });
    } finally {
      response.destroy();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Appends the body to `.part`, or begins it where `at` is 0. */
async function store(
  body: AsyncIterable<Uint8Array>,
  file: string,
  start: { at: number; origin: Origin },
  onChunk: (done: number, count: number) => void,
): Promise<void> {
  const sink = await open(`${file}.part`, start.at > 0 ? 'a' : 'w');
  try {
    // Written after the part was emptied, so that it is never taken for the start of something else.
    if (start.at === 0) await writeFile(`${file}.part.json`, JSON.stringify(start.origin));
    let done = start.at;
    for await (const chunk of body) {
      await sink.writeFile(chunk);
      done += chunk.length;
      onChunk(done, chunk.length);
    }
  } finally {
    await sink.close();
  }
}

async function readOrigin(file: string, url: string): Promise<Origin | undefined> {
  try {
    const origin = JSON.parse(await readFile(`${file}.part.json`, 'utf8')) as Origin;
    return origin.url === url ? origin : undefined;
  } catch {
    return undefined; // none, or cut while it was written: the part is then of unknown origin
  }
}

/**
 * The answer to a request for the bytes from `at` on.
 *
 * By node's own client and not by `fetch`, which unpacks what a server marks as `Content-Encoding: gzip`, as
 * some do with a `.tar.gz`: then neither its size nor a range of it would mean anything.
 */
async function request(
  url: string,
  at: number,
  known: Origin | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (at > 0) {
    headers.range = `bytes=${at}-`;
    // With If-Range a changed file comes whole (200). A weak ETag may not be used for it.
    const validator = known?.etag?.startsWith('"') ? known.etag : known?.lastModified;
    if (validator) headers['if-range'] = validator;
  }
  const response = await get(new URL(url), headers, signal).catch((cause: unknown) => {
    const { host } = new URL(url);
    const code = errorCode(cause);
    if (code === 'ECONNRESET')
      throw new DownloadError('interrupted', `${host} closed the connection`, { cause });
    const why = signal.aborted ? 'no answer in time' : (code ?? String(cause));
    throw new DownloadError('unreachable', `${host} cannot be reached (${why}); check the network`, {
      cause,
    });
  });
  const status = response.statusCode ?? 0;
  if (status === 200 || status === 206 || status === 416) return response;
  response.destroy();
  if (status === 404 || status === 410) {
    throw new DownloadError(
      'refused',
      `${url} is not there (HTTP ${status}); get the file elsewhere and name its path`,
    );
  }
  const isPassing = status >= 500 || status === 429 || status === 408;
  throw new DownloadError(isPassing ? 'interrupted' : 'refused', `${url} answered HTTP ${status}`);
}

function get(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  redirects = 5,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const request = client.get(url, { headers, signal }, (response) => {
      const { location } = response.headers;
      if (location === undefined || redirects === 0) return resolve(response);
      response.destroy();
      resolve(get(new URL(location, url), headers, signal, redirects - 1));
    });
    request.on('error', reject);
  });
}

/** Whether a partial answer is the rest of what is in `.part`. */
function continues({ headers }: IncomingMessage, at: number, known: Origin | undefined): boolean {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (!range || Number(range[1]) !== at) return false;
  if (headers.etag && known?.etag && headers.etag !== known.etag) return false;
  return range[2] === '*' || known?.size === undefined || Number(range[2]) === known.size;
}

/** The body's bytes; a connection that breaks off becomes a `DownloadError`. */
async function* bodyOf(response: IncomingMessage, url: string): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await chunks.next().catch((cause: unknown) => {
      throw new DownloadError('interrupted', `the connection to ${new URL(url).host} was cut`, { cause });
    });
    if (done) return;
    yield value;
  }
}
