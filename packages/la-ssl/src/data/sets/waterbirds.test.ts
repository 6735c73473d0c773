import assert from 'node:assert/strict';
import { test } from 'node:test';
import { picturesOf } from '../images/pictures.test.support.js';
import { groupsOf, loadDataset, loadSplit } from '../index.js';

/** A table in the official layout: [y, place, split] a row. */
function metadata(rows: readonly (readonly [number, number, number])[]): string {
  const lines = rows.map(
    ([y, place, split], i) => `${i + 1},${pathOf(i)},${y},${split},${place},/b/bamboo/${i}.jpg`,
  );
  return `img_id,img_filename,y,split,place,place_filename\n${lines.join('\n')}\n`;
}

const pathOf = (i: number): string => `001.Black_footed_Albatross/Bird_${String(i).padStart(4, '0')}.jpg`;

/** The shares of the official training set, a hundredth of its counts: 35 landbirds on land, 2 on water, 1 and 11. */
const training = [
  ...Array<[number, number, number]>(35).fill([0, 0, 0]),
  ...Array<[number, number, number]>(2).fill([0, 1, 0]),
  ...Array<[number, number, number]>(1).fill([1, 0, 0]),
  ...Array<[number, number, number]>(11).fill([1, 1, 0]),
];
const others = [0, 1].flatMap((y) =>
  [0, 1].flatMap((place) => [1, 2].map((split) => [y, place, split] as const)),
);
const rows = [...training, ...others];

test('the official layout: land goes with landbirds, water with waterbirds', async (t) => {
  const root = await picturesOf(
    t,
    rows.map((_, i) => pathOf(i)),
    { 'metadata.csv': metadata(rows) },
  );
  const spec = { name: 'waterbirds', path: root, imageSize: 8 } as const;
  const { train, test } = await loadDataset(spec);
  const validation = await loadSplit(spec, 'validation');
  assert.deepEqual(
    [train, validation, test].map(({ shape }) => shape.count),
    [49, 4, 4],
  );
  assert.deepEqual(
    groupsOf(train).groups.map(({ name, count, aligned }) => [name, count, aligned]),
    [
      ['label=landbird,place=land', 35, true],
      ['label=landbird,place=water', 2, false],
      ['label=waterbird,place=land', 1, false],
      ['label=waterbird,place=water', 11, true],
    ],
  );
  assert.deepEqual([...test.attributes[0]!.alignedWith!], [0, 1], 'as in training, though balanced');
  assert.deepEqual(
    groupsOf(test).groups.map(({ count }) => count),
    [1, 1, 1, 1],
  );
  assert.equal(train.ids[3], pathOf(3));
});

test('what cannot be Waterbirds is said', async (t) => {
  const bad = metadata(rows.slice(0, 4)).replace(/,0,0,0,\/b\/bamboo\/1/, ',2,0,NaN,/b/bamboo/1');
  const root = await picturesOf(t, [0, 1, 2, 3].map(pathOf), { 'metadata.csv': bad });
  const spec = { name: 'waterbirds', path: root, imageSize: 8 } as const;
  await assert.rejects(loadSplit(spec, 'train'), /row 2\) has nothing in column place, and not 0 or 1/);
  assert.equal((await loadSplit({ ...spec, onBad: 'skip' }, 'train')).shape.count, 3);
  const empty = await picturesOf(t, ['a.jpg']);
  await assert.rejects(loadSplit({ ...spec, path: empty }, 'train'), /metadata\.csv does not exist/);
});
