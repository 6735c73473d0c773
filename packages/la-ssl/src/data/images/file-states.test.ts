import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hashOfStates } from './file-states.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-states-'));
after(() => rmSync(folder, { recursive: true }));
const files = ['a', 'b', 'c'].map((name) => join(folder, name));
for (const file of files) writeFileSync(file, file);

test('the hash changes with any path, content, time or order, and with nothing else', async () => {
  const seen = new Set<string>();
  const isNew = async (of: readonly string[] = files): Promise<boolean> => {
    const [hash, again] = [await hashOfStates(of), await hashOfStates(of)];
    assert.equal(hash, again);
    return seen.size < seen.add(hash).size;
  };
  assert.ok(await isNew());
  assert.ok(!(await isNew()));
  assert.ok(await isNew(files.toReversed()));
  assert.ok(await isNew(files.slice(1)));
  writeFileSync(files[1]!, 'longer than it was before, at any rate');
  assert.ok(await isNew());
  utimesSync(files[1]!, 100, 100);
  assert.ok(await isNew());
  renameSync(files[2]!, `${files[2]}.old`);
  assert.ok(await isNew());
});

test('a file that is written over keeps no hash, even where its size and its time are kept', async () => {
  const before = await hashOfStates(files);
  await new Promise((resolve) => setTimeout(resolve, 20)); // a tick of the file system's clock
  writeFileSync(files[0]!, files[0]!.toUpperCase());
  utimesSync(files[0]!, 100, 100);
  const changed = await hashOfStates(files);
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(files[0]!, files[0]!);
  utimesSync(files[0]!, 100, 100);
  assert.equal(new Set([before, changed, await hashOfStates(files)]).size, 3);
});

test('threads give one hash, whatever their order', async () => {
  const many = Array.from({ length: 30_001 }, (_, i) => files[i % 3]!);
  const hash = await hashOfStates(many);
  assert.equal(await hashOfStates(many), hash);
  assert.notEqual(await hashOfStates([...many.slice(0, -1), files[2]!]), hash);
  await assert.rejects(hashOfStates(many, AbortSignal.abort()), { name: 'AbortError' });
});
