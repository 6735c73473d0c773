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

const DESCRIBE = ['data', 'describe', 'shapes', '--examples', '120', '--test-examples', '16'].concat(
  ...['--aligned-share', '0.9'],
);

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
    [/Allowed choices are cifar10, corrupted-cifar10, .*shapes/, 'describe', 'none'],
    [/--severity does not apply here/, 'describe', 'shapes', '--severity', '3'],
    [/whole number from 1 on/, 'describe', 'shapes', '--per-group', '0'],
  ];
  for (const [message, ...args] of cases) {
    const { status, stderr } = await laSsl('data', ...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, message);
  }
});

test('data describe counts splits and groups, and says how far attribute and label go together', async () => {
  const { status, stdout } = await laSsl(...DESCRIBE);
  assert.equal(status, 0);
  // 30 of each shape: 27 on their own ground, one on each of the three others
  assert.match(stdout, /^train +120 +108 +90\.0$/m);
  assert.match(stdout, /^test +16 +4 +25\.0$/m);
  const groups = [...stdout.matchAll(/^label=\w+,ground=\w+ +(yes|no) +(\d+) +1$/gm)];
  assert.deepEqual(groups.map(([, aligned, count]) => `${aligned} ${count}`).sort(), [
    ...new Array(12).fill('no 1'),
    ...new Array(4).fill('yes 27'),
  ]);
  assert.match(stdout, /^ground +train +0\.8\d\d +1\.373$/m);
  assert.match(stdout, /^ground +test +0\.000 +0\.000$/m);
  assert.match(stdout, /^ground given the label, train, in %\nlabel .*\n.*\n\w+ +90\.0 +3\.3 +3\.3 +3\.3$/m);
});

test('data describe draws so many examples of each group', async () => {
  const out = join(folder, 'sheet.png');
  const { status, stdout } = await laSsl(...DESCRIBE, '--per-group', '3', '--sheet', out, '--json');
  assert.equal(status, 0);
  const { splits, sheet } = JSON.parse(stdout);
  assert.deepEqual(sheet, { file: out, groups: 16, examples: 4 * (3 + 3) });
  assert.deepEqual(splits[0].aligned, { count: 108, of: 120 });
  const { format, width, height } = await sharp(out).metadata();
  assert.equal(format, 'png');
  assert.ok(width! > 3 * 96 && height! > 4 * 96);
  const nowhere = await laSsl(...DESCRIBE, '--sheet', join(folder, 'none', 'sheet.png'));
  assert.equal(nowhere.status, 2);
  assert.match(nowhere.stderr, /there is no folder/);
});

test('data describe takes one split, and says where there is none of that name', async () => {
  const one = await laSsl(...DESCRIBE, '--split', 'test', '--json');
  assert.deepEqual(
    JSON.parse(one.stdout).splits.map(({ split }: { split: string }) => split),
    ['test'],
  );
  const none = await laSsl(...DESCRIBE, '--split', 'validation');
  assert.equal(none.status, 1);
  assert.match(none.stderr, /shapes has no validation split: it has train and test/);
});
