import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cacheFolder, withLock, writeWhole } from './cache.js';

const place = await mkdtemp(join(tmpdir(), 'la-ssl-cache-'));
after(() => rm(place, { recursive: true }));

/** A process that runs the given lines, in which `cache` is the module under test. */
function child(lines: string): ReturnType<typeof spawn> {
  const code = `import * as cache from ${JSON.stringify(new URL('./cache.js', import.meta.url).href)};\n${lines}`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('the cache folder: LA_SSL_DATA, then XDG_CACHE_HOME, then the home folder', () => {
  const before = { ...process.env };
  try {
    process.env.LA_SSL_DATA = '/data';
    process.env.XDG_CACHE_HOME = '/cache';
    process.env.HOME = '/home/me';
    assert.equal(cacheFolder(), '/data');
    delete process.env.LA_SSL_DATA;
    assert.equal(cacheFolder(), '/cache/la-ssl');
    delete process.env.XDG_CACHE_HOME;
    assert.equal(cacheFolder(), '/home/me/.cache/la-ssl');
  } finally {
    process.env = before;
  }
});

test('a writer that fails midway leaves the old file and nothing else', async () => {
  const folder = join(place, 'whole');
  const file = join(folder, 'data.bin');
  await writeWhole(file, [Buffer.from('one, '), Buffer.from('two')]);
  assert.equal(await readFile(file, 'utf8'), 'one, two');
  const failing = function* (): Generator<Uint8Array> {
    yield Buffer.from('new');
    throw new Error('cut');
  };
  await assert.rejects(writeWhole(file, failing()), /cut/);
  assert.equal(await readFile(file, 'utf8'), 'one, two');
  assert.deepEqual(await readdir(folder), ['data.bin']);
});

test('a writer that is killed midway leaves no file under the name, and its remains go with the next', async () => {
  const file = join(place, 'killed', 'data.bin');
  const writer = child(`await cache.writeWhole(${JSON.stringify(file)}, (function* () {
    yield Buffer.alloc(1000);
    process.kill(process.pid, 'SIGKILL');
    yield Buffer.alloc(1000);
  })());`);
  assert.deepEqual(await once(writer, 'exit'), [null, 'SIGKILL']);
  const remains = await readdir(join(place, 'killed'));
  assert.ok(remains.length === 1 && remains[0] !== 'data.bin', remains.join());
  const longAgo = new Date(Date.now() - 120_000);
  await utimes(join(place, 'killed', remains[0]!), longAgo, longAgo);
  await writeWhole(file, [Buffer.from('done')]);
  assert.deepEqual(await readdir(join(place, 'killed')), ['data.bin']);
});

test('work under one lock is done one after the other, and a failure frees the lock', async () => {
  const path = join(place, 'turns');
  const log: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${name} ends`);
    if (name === 'a') throw new Error('a fails');
  };
  const results = await Promise.allSettled([withLock(path, work('a')), withLock(path, work('b'))]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.match(log.join(), /^(.) begins,\1 ends,(.) begins,\2 ends$/);
  await assert.rejects(stat(`${path}.lock`), { code: 'ENOENT' });
});

test('the lock of a killed process is taken over at once, that of a living one is waited for', async () => {
  const path = join(place, 'holder');
  const holder = child(`cache.withLock(${JSON.stringify(path)}, () => new Promise(() => {
    console.log('held');
    setInterval(() => {}, 1000);
  }));`);
  await once(holder.stdout!, 'data');
  let isFree = false;
  const waiting = withLock(path, async () => isFree);
  setTimeout(() => {
    isFree = true;
    holder.kill('SIGKILL');
  }, 300);
  assert.equal(await waiting, true);
});

test('a lock from another machine is taken over when it shows no life for a minute', async () => {
  const path = join(place, 'elsewhere');
  await writeFile(`${path}.lock`, '1 another-machine');
  const longAgo = new Date(Date.now() - 61_000);
  await utimes(`${path}.lock`, longAgo, longAgo);
  assert.equal(await withLock(path, async () => 'mine'), 'mine');
});
