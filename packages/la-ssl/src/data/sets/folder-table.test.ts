import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { picturesOf } from '../images/pictures.test.support.js';
import {
  type DatasetSpec,
  groupsOf,
  type ImageDataset,
  imageSetOf,
  loadDataset,
  loadSplit,
  subsetOf,
} from '../index.js';
import type { DataEvent } from '../progress.js';

const images = ['a.png', 'b.png', 'deep/c.jpg', 'd.png', 'e.png'];
const table = `filename,y,a,sex,split
a.png,cat,0,f,train
b.png,dog,1,m,train
deep/c.jpg,cat,0,,0
d.png,dog,1,f,val
e.png,,0,m,test
`;

const specOf = (path: string, options: object = {}): DatasetSpec =>
  ({ name: 'folder', path, imageSize: 8, table: 'metadata.csv', ...options }) as DatasetSpec;

async function loadWithNotes(spec: DatasetSpec): Promise<{ train: ImageDataset; notes: string[] }> {
  const events: DataEvent[] = [];
  const train = await loadSplit(spec, 'train', { onProgress: (event) => events.push(event) });
  return { train, notes: events.flatMap((event) => (event.kind === 'note' ? event.text : [])) };
}

/** The lines about what is bad, where a table is refused. */
async function badOf(t: TestContext, rows: string, options: object = {}): Promise<string[]> {
  const root = await picturesOf(t, images, { 'metadata.csv': rows });
  const error = await loadSplit(specOf(root, options), 'train').then(
    () => assert.fail('was loaded'),
    (error: Error) => error,
  );
  return error.message.split('\n').map((line) => line.trim().replaceAll(root, 'ROOT'));
}

test('a table gives labels, attributes and splits, by the usual names of its columns', async (t) => {
  const root = await picturesOf(t, images, { 'metadata.csv': table });
  const { train, notes } = await loadWithNotes(specOf(root, { attributeColumns: 'a,sex' }));
  assert.deepEqual(train.ids, ['a.png', 'b.png', 'deep/c.jpg']);
  assert.deepEqual(
    [train.classNames, [...train.labels!]],
    [
      ['cat', 'dog'],
      [0, 1, 0],
    ],
  );
  assert.deepEqual(
    train.attributes.map(({ name, values, codes }) => [name, values, [...codes]]),
    [
      ['a', ['0', '1'], [0, 1, 0]],
      ['sex', ['f', 'm'], [0, 1, -1]],
    ],
  );
  assert.deepEqual(
    [...train.images.subarray(0, 3 * 192)].filter((_, i) => i % 192 === 0),
    [0, 10, 20],
  );
  assert.ok(
    notes.some((note) => /columns taken by their names: images filename, labels y, splits split/.test(note)),
  );
  assert.equal(groupsOf(train).groups[0]!.name, 'label=cat,a=0,sex=f');
  const test = await loadSplit(specOf(root), 'test');
  assert.deepEqual([test.ids, [...test.labels!]], [['e.png'], [-1]]);
  assert.deepEqual((await loadSplit(specOf(root), 'validation')).ids, ['d.png']);
  const { images: _, ...known } = await loadSplit(specOf(root), 'train');
  assert.deepEqual((await imageSetOf(specOf(root), {}))!.describe('train'), known);
});

test('columns may be named, a table lie elsewhere, ids be given and paths lack their endings', async (t) => {
  const root = await picturesOf(t, images);
  const elsewhere = await picturesOf(t, [], {
    'my.tsv': 'key\tPicture\tkind\tpart\n7\ta\t2.0\t0\n8\tdeep\\c\t10.0\t0\n9\t./b.png\t\t1\n',
  });
  const columns = { imageColumn: 'picture', labelColumn: 'kind', splitColumn: 'part', idColumn: 'key' };
  const { train, test } = await loadDataset(specOf(root, { table: join(elsewhere, 'my.tsv'), ...columns }));
  assert.deepEqual([train.ids, train.classNames, train.attributes], [['7', '8'], ['2', '10'], []]);
  assert.deepEqual(
    [test.ids, [...test.labels!]],
    [['9'], [-1]],
    'validation is for testing where nothing else is',
  );
});

test('labels and splits may lack: everything is for training', async (t) => {
  const root = await picturesOf(t, images, { 'metadata.csv': 'path\nb.png\na.png\n' });
  const { train, notes } = await loadWithNotes(specOf(root));
  assert.deepEqual([train.ids, train.labels, train.classNames], [['b.png', 'a.png'], undefined, []]);
  assert.ok(
    notes.some((note) =>
      /3 images are not read, as metadata\.csv has no good row for them: d\.png, deep\/c/.test(note),
    ),
  );
  await assert.rejects(loadSplit(specOf(root), 'test'), /has no test split: it has train\./);
});

