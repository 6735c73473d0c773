/** The studies of this repository can be run, and their small budgets are what they say. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { datasetSpec } from '../data/index.js';
import { datasetSpecOf } from '../training/index.js';
import { workOf } from './estimate.js';
import { planStudy } from './plan.js';
import { BUDGETS, readStudy } from './study-file.js';

const folder = fileURLToPath(new URL('../../../../studies/', import.meta.url));
/** Options of `la-ssl train` lie in the same folder. */
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && 'question' in contentOf(name));

function contentOf(file: string): { question?: string; budgets?: { full?: object } } {
  return parse(readFileSync(folder + file, 'utf8')) as object;
}

test('the studies that the README names are there', () => {
  const named = [...readFileSync(`${folder}README.md`, 'utf8').matchAll(/\| `([\w-]+\.yaml)`/g)].map(
    (match) => match[1],
  );
  assert.ok(named.length >= 9);
  assert.deepEqual(
    named.filter((name) => !files.includes(name!)),
    [],
  );
});

for (const file of files) {
  test(`${file}: every run is one that can be trained`, () => {
    const { budgets } = contentOf(file);
    for (const budget of BUDGETS.filter((name) => name === 'small' || budgets?.[name])) {
      const { study, runs } = planStudy(readStudy(folder + file, budget), 1);
      assert.ok(study.seeds.length >= 3, 'a claim needs three seeds');
      for (const { config } of runs) datasetSpec.parse(datasetSpecOf(config));
      // 20,000 examples × 5 epochs are two minutes of one core at most: an hour on two cores holds 60 such runs, less their passes.
      const small = runs.reduce((sum, { config }) => sum + workOf(config), 0) / 100_000;
      if (budget === 'small') assert.ok(small <= 50, `${small} times two minutes`);
    }
  });
}
