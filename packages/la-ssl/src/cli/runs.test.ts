import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RunFolder } from '../training/index.js';
import { laSsl, trainTiny } from './main.test.support.js';
import type { RunSummary } from './runs.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-runs-'));
after(() => rmSync(folder, { recursive: true }));

async function listed(path: string): Promise<Record<string, RunSummary>> {
  const { status, stdout } = await laSsl('runs', path, '--json');
  assert.equal(status, 0);
  return Object.fromEntries((JSON.parse(stdout) as RunSummary[]).map((run) => [run.name, run]));
}

test('an empty folder gets a hint, a missing one an error', async () => {
  const hint = await laSsl('runs', folder);
  assert.equal(hint.status, 0);
  assert.match(hint.stdout, /No runs in .*la-ssl train/);
  assert.deepEqual(await listed(folder), {});
  const missing = await laSsl('runs', join(folder, 'none'));
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /There is no folder .*none/);
});

test('runs tells finished, unfinished and unreadable runs apart, and reads the probe', async () => {
  const finished = new RunFolder(await trainTiny(folder, 'finished'));
  const config = finished.readConfig();
  const unfinished = new RunFolder(join(folder, 'unfinished'));
  await unfinished.create({ ...config, epochs: 30, sampler: 'uniform', scaling: undefined, seed: 4 });
  unfinished.log({ kind: 'step', epoch: 0, step: 1, loss: 5.5, lr: 0.1 });
  appendFileSync(unfinished.metricsFile, '{"kind":"step","ep'); // cut short by a kill
  const broken = join(folder, 'broken');
  mkdirSync(broken);
  writeFileSync(join(broken, 'config.yaml'), 'epochs: none\n');
  mkdirSync(join(folder, 'notes'));

  const before = await listed(folder);
  assert.deepEqual(Object.keys(before).sort(), ['broken', 'finished', 'unfinished']);
  const { loss } = finished.readMetrics().findLast((event) => event.kind === 'epoch')!;
  const expected = { status: 'finished', dataset: 'shapes', sampler: 'la-ssl', epoch: 1, epochs: 1, loss };
  assert.deepEqual({ ...before.finished, ...expected }, before.finished);
  assert.ok(Date.parse(before.finished!.started!) <= Date.now());
  assert.deepEqual(
    { ...before.unfinished, status: 'unfinished', sampler: 'uniform', seed: 4, epoch: 0, loss: 5.5 },
    before.unfinished,
  );
  assert.equal(before.broken!.status, 'unreadable');
  assert.match(before.broken!.problem!, /config\.yaml is not valid/);
  assert.equal(before.finished!.probe, null);

  const probed = JSON.parse((await laSsl('probe', finished.path, '--json')).stdout);
  const { overall, conflicting } = probed.runs[0].biased.metrics;
  const now = await listed(folder);
  assert.deepEqual(now.finished!.probe!.overall, overall);
  assert.deepEqual(now.finished!.probe!.conflicting, conflicting);

  const { stdout } = await laSsl('runs', folder);
  assert.match(stdout, /^unfinished +unfinished +shapes +uniform +0\/30 +5\.500 /m);
  assert.match(stdout, /^broken +unreadable/m);
  const percent = (100 * overall.value).toFixed(1);
  assert.match(stdout, new RegExp(`^finished +finished .* ${percent} \\[`, 'm'));
  assert.deepEqual(Object.keys(await listed(finished.path)), ['finished']);

  writeFileSync(finished.file('probe.json'), '{"biased": {"metrics": {}}}');
  assert.equal((await listed(folder)).finished!.probe, null);
});
