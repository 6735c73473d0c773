import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { type ImageDataset, imagesAt, subsetOf } from '../dataset.js';
import { type DecodedFiles, decodeFiles } from './decode-files.js';
import { type CachedDecodeOptions, decodeCached } from './image-cache.js';
import { clearDecoded, decodedFiles, makeRoom } from './image-cache-room.js';
import { MappedImages } from './mapped-images.js';

const SIDE = 8;
const SIZE = 3 * SIDE ** 2;
const place = mkdtempSync(join(tmpdir(), 'la-ssl-image-cache-'));
after(() => rmSync(place, { recursive: true }));
const folder = mkdtempSync(join(place, 'images-'));

/** Thirty files; 3, 13 and 23 hold no image. */
const files = await Promise.all(
  Array.from({ length: 30 }, async (_, i) => {
    const file = join(folder, `${i}.png`);
    const pixels = Uint8Array.from({ length: 12 * 10 * 3 }, (_, k) => (k * (i + 5)) % 256);
    if (i % 10 === 3) writeFileSync(file, 'nothing');
    else await sharp(pixels, { raw: { width: 12, height: 10, channels: 3 } }).toFile(file);
    return file;
  }),
);
const plain = await decodeFiles(files, { side: SIDE });

const emptyCache = (): string => mkdtempSync(join(place, 'cache-'));
const kept = (cache: string): string[] => readdirSync(join(cache, 'decoded-images')).sort();

/** Decodes with a cache. @returns what came, whether anything was decoded, and what was noted */
async function decode(cache: string, options: Partial<CachedDecodeOptions> = {}, of = files) {
  const notes: string[] = [];
  let decoded = 0;
  const result = await decodeCached(of, {
    side: SIDE,
    cacheImages: 'on',
    cache,
    onNote: (note) => notes.push(note),
    onProgress: () => decoded++,
    ...options,
  });
  return { result, notes, decoded: decoded > 0 };
}

function assertSame(found: DecodedFiles, expected: DecodedFiles = plain): void {
  assert.ok(Buffer.from(found.images.subarray()).equals(expected.images.subarray()));
  assert.equal(found.images.length, expected.images.length);
  for (const part of ['indices', 'sides', 'bad'] as const) assert.deepEqual(found[part], expected[part]);
}

test('what is kept is what was decoded, and is not decoded again', async () => {
  const cache = emptyCache();
  const first = await decode(cache);
  assert.ok(first.decoded);
  assertSame(first.result);
  assert.match(first.notes.join(), /^decoded images are kept in .*\.bin \(1 MB\); la-ssl data clear removes/);
  const second = await decode(cache, { cacheImages: 'auto' });
  assert.ok(!second.decoded && second.result.images instanceof MappedImages);
  assert.deepEqual(second.notes, []);
  assertSame(second.result);
  assert.equal(kept(cache).length, 1);
});

test('another size, window, number of channels, list of files or content is decoded anew', async () => {
  const cache = emptyCache();
  await decode(cache);
  const own = join(folder, 'own.png');
  const changes: [Partial<CachedDecodeOptions>, string[]][] = [
    [{ side: 9 }, files],
    [{ window: 'auto' }, files],
    [{ channels: 1 }, files],
    [{}, files.slice(1)],
    [{}, [...files, own]],
  ];
  for (const [options, of] of changes) assert.ok((await decode(cache, options, of)).decoded);
  writeFileSync(own, readFileSync(files[0]!)); // it was not there
  const { result, decoded } = await decode(cache, {}, [...files, own]);
  assert.ok(decoded && result.indices.includes(30));
  writeFileSync(own, readFileSync(files[1]!));
  assertSame(
    (await decode(cache, {}, [...files, own])).result,
    await decodeFiles([...files, own], { side: SIDE }),
  );
});

test('images of one channel take a third, and are kept as they were decoded', async () => {
  const cache = emptyCache();
  const own = await decodeFiles(files, { side: SIDE, channels: 1 });
  assert.equal(own.images.length, plain.images.length / 3);
  const { result } = await decode(cache, { channels: 1 });
  assertSame(result, own);
  const again = await decode(cache, { channels: 1 });
  assert.ok(!again.decoded && again.result.images instanceof MappedImages);
  assertSame(again.result, own);
});

test('few images are kept only where that is asked for', async () => {
  const cache = emptyCache();
  for (const cacheImages of ['auto', 'off'] as const) {
    const { result } = await decode(cache, { cacheImages });
    assert.ok(result.images.subarray().buffer instanceof SharedArrayBuffer);
    assertSame(result);
  }
  assert.deepEqual(readdirSync(cache), []);
  await decode(cache);
  assert.ok((await decode(cache, { cacheImages: 'off' })).decoded);
});

