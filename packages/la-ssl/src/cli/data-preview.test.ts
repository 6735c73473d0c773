import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { laSsl, trainTiny } from './main.test.support.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-preview-'));
after(() => rmSync(folder, { recursive: true }));
const SHAPES = ['data', 'preview', 'shapes', '--examples', '48', '--rows', '2'];

test('data preview draws the views of the options, the same for the same seed', async () => {
  const draw = async (name: string, ...flags: string[]): Promise<Buffer> => {
    const out = join(folder, name);
    const { status, stderr } = await laSsl(...SHAPES, '--out', out, ...flags);
    assert.equal(status, 0, stderr);
    return readFileSync(out);
  };
  const first = await draw('first.png', '--method', 'byol');
  assert.ok(first.equals(await draw('again.png', '--method', 'byol', '--seed', '0')));
  assert.ok(!first.equals(await draw('other.png', '--method', 'byol', '--seed', '1')));
  const { width, height } = await sharp(first).metadata();
  assert.ok(width! > 7 * 24 * 6 && height! > 2 * 24 * 6, `${width} × ${height}`);
});

test('data preview says every option of the views, medical ones where it is asked to', async () => {
  const out = join(folder, 'medical.png');
  const { stdout } = await laSsl(
    ...SHAPES,
    '--views',
    'medical',
    '--blur-probability',
    '0.1',
    '--out',
    out,
    '--json',
  );
  const { file, examples, views } = JSON.parse(stdout);
  assert.deepEqual([file, examples.length], [out, 2]);
  const { cropScale, rotation, flipProbability, jitterHue, blurProbability } = views;
  assert.deepEqual([cropScale, rotation, flipProbability, jitterHue, blurProbability], [0.6, 10, 0, 0, 0.1]);
  const text = await laSsl(...SHAPES, '--views', 'medical', '--out', out);
  assert.match(text.stdout, /^rotation +10$/m);
});

test('data preview takes the options of a run, and flags before them', async () => {
  const run = await trainTiny(folder, 'run');
  const out = join(folder, 'run.png');
  const config = join(run, 'config.yaml');
  const { status, stdout } = await laSsl(
    'data',
    'preview',
    '-c',
    config,
    '--rows',
    '3',
    '--out',
    out,
    '--json',
  );
  assert.equal(status, 0);
  assert.deepEqual([JSON.parse(stdout).examples.length, JSON.parse(stdout).views.views], [3, 'natural']);
  const yaml = join(folder, 'views.yaml');
  writeFileSync(yaml, 'dataset: shapes\nexamples: 48\nrotation: 5\nflipProbability: 0\n');
  const flags = await laSsl('data', 'preview', '-c', yaml, '--rotation', '7', '--out', out, '--json');
  const { rotation, flipProbability } = JSON.parse(flags.stdout).views;
  assert.deepEqual([rotation, flipProbability], [7, 0]);
});

test('data preview refuses what training would, with 2', async () => {
  const cases: [RegExp, ...string[]][] = [
    [/--rotation 200: .*180/, '--rotation', '200'],
    [/--views <name>.*one of natural, medical/, '--views', 'xray'],
    [/mae cannot train resnet18\. Take --encoder vit-tiny/, '--method', 'mae'],
    [/--severity does not apply here/, '--severity', '3'],
    [/ends in \.png/, '--out', join(folder, 'views.jpg')],
  ];
  for (const [message, ...args] of cases) {
    const { status, stderr } = await laSsl(...SHAPES, ...args);
    assert.match(stderr, message);
    assert.equal(status, 2, args.join(' '));
  }
});
