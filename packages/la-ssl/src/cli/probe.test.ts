import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadSafetensors, saveSafetensors, scope } from '@la-ssl/torch';
import { METRIC_NAMES } from '../evaluation/index.js';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-probe-'));
after(() => rmSync(folder, { recursive: true }));
const run = await trainTiny(folder, 'one');
const file = join(run, 'probe.json');
const saved = () => JSON.parse(readFileSync(file, 'utf8'));
async function probed(...args: string[]) {
  const { status, stdout, stderr } = await laSsl('probe', run, '--l2', '0.01', ...args);
  assert.equal(status, 0, stderr);
  return stdout;
}

test('probes as before by default, and others where they are asked for, which stay', async () => {
  const usual = await probed();
  assert.match(usual, /biased probe[\s\S]*balanced probe[\s\S]*attribute probe/);
  assert.doesNotMatch(usual, /dfr probe|knn probe|auroc/);
  assert.deepEqual(Object.keys(saved()), ['key', 'biased', 'balanced', 'attribute', 'warnings']);
  const before = saved();
  const more = await probed('--probes', 'dfr,knn');
  assert.match(more, /dfr probe[\s\S]*knn probe/);
  assert.deepEqual(saved().biased, before.biased);
  assert.deepEqual(saved().balanced, before.balanced);
  assert.equal(saved().knn.settings.neighbours, 96);
  assert.equal(saved().dfr.settings.retrainedOn, 'train');
  const { overall } = saved().knn.metrics;
  assert.equal(overall.count, 48);
  assert.equal(saved().knn.detail.figures.accuracy, overall.value);
});

test('tells more figures with their intervals, in a table and as JSON', async () => {
  const table = await probed('--metrics', 'auroc,f1');
  assert.match(table, /^auroc +\S+one +0\.\d{3} \[0\.\d{3}, [01]\.\d{3}\]/m);
  assert.match(table, /^f1 /m);
  const { runs, metrics } = JSON.parse(await probed('--metrics', 'all', '--json'));
  const biased = metrics.find(({ probe }: { probe: string }) => probe === 'biased').metrics;
  assert.deepEqual(Object.keys(biased).sort(), [...METRIC_NAMES].sort());
  assert.equal(biased.accuracy.value, runs[0].biased.metrics.overall.value);
  assert.deepEqual(biased['worst-group'], runs[0].biased.metrics.worstGroup);
  assert.equal(runs[0].biased.probabilities, undefined);
  const wrong = await laSsl('probe', run, '--metrics', 'auc');
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /There is no auc; these are: accuracy, .*auroc/);
});

test('reads the files of before, and makes anew what has no figures', async () => {
  const { key, biased, balanced, attribute, warnings } = saved();
  const lean = ({ detail: _, ...rest }: Record<string, unknown>) => rest;
  const old = { key, biased: lean(biased), balanced: lean(balanced), attribute: lean(attribute), warnings };
  old.biased = {
    ...old.biased,
    metrics: { ...biased.metrics, overall: { ...biased.metrics.overall, value: 0.123 } },
  };
  writeFileSync(file, JSON.stringify(old));
  scope(() => {
    const { tensors } = loadSafetensors(join(run, 'probe.safetensors'));
    const predictions = [...tensors].filter(([name]) => !name.includes('.'));
    saveSafetensors(join(run, 'probe.safetensors'), predictions);
  });
  assert.match(await probed(), /12\.3 \[/, 'it was read, not made anew');
  assert.doesNotMatch(await probed('--metrics', 'auroc'), /12\.3 \[/);
  assert.ok(saved().biased.detail);
});

test('fine-tunes a copy: the run keeps its encoder', async () => {
  const before = readFileSync(join(run, 'encoder.safetensors'));
  const { status, stdout, stderr } = await laSsl(
    'finetune',
    run,
    '--epochs',
    '1',
    '--batch-size',
    '32',
    '--json',
  );
  assert.equal(status, 0, stderr);
  const { metrics, detail } = JSON.parse(stdout);
  assert.equal(metrics.overall.count, 48);
  assert.equal(detail.figures.accuracy, metrics.overall.value);
  assert.deepEqual(JSON.parse(readFileSync(join(run, 'finetune.json'), 'utf8')).metrics, metrics);
  assert.ok(before.equals(readFileSync(join(run, 'encoder.safetensors'))));
});

test('compares several runs with the first, corrected for how many they are', async () => {
  const others = [await trainTiny(folder, 'two'), await trainTiny(folder, 'three')];
  for (const [i, other] of others.entries()) {
    const config = join(other, 'config.yaml'); // as if they had been made with other settings
    writeFileSync(config, readFileSync(config, 'utf8').replace(/^emaWeight:.*$/m, `emaWeight: 0.${i + 2}`));
  }
  const { status, stdout, stderr } = await laSsl(
    ...['probe', run, ...others, '--l2', '0.01', '--metrics', 'auroc', '--json'],
  );
  assert.equal(status, 0, stderr);
  const { comparisons, metrics } = JSON.parse(stdout);
  assert.equal(comparisons.length, 4);
  for (const { holm } of comparisons) assert.equal(holm.overall, 1); // the same weights, so no difference
  assert.deepEqual(
    metrics
      .filter(({ probe }: { probe: string }) => probe === 'biased')
      .map(({ difference }: { difference?: { auroc: { holm: number } } }) => difference?.auroc.holm),
    [undefined, 1, 1],
  );
  const table = await laSsl('probe', run, ...others, '--l2', '0.01');
  assert.match(table.stdout, /\* p < 0\.05 after Holm's correction/);
});

test('names a damaged probe.json, and makes it anew where that is asked for', async () => {
  const whole = readFileSync(file, 'utf8');
  writeFileSync(file, whole.slice(0, whole.length / 2));
  const { status, stderr } = await laSsl('probe', run, '--l2', '0.01');
  assert.equal(status, 1);
  assert.match(stderr, /one\/probe\.json is damaged .*--again/);
  assert.match(await probed('--again'), /biased probe/);
});

test('says of each run what it was told beside pixels', async () => {
  const config = join(run, 'config.yaml');
  const plain = readFileSync(config, 'utf8');
  assert.doesNotMatch(await probed(), /†/);
  writeFileSync(config, plain.replace('batchBy: draw', 'batchBy: attribute'));
  const told = await probed();
  writeFileSync(config, plain);
  assert.match(told, new RegExp(`^${run} † +\\d`, 'm'));
  assert.match(told, /Told in pretraining, of every training example: † the attributes/);
});
