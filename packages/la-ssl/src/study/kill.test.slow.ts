import { test } from 'node:test';
import { checkKilledStudy } from './kill.test.support.js';
import { PRUNED_STUDIES } from './study.test.support.js';

test('a study that is killed ten times ends with the same tables, byte for byte', (t) =>
  checkKilledStudy(t, 10, { axes: { sampler: ['uniform', 'la-ssl', 'oracle'] }, seeds: [0, 1] }));

for (const [rule, changes] of Object.entries(PRUNED_STUDIES)) {
  test(`so does one that prunes by ${rule}`, (t) => checkKilledStudy(t, 10, changes));
}
