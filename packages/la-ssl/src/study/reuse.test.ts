import assert from 'node:assert/strict';
import { existsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveSafetensors, scope, zeros } from '@la-ssl/torch';
import { RunFolder } from '../training/index.js';
import { planStudy } from './plan.js';
import { runsAtHand, takeRuns } from './reuse.js';
import { writeStudy } from './study.test.support.js';
import { readStudy } from './study-file.js';
import { StudyFolder } from './study-folder.js';

function writeEncoder(run: RunFolder): void {
  scope(() => saveSafetensors(run.encoderFile, [['weight', zeros([4])]]));
}

test('only finished runs with the same options and code are at hand', async (t) => {
  const { file, folder } = writeStudy(t);
  const plan = planStudy(readStudy(file, 'small'), 1);
  const mine = new StudyFolder(join(folder, 'runs/mine'), plan.study);
  const atHand = () => [...runsAtHand(plan, mine, mine.states(plan, 'stop'))];
  const { config } = plan.runs[0]!;
  assert.deepEqual(atHand(), [], 'nothing is there yet');

  const alone = new RunFolder(join(folder, 'runs/alone'));
  await alone.create(config);
  assert.deepEqual(atHand(), [], 'it is not finished');
  writeEncoder(alone);
  assert.deepEqual(atHand(), [['uniform-seed0', alone.path]]);
  truncateSync(alone.encoderFile, 80);
  assert.deepEqual(atHand(), [], 'its encoder is cut short');
  writeEncoder(alone);
  const release = alone.lock();
  assert.deepEqual(atHand(), [], 'a process works on it');
  release();
  await alone.writeJson('run.json', { code: 'other' });
  assert.deepEqual(atHand(), []);

  const other = new RunFolder(join(folder, 'runs/other/b'));
  await other.create({ ...config, gamma: 3 });
  writeEncoder(other);
  assert.deepEqual(atHand(), [], 'it has other options');
  const same = new RunFolder(join(folder, 'runs/other/c'));
  await same.create({ ...config, threads: 8 });
  writeEncoder(same);
  assert.deepEqual(atHand(), [['uniform-seed0', same.path]]);

  const states = mine.states(plan, 'stop');
  takeRuns(plan, mine, states, runsAtHand(plan, mine, states));
  assert.deepEqual([...states.values()], ['trained', 'new'], 'a probe is still to be made');
  assert.ok(existsSync(mine.run(plan.runs[0]!).encoderFile));
  assert.deepEqual(atHand(), [], 'taken once');
});
