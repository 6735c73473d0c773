import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { DataEvent } from '../progress.js';
import { DownloadError, type DownloadFailure, type DownloadOptions, download } from './download.js';

/** How the server behaves; `cuts` says after how many bytes each connection in turn is broken off. */
interface Behaviour {
  content: Buffer;
  ranges: boolean;
  validators: Record<string, string>;
  cuts: number[];
  status: number;
  /** Answers so many bytes and then neither goes on nor hangs up. */
  stallAfter?: number;
}

const content = randomBytes(300_000);
let behaviour: Behaviour;
let requests: http.IncomingMessage[];
let folder: string;
let file: string;

const server = http.createServer((request, response) => {
  requests.push(request);
  if (request.url === '/moved') return response.writeHead(302, { location: '/data.bin' }).end();
  if (behaviour.status !== 200) return response.writeHead(behaviour.status).end('no');
  const size = behaviour.content.length;
  const headers: Record<string, string | number> = { ...behaviour.validators, 'content-length': size };
  let at = 0;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const ifRange = request.headers['if-range'];
  const isCurrent = ifRange === undefined || Object.values(behaviour.validators).includes(String(ifRange));
  if (range && behaviour.ranges && isCurrent) {
    at = Number(range[1]);
    if (at >= size) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    headers['content-range'] = `bytes ${at}-${size - 1}/${size}`;
    headers['content-length'] = size - at;
  }
  response.writeHead(at > 0 ? 206 : 200, headers);
  const cut = behaviour.cuts.shift();
  if (cut !== undefined) {
    response.write(behaviour.content.subarray(at, at + cut));
    void breakOffAfter(response, at + cut);
  } else if (behaviour.stallAfter !== undefined) {
    response.write(behaviour.content.subarray(at, at + behaviour.stallAfter));
  } else {
    response.end(behaviour.content.subarray(at));
  }
  return response;
});

/** Cuts the connection once the client has stored so many bytes; what still is in a buffer may be lost. */
async function breakOffAfter(response: http.ServerResponse, bytes: number): Promise<void> {
  const stored = async (): Promise<number> => (await stat(`${file}.part`).catch(() => ({ size: 0 }))).size;
  while ((await stored()) < bytes && !response.destroyed) await setTimeout(2);
  response.destroy();
}

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const url = `${origin}/data.bin`;
const quick: DownloadOptions = { backoff: 1, attempts: 3 };

const sha512 = (bytes: Buffer): string => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
const offsets = (): (string | undefined)[] => requests.map(({ headers }) => headers.range);
const failsWith =
  (reason: DownloadFailure, message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DownloadError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  };