test('what is bad in a table is listed with its rows, and left out where that is asked for', async (t) => {
  const outside = await picturesOf(t, ['secret.png']);
  const rows = [
    'filename,y,split,id',
    'a.png,cat,train,1',
    'gone.png,cat,train,2',
    '../x.png,cat,train,3',
    '/etc/x.png,cat,train,4',
    ',cat,train,5',
    'a.png,dog,test,6',
    'b.png,cat,train,1',
    'd.png,cat,later,8',
    'e.png,cat,,9',
    'deep/c.jpg,cow,test,10',
    'out.png,cat,train,11',
  ];
  const root = await picturesOf(t, images, { 'metadata.csv': rows.join('\n') });
  symlinkSync(join(outside, 'secret.png'), join(root, 'out.png'));
  const expected: [string, RegExp][] = [
    ['../x.png', /^\(metadata\.csv, row 3\) leads out of the folder/],
    ['/etc/x.png', /^\(metadata\.csv, row 4\) leads out of the folder/],
    ['a.png', /row 6\) has the path a\.png of another \(metadata\.csv, row 1\); each has its own$/],
    ['b.png', /row 7\) has the id 1 of another \(metadata\.csv, row 1\)/],
    ['d.png', /row 8\) has the split "later"; it is train, val or test, or 0, 1 or 2$/],
    ['deep/c.jpg', /row 10\) has the label cow, which no training image has$/],
    ['e.png', /row 9\) has no split$/],
    ['gone.png', /row 2\) has no such image in the folder$/],
    ['metadata.csv, row 5', /^names no image$/],
    ['out.png', /row 11\) is a link that leads out of the folder/],
  ];
  const skipped = await loadSplit(specOf(root, { onBad: 'skip', idColumn: 'id' }), 'train');
  assert.deepEqual(skipped.ids, ['1']);
  assert.deepEqual(
    skipped.skipped!.map(({ path }) => path),
    expected.map(([path]) => path),
  );
  for (const [i, { reason }] of skipped.skipped!.entries()) assert.match(reason, expected[i]![1]);
  await assert.rejects(
    loadSplit(specOf(root, { idColumn: 'id' }), 'train'),
    /has 10 entries that cannot be used \(no image has been opened yet.*\):\n {2}\.\.\/x\.png[\s\S]*--on-bad skip$/,
  );
  assert.deepEqual(
    readdirSync(root).sort(),
    [...images.filter((p) => !p.includes('/')), 'deep', 'metadata.csv', 'out.png'].sort(),
  );
});

test('a table that cannot be meant is refused with what to do', async (t) => {
  const many = ['filename,age', ...Array.from({ length: 60 }, (_, i) => `${i}.png,${i + 0.5}`)].join('\n');
  const cases: [string, object, RegExp][] = [
    [
      'a b c\n1 2 3\n',
      {},
      /no column of images under a usual name; name it: --image-column\. It has one column only/,
    ],
    ['filename,y\na.png,1\n', { labelColumn: 'kind' }, /has no column kind\. It has filename, y\.$/],
    ['filename,y\na.png,1\n', { attributeColumns: ['sex'] }, /has no column sex/],
    [
      many,
      { attributeColumns: 'age' },
      /column age has 60 values, too many for an attribute; put bands of it/,
    ],
    ['filename,y\na.png,\n', {}, /column y has no value; leave it out/],
    ['filename,split\na.png,test\n', {}, /has no train split: it has test\./],
    ['filename,y\nx.png,1\n', {}, /has no train split: it has nothing\./],
    ['filename,y\n', {}, /column y has no value/],
  ];
  for (const [rows, options, message] of cases) {
    assert.match((await badOf(t, rows, options)).join('\n'), message, rows.slice(0, 40));
  }
  const listing = await badOf(t, 'filename,y\nx.png,1\n');
  assert.match(listing.at(-1)!, /^x\.png \(metadata\.csv, row 1\) has no such image in the folder$/);
  const root = await picturesOf(t, images);
  await assert.rejects(loadSplit(specOf(root), 'train'), /metadata\.csv does not exist/);
  await assert.rejects(
    loadSplit(specOf(root, { table: undefined, labelColumn: 'y' }), 'train'),
    /labelColumn names a column of a table; give the table too: --table/,
  );
});

test('a folder that cannot be found below the root is said of its rows; a broken image too', async (t) => {
  const root = await picturesOf(t, images, { 'metadata.csv': table });
  mkdirSync(join(root, 'other'));
  renameSync(join(root, 'deep'), join(root, 'other/deep'));
  symlinkSync(join(root, 'nowhere'), join(root, 'deep'));
  writeFileSync(join(root, 'b.png'), 'text');
  const row = /1 entry that .*opened yet[\s\S]*deep\/c\.jpg \(metadata\.csv, row 3\) has no such image/;
  await assert.rejects(loadSplit(specOf(root), 'train'), row);
  const { skipped } = await loadSplit(specOf(root, { onBad: 'skip' }), 'train');
  assert.deepEqual(
    skipped!.map(({ path }) => path),
    ['b.png', 'deep/c.jpg'],
  );
  rmSync(root, { recursive: true });
  await assert.rejects(loadSplit(specOf(root), 'train'), /does not exist; give a folder of images/);
});

test('a column says which images belong together, over all splits and in every subset', async (t) => {
  const root = await picturesOf(t, images, { 'metadata.csv': table });
  const spec = specOf(root, { clusterColumn: 'sex' });
  const { train, notes } = await loadWithNotes(spec);
  assert.deepEqual([train.clusters?.name, [...train.clusters!.codes]], ['sex', [0, 1, 2]]);
  assert.ok(notes.some((note) => /1 images have no sex: each stands for itself/.test(note)));
  assert.deepEqual([...(await loadSplit(spec, 'test')).clusters!.codes], [1], 'the m of the training images');
  assert.deepEqual([...subsetOf(train, [2, 0]).clusters!.codes], [2, 0]);
  assert.equal((await loadWithNotes(specOf(root))).train.clusters, undefined);
  await assert.rejects(loadSplit(specOf(root, { clusterColumn: 'none' }), 'train'), /no column none/);
});
