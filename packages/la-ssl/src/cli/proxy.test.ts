import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunProxy } from '../analysis/index.js';
import { drawShapes, groupsOf } from '../data/index.js';
import { RunFolder, readSpeeds } from '../training/index.js';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-proxy-'));
after(() => rmSync(folder, { recursive: true }));
let run: string;
before(async () => {
  run = await trainTiny(folder, 'tiny');
});

test('proxy says what follows from the speeds and the true groups, as the metrics did', async () => {
  const { status, stdout } = await laSsl('proxy', run, '--json');
  assert.equal(status, 0);
  const [{ updates, conflictingExamples }] = JSON.parse(stdout) as [RunProxy];
  assert.equal(conflictingExamples, 0.25);
  const told = new RunFolder(run).readMetrics().filter((event) => event.kind === 'update');
  assert.equal(updates.length, told.length);
  const { kind: _, threshold, chosen, uniformBecause, ...same } = told[0]!;
  assert.deepEqual(updates[0], same);

  const { aligned } = groupsOf(drawShapes('train', { name: 'shapes', examples: 96, alignedShare: 0.75 }));
  const { speeds, probabilities } = await readSpeeds(join(run, 'speeds', 'epoch-0000.parquet'));
  const slowest = [...speeds.keys()].sort((i, j) => speeds[i]! - speeds[j]!).slice(0, 24);
  assert.equal(updates[0]!.conflictingPrecision, slowest.filter((i) => aligned![i] === 0).length / 24);
  const drawn = probabilities.reduce((sum, p, i) => sum + (aligned![i] === 0 ? p : 0), 0);
  assert.ok(Math.abs(updates[0]!.conflictingShare! - drawn) < 1e-12);
});

test('proxy prints a table by update and one by group', async () => {
  const { stdout } = await laSsl('proxy', run, run);
  assert.equal(stdout.match(/sampler la-ssl, 96 examples, 25\.0 % of them conflicting/g)?.length, 2);
  assert.match(stdout, /^1 +0\.\d{3} +\d+\.\d +– +– +\d/m);
  assert.match(stdout, /^label=star,ground=sea +18 +18\.8 +\d/m);
});

test('proxy says what to do where a run has no speeds yet', async () => {
  const bare = new RunFolder(join(folder, 'bare'));
  await bare.create(new RunFolder(run).readConfig());
  const { status, stderr } = await laSsl('proxy', bare.path);
  assert.equal(status, 1);
  assert.match(stderr, /bare has no speeds yet.*la-ssl train --resume/);
});
