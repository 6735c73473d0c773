import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricsEvent } from '../training/index.js';
import { figureAfter } from './trials.js';

/** As a run writes them: an update at its second and third epoch, an evaluation before the first and after the second. */
const LINES = [
  { kind: 'online', epoch: 0, knnAccuracy: 0.1, probeAccuracy: null },
  { kind: 'epoch', epoch: 0, loss: 5, conflictingDraws: null },
  { kind: 'update', epoch: 1, effectiveSampleShare: 0.9, groups: { a: { share: 0.5 } } },
  { kind: 'epoch', epoch: 1, loss: 4, conflictingDraws: null },
  { kind: 'online', epoch: 2, knnAccuracy: 0.3, probeAccuracy: 0.4 },
  { kind: 'update', epoch: 2, effectiveSampleShare: 0.8 },
  { kind: 'epoch', epoch: 2, loss: 3, conflictingDraws: null },
] as unknown as MetricsEvent[];

test('what a run has recorded after so many epochs, neither before nor after', () => {
  const after = (metric: string, epochs: number, lines = LINES.length) =>
    figureAfter(LINES.slice(0, lines), metric, epochs);
  assert.deepEqual(
    [1, 2, 3, 4].map((epochs) => after('epoch.loss', epochs)),
    [5, 4, 3, undefined],
  );
  assert.equal(after('epoch.conflictingDraws', 1), null);
  assert.equal(after('online.probeAccuracy', 2), 0.4);
  assert.equal(after('online.knnAccuracy', 2, 4), undefined, 'it comes after the line of the epoch');
  assert.equal(after('online.knnAccuracy', 1), null, 'not evaluated then');
  assert.equal(after('update.effectiveSampleShare', 2), 0.9, 'that of the third epoch is not in it');
  assert.equal(after('update.effectiveSampleShare', 2, 3), undefined);
  assert.equal(after('update.effectiveSampleShare', 1), null);
  assert.equal(after('update.groups.a.share', 2), 0.5);
  assert.equal(after('epoch.none', 2), null);
});
