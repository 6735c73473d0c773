/**
 * @file `la-ssl data` on the real CIFAR-10. Not part of the quick suite: it needs CIFAR-10 in the cache.
 *
 *     la-ssl data cifar10 && node packages/la-ssl/dist/cli/data.test.slow.js
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { laSsl } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-data-'));
after(() => rmSync(folder, { recursive: true }));

test('data cifar10 --verify finds the cache as it should be', async () => {
  const { status, stdout } = await laSsl('data', 'cifar10', '--verify', '--json');
  assert.deepEqual([status, JSON.parse(stdout).verified], [0, true]);
});

test('data corrupted-cifar10 makes what was asked for, and counts it', async () => {
  const { stdout } = await laSsl(
    ...['data', 'corrupted-cifar10', '--set', '1', '--severity', '2', '--aligned-share', '98%'],
    ...['--examples', '500', '--test-examples', '200', '--json'],
  );
  const { spec, splits } = JSON.parse(stdout);
  assert.deepEqual([spec.set, spec.severity, spec.alignedShare], [1, 2, 0.98]);
  const counts = splits.map(({ split, examples, aligned, conflicting }: Record<string, unknown>) => [
    split,
    examples,
    aligned,
    conflicting,
  ]);
  assert.deepEqual(counts, [
    ['train', 500, 490, 10],
    ['test', 200, 20, 180],
  ]);
});

test('data describe draws a row for each class of the clean images', async () => {
  const out = join(folder, 'cifar10.png');
  const { stdout } = await laSsl(
    ...['data', 'describe', 'cifar10', '--split', 'test', '--per-group', '4', '--sheet', out, '--json'],
  );
  assert.deepEqual(JSON.parse(stdout).sheet, { file: out, groups: 10, examples: 40 });
  assert.equal((await sharp(out).metadata()).format, 'png');
});
