import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DATASET_NAMES, type DatasetSpec, datasetSpec, loadDataset, loadSplit } from './index.js';

const cache = await mkdtemp(join(tmpdir(), 'la-ssl-data-'));
after(() => rm(cache, { recursive: true }));

test('what is left out of a specification is filled in', () => {
  assert.deepEqual(datasetSpec.parse({ name: 'corrupted-cifar10', alignedShare: '99.5%' }), {
    name: 'corrupted-cifar10',
    set: 0,
    severity: 5,
    alignedShare: 0.995,
    seed: 0,
  });
});

test('an unknown data set is refused with the names of the known ones', async () => {
  const unknown = { name: 'cifar-10' } as unknown as DatasetSpec;
  const refused = loadDataset(unknown, { cache });
  await assert.rejects(refused, (error: Error) =>
    DATASET_NAMES.every((name) => error.message.includes(name)),
  );
});

test('missing data are not fetched unasked: the error says how', async () => {
  await assert.rejects(
    loadDataset({ name: 'cifar10' }, { cache }),
    /CIFAR-10 is not in .*`la-ssl data cifar10`/,
  );
  await assert.rejects(loadDataset({ name: 'corrupted-cifar10' }, { cache }), /CIFAR-10 is not in/);
});

test('a data set without images for validation says so', async () => {
  await assert.rejects(
    loadSplit({ name: 'shapes' }, 'validation'),
    /shapes has no validation split: it has train and test/,
  );
});
