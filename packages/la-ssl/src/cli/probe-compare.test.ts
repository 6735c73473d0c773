import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSplit } from '../data/index.js';
import { probeOutcome } from '../evaluation/index.js';
import { RunFolder, trainConfigSchema } from '../training/index.js';
import { compareRuns, conditionsOf, notComparable, type ProbedRun } from './probe-compare.js';
import { describeProbes } from './probe-tables.js';

const shapes = await loadSplit({ name: 'shapes', examples: 8, testExamples: 48 }, 'test');

/** A run whose probe is right about every label that its own test examples have. */
function rightRun(path: string, sampler: 'uniform' | 'la-ssl', test = shapes): ProbedRun {
  const labels = test.labels!;
  const probabilities = new Float64Array(4 * labels.length);
  labels.forEach((label, i) => {
    probabilities[4 * i + label] = 1;
  });
  const biased = { ...probeOutcome(probabilities, labels), detail: null, examples: 8, converged: true };
  const probes = { biased, balanced: null, attribute: null, dfr: null, knn: null, warnings: [] };
  const config = trainConfigSchema.parse({ dataset: 'shapes', sampler });
  return { folder: new RunFolder(path), config, probes, test };
}

test('does not compare runs of other test examples, though they are as many', () => {
  const runs = [rightRun('one', 'uniform'), rightRun('two', 'la-ssl')];
  const [comparison] = compareRuns(runs);
  assert.equal(comparison!.result.pairs[0]!.overall!.value, 0);
  assert.deepEqual(notComparable(conditionsOf(runs)), []);

  const others = { ...shapes, labels: shapes.labels!.map((label) => (label + 1) % 4) };
  const mixed = [runs[0]!, rightRun('two', 'la-ssl', others)];
  assert.deepEqual(compareRuns(mixed), []);
  assert.match(
    describeProbes(mixed, []),
    /la-ssl is not compared with uniform: their test examples are not the same/,
  );
});

test('says on which split runs are judged', () => {
  assert.match(describeProbes([rightRun('one', 'uniform')], []), /on the test set/);
  const validation = { ...shapes, split: 'validation' as const };
  assert.match(describeProbes([rightRun('one', 'uniform', validation)], []), /on the validation split/);
});
