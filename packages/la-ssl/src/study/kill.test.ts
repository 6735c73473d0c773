import { test } from 'node:test';
import { checkKilledStudy } from './kill.test.support.js';

test('a study that is killed twice ends with the same tables, byte for byte', (t) => checkKilledStudy(t, 2));