test('mapped images are read, picked and cut as those in memory', async () => {
  const { images, indices } = (await decode(emptyCache())).result;
  for (const [start, end] of [[0, 0], [5, 5 + SIZE], [SIZE - 1, 3 * SIZE + 1], [7, 9], [SIZE]] as const) {
    assert.deepEqual(images.subarray(start, end), new Uint8Array(plain.images.subarray(start, end)));
  }
  const shape = { count: indices.length, channels: 3, height: SIDE, width: SIDE };
  const base = { name: 'x', split: 'train', shape, classNames: [], attributes: [] } as const;
  const ids = Array.from(indices, String);
  const mapped: ImageDataset = { ...base, images, ids };
  const order = [20, 0, 0, 26];
  const subset = subsetOf(mapped, order);
  assert.ok(subset.images instanceof MappedImages);
  const expected = imagesAt({ ...base, images: plain.images, ids }, order);
  assert.deepEqual(imagesAt(subset, [0, 1, 2, 3]), expected);
  assert.deepEqual(imagesAt(subsetOf(subset, [3]), [0]), expected.subarray(3 * SIZE));
});

test('images that are removed from the cache stay with those who use them', async () => {
  const cache = emptyCache();
  const { result } = await decode(cache);
  assert.equal((await clearDecoded(cache)).length, 1);
  assertSame(result);
  assert.ok((await decode(cache)).decoded);
});

test('a file that lost its end, or has another, is made again', async () => {
  const cache = emptyCache();
  await decode(cache);
  const file = join(cache, 'decoded-images', kept(cache)[0]!);
  for (const harm of [
    () => truncateSync(file, 100),
    () => truncateSync(file, statSync(file).size - 1),
    () => appendFileSync(file, 'x'),
    () => writeFileSync(file, ''),
  ]) {
    harm();
    const { result, decoded } = await decode(cache);
    assert.ok(decoded);
    assertSame(result);
    assert.ok(!(await decode(cache)).decoded);
  }
});

test('where the cache cannot be written, memory holds the images, and that is noted', async () => {
  const cache = join(place, 'file');
  writeFileSync(cache, '');
  const { result, notes } = await decode(cache);
  assertSame(result);
  assert.equal(notes.length, 1);
  assert.match(notes[0]!, /^decoded images are not kept: ENOTDIR/);
});

test('a signal ends it and leaves nothing', async () => {
  const cache = emptyCache();
  const controller = new AbortController();
  const { signal } = controller;
  const onProgress = (): void => controller.abort();
  await assert.rejects(decode(cache, { signal, onProgress }), { name: 'AbortError' });
  assert.deepEqual(kept(cache), []);
});

test('the cache is bounded: what was not used for longest goes first', async () => {
  const cache = emptyCache();
  for (const side of [8, 9, 10]) await decode(cache, { side });
  const before = await decodedFiles(cache);
  before.forEach(({ file }, i) => void utimesSync(file, 100 + i, 100 + i));
  await decode(cache, { side: 8 }); // used again
  await makeRoom(cache, 1);
  const after = await decodedFiles(cache);
  assert.equal(after.length, 3);
  assert.equal(after[2]!.bytes, Math.min(...before.map(({ bytes }) => bytes)));
  await assert.rejects(makeRoom(cache, 1e18), /they take .* GB, and the cache may have .*LA_SSL_DATA/);
  assert.equal((await decodedFiles(cache)).length, 3);
});

/** Another process that decodes the same with the same cache. */
function another(cache: string, of: readonly string[] = files) {
  const script = `
    import { decodeCached } from ${JSON.stringify(new URL('./image-cache.js', import.meta.url).href)};
    import { readFileSync } from 'node:fs';
    const { files, ...options } = JSON.parse(readFileSync(0, 'utf8'));
    const { images, indices } = await decodeCached(files, options);
    process.stdout.write(indices.length + ' ' + Buffer.from(images.subarray()).toString('base64'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ files: of, side: SIDE, cacheImages: 'on', cache }));
  return child;
}

test('two processes at once get the same, and leave one file', async () => {
  const cache = emptyCache();
  const outputs = await Promise.all([text(another(cache).stdout), text(another(cache).stdout)]);
  for (const output of outputs) {
    assert.equal(output, `27 ${Buffer.from(plain.images.subarray()).toString('base64')}`);
  }
  assert.equal(kept(cache).length, 1);
  assert.ok(!(await decode(cache)).decoded);
});

test('one that is killed leaves nothing that is taken for images', async (t: TestContext) => {
  const cache = emptyCache();
  const many = Array.from({ length: 20_000 }, (_, i) => files[i % 30]!);
  const child = another(cache, many);
  t.after(() => child.kill('SIGKILL'));
  const unfinished = (): string[] =>
    readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp'));
  while (unfinished().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [left] = unfinished();
  assert.deepEqual(await decodedFiles(cache), []);
  utimesSync(join(cache, left!), 100, 100); // long ago
  assertSame((await decode(cache)).result);
  assert.deepEqual(unfinished(), []);
});
