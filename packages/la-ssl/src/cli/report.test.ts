import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-report-'));
after(() => rmSync(folder, { recursive: true }));
let run: string;
before(async () => {
  run = await trainTiny(folder, 'tiny');
  const warning = { kind: 'warning', epoch: 0, sign: 'noisy-speeds', text: 'speeds <x>' };
  appendFileSync(join(run, 'metrics.jsonl'), `${JSON.stringify(warning)}\n`);
});

test('report of a run without a probe says how to make one, and has the rest', async () => {
  const { status, stdout } = await laSsl('report', run, '--json', '--top', '5');
  assert.equal(status, 0);
  const { page, files } = JSON.parse(stdout) as { page: string; folder: string; files: string[] };
  assert.equal(page, join(run, 'report.html'));
  const text = readFileSync(page, 'utf8');
  assert.match(text, /<strong>Warning\.<\/strong> tiny: before epoch 1: speeds &lt;x&gt;/);
  assert.ok(text.includes(`<code>la-ssl probe ${run}</code>`));
  assert.equal(
    [...text.matchAll(/<img src="data:image\/png;base64,[^"]+" width="\d+" height="\d+" alt="Training/g)]
      .length,
    10,
  );
  for (const name of ['loss.svg', 'speeds-tiny.svg', 'sampling-distribution.svg', 'map-tiny-label.svg'])
    assert.ok(files.includes(name), name);
  assert.match(text, /aligned 72, conflicting 24/);
  const options = readFileSync(join(run, 'report-files', 'options.csv'), 'utf8');
  assert.match(options, /\r\nexamples,96\r\n/);
  assert.doesNotMatch(options, /momentum/); // has its default
  assert.ok(Buffer.byteLength(text) < 5e6);
});

test('the same run gives the same bytes; with a probe its accuracies are those of probe.json', async () => {
  assert.equal((await laSsl('probe', run)).status, 0);
  const bytes = async (): Promise<string> => {
    assert.equal((await laSsl('report', run)).status, 0);
    return readFileSync(join(run, 'report.html'), 'utf8');
  };
  const first = await bytes();
  assert.equal(await bytes(), first);
  const { biased } = JSON.parse(readFileSync(join(run, 'probe.json'), 'utf8')) as {
    biased: { metrics: { overall: Record<'value' | 'low' | 'high' | 'count', number> } };
  };
  const { value, low, high, count } = biased.metrics.overall;
  const shown = [value, low, high].map((share) => (100 * share).toFixed(1));
  const table = readFileSync(join(run, 'report-files', 'accuracy-table.csv'), 'utf8');
  assert.ok(table.includes(`overall,${count},"${shown[0]} [${shown[1]}, ${shown[2]}]"`), table);
});

test('several runs stand side by side, images left out where asked', async () => {
  const other = await trainTiny(folder, 'other');
  const page = join(folder, 'both.html');
  const { status } = await laSsl('report', run, other, '--output', page, '--no-images');
  assert.equal(status, 0);
  const text = readFileSync(page, 'utf8');
  assert.doesNotMatch(text, /<img/);
  assert.match(
    readFileSync(join(folder, 'both-files', 'summary.csv'), 'utf8'),
    /^,tiny,other\r\nstatus,finished,finished/,
  );
  assert.ok(readdirSync(join(folder, 'both-files')).includes('draws-other.svg'));
});

test('a study that is not done is told from a run', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'study-of.json'), '{"study":"main","budget":"small"}');
  const { status, stderr } = await laSsl('report', folder);
  assert.equal(status, 2);
  assert.match(stderr, /The study in .* is not done\. Go on with it: la-ssl study <file> --runs/);
});

test('what is no run is refused before anything is written', async () => {
  const nothing = await laSsl('report', join(folder, 'nothing'));
  assert.equal(nothing.status, 2);
  assert.match(nothing.stderr, /There is no folder .*nothing/);
  const noRun = await laSsl('report', folder);
  assert.equal(noRun.status, 1);
  assert.match(noRun.stderr, /is no run/);
  assert.ok(!existsSync(join(folder, 'report.html')));
});
