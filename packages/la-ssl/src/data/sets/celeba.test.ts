import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { picturesOf } from '../images/pictures.test.support.js';
import { type DatasetSpec, groupsOf, loadDataset, loadSplit } from '../index.js';

const names = ['Blond_Hair', 'Male', 'Young'];
/** Blond, male, young and the split of each face. */
const faces: [number, number, number, number][] = [
  ...Array.from({ length: 12 }, (_, i): [number, number, number, number] => [
    0,
    i < 8 ? 1 : 0,
    i % 3 === 0 ? 1 : 0,
    0,
  ]),
  ...Array.from({ length: 12 }, (_, i): [number, number, number, number] => [
    1,
    i === 0 ? 1 : 0,
    i % 3 === 0 ? 1 : 0,
    0,
  ]),
  [0, 1, 1, 1],
  [1, 1, 0, 2],
  [0, 0, 0, 2],
];
const fileOf = (i: number): string => `${String(i + 1).padStart(6, '0')}.jpg`;
const sign = (code: number): string => (code ? ' 1' : '-1');

const text = {
  'list_attr_celeba.txt': `${faces.length}\n${names.join(' ')} \n${faces
    .map(([b, m, y], i) => `${fileOf(i)} ${sign(b)} ${sign(m)} ${sign(y)}`)
    .join('\n')}\n`,
  'list_eval_partition.txt': `${faces.map(([, , , split], i) => `${fileOf(i)} ${split}`).join('\n')}\n`,
};
const csv = {
  'list_attr_celeba.csv': `image_id,${names.join(',')}\n${faces
    .map(([b, m, y], i) => `${fileOf(i)},${sign(b).trim()},${sign(m).trim()},${sign(y).trim()}`)
    .join('\n')}\n`,
  'list_eval_partition.csv': `image_id,partition\n${faces.map(([, , , s], i) => `${fileOf(i)},${s}`).join('\n')}\n`,
};
const spec = (path: string, options: object = {}): DatasetSpec =>
  ({ name: 'celeba', path, imageSize: 8, ...options }) as DatasetSpec;

test('every official and Kaggle layout gives the same data set', async (t) => {
  const layouts: [string, Record<string, string | Uint8Array>][] = [
    ['img_align_celeba', text],
    ['img_align_celeba/img_align_celeba', csv],
    [
      'Img/img_align_celeba',
      {
        'Anno/list_attr_celeba.txt': text['list_attr_celeba.txt'],
        'Eval/list_eval_partition.txt.gz': gzipSync(text['list_eval_partition.txt']),
      },
    ],
  ];
  const loaded = [];
  for (const [folder, tables] of layouts) {
    const root = await picturesOf(
      t,
      faces.map((_, i) => `${folder}/${fileOf(i)}`),
      tables,
    );
    const { train, test } = await loadDataset(spec(root));
    loaded.push({ train, test, validation: await loadSplit(spec(root), 'validation') });
  }
  assert.deepEqual(loaded[1], loaded[0]);
  assert.deepEqual(loaded[2], loaded[0]);
  const { train, test, validation } = loaded[0]!;
  assert.deepEqual(
    [train.shape.count, validation.ids, test.ids],
    [24, ['000025.jpg'], ['000026.jpg', '000027.jpg']],
  );
  assert.deepEqual(
    groupsOf(train).groups.map(({ name, count, aligned }) => [name, count, aligned]),
    [
      ['label=not Blond_Hair,Male=not Male', 4, false],
      ['label=not Blond_Hair,Male=Male', 8, true],
      ['label=Blond_Hair,Male=not Male', 11, true],
      ['label=Blond_Hair,Male=Male', 1, false],
    ],
  );
});

test('any attribute is the label, and others go with it, or none', async (t) => {
  const root = await picturesOf(
    t,
    faces.map((_, i) => `img_align_celeba/${fileOf(i)}`),
    text,
  );
  const options = { label: 'Male', attributes: 'Young, Blond_Hair' };
  const train = await loadSplit(spec(root, options), 'train');
  assert.deepEqual(train.classNames, ['not Male', 'Male']);
  assert.deepEqual(
    [...train.labels!],
    faces.slice(0, 24).map(([, male]) => male),
  );
  const [young, blond] = train.attributes;
  assert.equal(young!.alignedWith, undefined, '4 of 9 and 4 of 15 are young');
  assert.deepEqual([...blond!.alignedWith!], [1, 0]);
  await assert.rejects(
    loadSplit(spec(root, { label: 'Blonde' }), 'train'),
    /no column Blonde\. It has file, Blond_Hair,/,
  );
});

test('rows that do not fit are listed, and tables that are not there named', async (t) => {
  const tables = {
    'list_attr_celeba.csv': csv['list_attr_celeba.csv']
      .replace('000001.jpg,-1,1', '000001.jpg,-1,2')
      .replace(/000003.*\n/, ''),
    'list_eval_partition.csv': csv['list_eval_partition.csv'].replace(/000002.*\n/, ''),
  };
  const root = await picturesOf(
    t,
    faces.slice(0, -1).map((_, i) => `img_align_celeba/${fileOf(i)}`),
    tables,
  );
  await assert.rejects(loadSplit(spec(root), 'train'), ({ message }: Error) => {
    for (const line of [
      /000001\.jpg \(list_attr_celeba\.csv, row 1\) has "2" in column Male, and not -1 or 1/,
      /000002\.jpg \(list_attr_celeba\.csv, row 2\) has no split/,
      /000003\.jpg \(not in list_attr_celeba\.csv\) is in list_eval_partition\.csv only/,
      /000027\.jpg \(list_attr_celeba\.csv, row 26\) has no such image/,
    ])
      assert.match(message, line);
    return true;
  });
  const none = await picturesOf(t, ['img_align_celeba/000001.jpg']);
  await assert.rejects(loadSplit(spec(none), 'train'), /has not list_attr_celeba\.txt or \.csv of CelebA/);
  await assert.rejects(
    loadSplit(spec(`${none}/img_align_celeba`), 'train'),
    /has not the folder of images of CelebA/,
  );
});
