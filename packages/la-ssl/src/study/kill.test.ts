import { test } from 'node:test';
import { checkKilledStudy } from './kill.test.support.js';
import { PRUNED_STUDIES } from './study.test.support.js';

test('a study that is killed twice ends with the same tables, byte for byte', (t) => checkKilledStudy(t, 2));

test('so does one that prunes', (t) =>
  checkKilledStudy(t, 1, { ...PRUNED_STUDIES.median, seeds: [0], axes: { lr: [0.06, 0.1, 0.03] } }));