beforeEach(async () => {
  behaviour = { content, ranges: true, validators: { etag: '"v1"' }, cuts: [], status: 200 };
  requests = [];
  if (folder) await rm(folder, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'la-ssl-download-'));
  file = join(folder, 'data.bin');
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

test('a file arrives whole, with progress up to its size, and nothing else stays', async () => {
  const events: DataEvent[] = [];
  await download(url, file, {
    ...quick,
    integrity: sha512(content),
    onProgress: (event) => events.push(event),
  });
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(await readdir(folder), ['data.bin']);
  const last = events.at(-1);
  assert.ok(last?.kind === 'progress');
  assert.deepEqual([last.done, last.total, last.unit], [content.length, content.length, 'bytes']);
});

test('a file that is there with the right checksum is not fetched again; one with a wrong checksum is', async () => {
  await writeFile(file, content);
  await download(url, file, { integrity: sha512(content) });
  assert.equal(requests.length, 0);
  await writeFile(file, 'something else');
  await download(url, file, { integrity: sha512(content) });
  assert.deepEqual(await readFile(file), content);
});

test('cut connections are resumed where they broke off', async () => {
  behaviour.cuts = [100_000, 50_000];
  await download(url, file, { ...quick, integrity: sha512(content) });
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(offsets(), [undefined, 'bytes=100000-', 'bytes=150000-']);
  assert.equal(requests[1]?.headers['if-range'], '"v1"');
});

test('gaining ground forgives more cuts than there are attempts', async () => {
  behaviour.cuts = Array(10).fill(20_000);
  await download(url, file, quick);
  assert.deepEqual(await readFile(file), content);
});

test('a server without ranges is read from the start again, and given up when it never gets through', async () => {
  behaviour.ranges = false;
  behaviour.cuts = [100_000];
  await download(url, file, { ...quick, integrity: sha512(content) });
  assert.deepEqual(await readFile(file), content);
  assert.equal(requests.length, 2);

  await rm(file);
  requests = [];
  behaviour.cuts = Array(10).fill(100_000);
  await assert.rejects(download(url, file, quick), failsWith('interrupted', /127\.0\.0\.1:\d+ was cut/));
  assert.equal(requests.length, 3);
});

test('a later call goes on from the part that an earlier one left', async () => {
  behaviour.cuts = [120_000];
  await assert.rejects(download(url, file, { attempts: 1 }), failsWith('interrupted', /was cut/));
  assert.equal((await stat(`${file}.part`)).size, 120_000);
  await download(url, file, { integrity: sha512(content) });
  assert.deepEqual(offsets(), [undefined, 'bytes=120000-']);
  assert.deepEqual(await readFile(file), content);
});

test('a part that lacks nothing is taken without a request', async () => {
  behaviour.cuts = [120_000];
  await assert.rejects(download(url, file, { attempts: 1 }));
  await writeFile(`${file}.part`, content);
  await download(url, file, { integrity: sha512(content) });
  assert.equal(requests.length, 1);
});

test('a part of a file that has changed meanwhile is dropped, by ETag, by size, and by checksum alone', async () => {
  const other = randomBytes(300_000);
  const longer = randomBytes(310_000);
  const changes: [string, Partial<Behaviour>, Partial<Behaviour>][] = [
    ['etag', { validators: { etag: '"v1"' } }, { validators: { etag: '"v2"' }, content: other }],
    ['weak etag', { validators: { etag: 'W/"v1"' } }, { validators: { etag: 'W/"v2"' }, content: other }],
    [
      'last-modified',
      { validators: { 'last-modified': 'Mon' } },
      { validators: { 'last-modified': 'Tue' }, content: other },
    ],
    ['size', { validators: {} }, { validators: {}, content: longer }],
    ['checksum', { validators: {} }, { validators: {}, content: other }],
    ['too short for the part', { validators: {} }, { validators: {}, content: other.subarray(0, 1000) }],
  ];
  for (const [name, before, now] of changes) {
    Object.assign(behaviour, { content, cuts: [120_000] }, before);
    await assert.rejects(download(url, file, { attempts: 1 }));
    Object.assign(behaviour, now);
    await download(url, file, { ...quick, integrity: sha512(behaviour.content) });
    assert.deepEqual(await readFile(file), behaviour.content, name);
    assert.deepEqual(await readdir(folder), ['data.bin'], name);
    await rm(file);
  }
});

test('a part of another address is not gone on with', async () => {
  behaviour.cuts = [120_000];
  await assert.rejects(download(`${origin}/mirror.bin`, file, { attempts: 1 }));
  await download(url, file, quick);
  assert.deepEqual(offsets(), [undefined, undefined]);
  assert.deepEqual(await readFile(file), content);
});

test('a wrong checksum removes the file and says so', async () => {
  const integrity = sha512(randomBytes(8));
  await assert.rejects(
    download(url, file, { integrity }),
    failsWith('integrity', /wrong checksum.*removed.*run again/),
  );
  assert.deepEqual(await readdir(folder), []);
});

test('a redirect is followed; a missing file and an unreachable server fail at once, a busy server later', async () => {
  await download(`${origin}/moved`, file, quick);
  assert.deepEqual(await readFile(file), content);
  await rm(file);

  requests = [];
  behaviour.status = 404;
  await assert.rejects(download(url, file, quick), failsWith('refused', /HTTP 404.*elsewhere/));
  assert.equal(requests.length, 1);
  behaviour.status = 503;
  await assert.rejects(download(url, file, quick), failsWith('interrupted', /HTTP 503/));
  assert.equal(requests.length, 4);

  const closed = http.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const gone = download(`http://127.0.0.1:${port}/`, file, { backoff: 60_000 });
  await assert.rejects(gone, failsWith('unreachable', /ECONNREFUSED.*check the network/));
});

test('silence is not waited out: before the answer, and within it', async () => {
  const mute = http.createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => mute.once('listening', resolve));
  const { port } = mute.address() as AddressInfo;
  const waiting = download(`http://127.0.0.1:${port}/`, file, { connectTimeout: 20 });
  await assert.rejects(waiting, failsWith('unreachable', /no answer in time/));
  mute.closeAllConnections();
  mute.close();

  behaviour.stallAfter = 1000;
  await assert.rejects(
    download(url, file, { stallTimeout: 50, attempts: 1 }),
    failsWith('interrupted', /was cut/),
  );
});

test('the caller can stop it, and go on later', async () => {
  behaviour.stallAfter = 50_000;
  const stop = new AbortController();
  const stopped = download(url, file, { signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(stopped, { name: 'AbortError' });
  delete behaviour.stallAfter;
  await download(url, file, { integrity: sha512(content) });
  assert.deepEqual(await readFile(file), content);
  assert.notEqual(offsets()[1], undefined);
});

test('two downloads of one file do not get in each other’s way', async () => {
  await Promise.all([download(url, file, quick), download(url, file, quick)]);
  assert.deepEqual(await readFile(file), content);
  assert.equal(requests.length, 1);
});

test('a full disk is named as such', { skip: process.platform !== 'linux' }, async () => {
  await symlink('/dev/full', `${file}.part`);
  await assert.rejects(download(url, file, quick), /disk is full.*LA_SSL_DATA/);
});
