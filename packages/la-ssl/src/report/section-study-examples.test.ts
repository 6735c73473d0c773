import assert from 'node:assert/strict';
import { cpSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CellResult, RunResult } from '../study/index.js';
import { dataset, goOn, newRun, temporaryFolder } from '../training/tiny-run.test.support.js';
import { flatParts, type Part } from './parts.js';
import { comparedFirst, studyExamplesSection } from './section-study-examples.js';

const cellOf = (name: string, baseline: string | null): CellResult => ({
  ...{ name, values: {}, told: [], seeds: [0, 1], prunedAfter: null, metrics: {}, baseline, differences: {} },
});
const runOf = (cell: string, seed: number): RunResult => ({
  ...{
    name: `${cell}-seed${seed}`,
    cell,
    seed,
    code: null,
    metrics: { 'biased.overall': 0.5 },
    failed: null,
  },
});

test('baselines come first, each with what is compared with it', () => {
  const cells = [
    cellOf('alone', null),
    cellOf('b', 'a'),
    cellOf('a', null),
    cellOf('d', 'c'),
    cellOf('c', null),
  ];
  const names = comparedFirst([...cells, cellOf('e', 'a')]).map(({ name }) => name);
  assert.deepEqual(names, ['a', 'b', 'e', 'c', 'd', 'alone']);
});

test('six cells are shown with what the page of a run has; what a run lacks is said and costs no other', async (t) => {
  const folder = temporaryFolder(t);
  const trained = await newRun(t, { sampler: 'la-ssl' });
  assert.equal(await goOn(trained), 'finished');
  const cells = ['base', 'cut', 'damaged', 'elsewhere', 'later', 'gone', 'whole', 'more'].map((name) =>
    cellOf(name, name === 'base' ? null : 'base'),
  );
  const runs = cells.flatMap(({ name }) => [runOf(name, 0), runOf(name, 1)]);
  for (const { name } of runs) cpSync(trained.folder.path, join(folder, name), { recursive: true });
  truncateSync(join(folder, 'cut-seed0/encoder.safetensors'), 1000);
  writeFileSync(join(folder, 'damaged-seed0/config.yaml'), 'epochs: many');
  rmSync(join(folder, 'later-seed0'), { recursive: true });
  for (const seed of [0, 1]) rmSync(join(folder, `gone-seed${seed}`), { recursive: true });
  const section = await studyExamplesSection({ cells, runs }, folder, {
    load: async ({ name }) => {
      if (name === 'elsewhere-seed0') throw new Error('no such images');
      return dataset;
    },
  });
  const [about, draws, ...parts] = section!.parts;
  assert.ok(
    about?.kind === 'note' && /^One run of 6 of 8 cells, .* stays small: gone, more\./.test(about.text),
  );
  assert.ok(draws?.kind === 'figure' && /^base: the 10 % most drawn of 48 examples/.test(draws.caption));
  const texts = (part: Part): string[] =>
    flatParts([part]).flatMap((own) => (own.kind === 'note' ? own.text : []));
  const slugs = (part: Part): string[] => flatParts([part]).flatMap((own) => ('slug' in own ? own.slug : []));
  const [base, cut, damaged, elsewhere, later, whole] = parts;
  assert.equal(parts.length, 6);
  assert.deepEqual(slugs(base!), [
    ...['speeds-base-seed0', 'draws-base-seed0', 'map-base-seed0-label', 'map-base-seed0-attribute-ground'],
    ...['map-base-seed0-learning-speed', 'slowest-base-seed0', 'fastest-base-seed0'],
    ...['speeds-base-seed0-quantiles', 'draws-base-seed0-table'],
  ]);
  assert.deepEqual(texts(base!), []);
  assert.match(texts(cut!).join(), /^No map of cut-seed0: .*encoder\.safetensors is no valid safetensors/);
  assert.equal(slugs(cut!).length, slugs(base!).length - 3, 'pictures and speeds are there');
  assert.match(texts(damaged!).join(), /^damaged is left out: .*config\.yaml is not valid/);
  assert.match(texts(elsewhere!).join(), /^No pictures and no map of elsewhere-seed0: .*: no such images$/);
  assert.ok(later?.kind === 'details' && later.title.endsWith('of later-seed1'), 'the next seed');
  assert.equal(slugs(whole!).length, slugs(base!).length);

  assert.equal(await studyExamplesSection({ cells, runs }, join(folder, 'nowhere'), { load: null }), null);
  const without = await studyExamplesSection({ cells, runs: runs.slice(0, 1) }, folder, { load: null });
  assert.match(without!.parts.flatMap(texts).join(), /No map of base-seed0: its images were not loaded/);
});
