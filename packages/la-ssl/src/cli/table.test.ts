import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDifference, formatEstimate, formatTable } from './table.js';

test('words stand left, figures right, without spaces at the ends of lines', () => {
  const table = formatTable(
    ['run', 'sampler', 'loss', 'accuracy'],
    [
      ['a', 'uniform', '5.1', '71.3 [69.2, 73.3]'],
      ['long-name', 'la-ssl', '12.25', '–'],
    ],
  );
  assert.deepEqual(table.split('\n'), [
    'run        sampler   loss           accuracy',
    '---------  -------  -----  -----------------',
    'a          uniform    5.1  71.3 [69.2, 73.3]',
    'long-name  la-ssl   12.25                  –',
  ]);
  assert.equal(formatTable(['a', 'b'], [['x', 'word']]).split('\n')[0], 'a  b');
});

test('estimates in per cent, differences with their sign', () => {
  const estimate = { value: 0.0613, low: -0.039, high: 0.0822, count: 100 };
  assert.equal(formatEstimate(estimate), '6.1 [-3.9, 8.2]');
  assert.equal(formatDifference(estimate), '+6.1 [-3.9, 8.2]');
  assert.equal(formatDifference({ ...estimate, value: -0.02 }), '-2.0 [-3.9, 8.2]');
  assert.equal(formatEstimate(null), '–');
});
