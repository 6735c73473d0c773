/** @file A study of seconds, in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';

/** Two samplers on 48 drawn images. */
export const TINY_STUDY = {
  title: 'Tiny',
  question: 'Does it run?',
  base: {
    dataset: 'shapes',
    examples: 48,
    testExamples: 48,
    alignedShare: 0.75,
    batchSize: 12,
    epochs: 3,
    stem: 'imagenet',
    width: 4,
    projections: 8,
    warmupEpochs: 1,
    updateEvery: 1,
    precision: 'float32',
    onlineEvaluation: false,
  },
  axes: { sampler: ['uniform', 'la-ssl'] },
  seeds: [0],
  baseline: { sampler: 'uniform' },
  metrics: ['biased.overall', 'biased.worstGroup', 'update.effectiveSampleShare'],
  budgets: { full: {} },
};

const pruned = {
  axes: { lr: [0.003, 0.06, 0.1, 0.02, 0.03] },
  baseline: undefined,
  search: { objective: 'biased.overall' },
};

/** A search over learning rates with two seeds, in which some cells are stopped and some are not. */
export const PRUNED_STUDIES = {
  median: {
    ...pruned,
    seeds: [0, 1],
    prune: { rule: 'median', metric: 'epoch.loss', goal: 'min', after: 1, keep: 2 },
  },
  halving: {
    ...pruned,
    seeds: [0, 1],
    prune: { rule: 'halving', metric: 'epoch.loss', goal: 'min', after: 1, factor: 2 },
  },
};

/** Writes a study. @returns its file, `tiny.yaml` in a folder that is removed after the test */
export function writeStudy(t: TestContext, changes: object = {}): { file: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'la-ssl-study-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const file = join(folder, 'tiny.yaml');
  writeFileSync(file, stringify({ ...TINY_STUDY, ...changes }));
  return { file, folder };
}
