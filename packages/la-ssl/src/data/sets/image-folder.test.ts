import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import sharp from 'sharp';
import {
  type DatasetSpec,
  type ImageDataset,
  imageSetOf,
  loadDataset,
  loadSplit,
  type Split,
} from '../index.js';
import type { DataEvent } from '../progress.js';

/** Makes a folder with these files: images of one gray each, 40 times its place in the list, or with other endings text. */
async function folderOf(t: TestContext, files: readonly string[]): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'la-ssl-folder-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [i, file] of files.entries()) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    const flat = sharp(new Uint8Array(120).fill(40 * i), { raw: { width: 12, height: 10, channels: 1 } });
    const format = /\.(png|jpe?g|webp|tiff?)$/i.exec(file)?.[1]?.toLowerCase();
    if (format === undefined) writeFileSync(join(root, file), 'text');
    else if (format.startsWith('tif')) await flat.tiff({ compression: 'lzw' }).toFile(join(root, file));
    else writeFileSync(join(root, file), await flat.toFormat(format as 'png').toBuffer());
  }
  return root;
}

const specOf = (path: string, options: object = {}): DatasetSpec =>
  ({ name: 'folder', path, imageSize: 8, ...options }) as DatasetSpec;
const load = (path: string, options: object = {}, split: Split = 'train'): Promise<ImageDataset> =>
  loadSplit(specOf(path, options), split);

/** What was noted on the way. */
async function notesOf(path: string, options: object = {}): Promise<string[]> {
  const events: DataEvent[] = [];
  await loadSplit(specOf(path, options), 'train', { onProgress: (event) => events.push(event) });
  return events.flatMap((event) => (event.kind === 'note' ? event.text : []));
}

const classesOf = ({ labels, classNames }: ImageDataset): string[] => [...labels!].map((l) => classNames[l]!);

/** Every path below a folder, with its content. */
function contentOf(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return entry.isFile() ? `${path} ${readFileSync(path).toString('base64')}` : path;
    })
    .sort();
}

test('folders are classes; images are sorted by path, whatever their format', async (t) => {
  const files = ['dog/b.PNG', 'cat/z.jpg', 'cat/deep/er/a.webp', 'dog/a.tif', 'cat/a.jpeg', 'dog/c.tiff'];
  const root = await folderOf(t, [...files, 'dog/notes.txt', '.hidden/x.png', 'cat/._a.jpeg']);
  writeFileSync(join(root, 'cat/._a.jpeg'), 'what macOS leaves');
  const before = contentOf(root);
  const dataset = await load(root);
  assert.deepEqual(dataset.ids, [...files].sort());
  assert.deepEqual(dataset.classNames, ['cat', 'dog']);
  assert.deepEqual(classesOf(dataset), ['cat', 'cat', 'cat', 'dog', 'dog', 'dog']);
  assert.deepEqual(dataset.shape, { count: 6, channels: 3, height: 8, width: 8 });
  dataset.ids.forEach((id, i) => {
    const pixels = dataset.images.subarray(i * 192, (i + 1) * 192);
    const off = pixels.map((value) => Math.abs(value - 40 * files.indexOf(id)));
    assert.ok(Math.max(...off) <= (/jpe?g|webp/.test(id) ? 2 : 0), id);
  });
  assert.equal(dataset.skipped, undefined);
  assert.deepEqual(await load(root), dataset, 'the same again');
  assert.deepEqual(contentOf(root), before, 'nothing is written there');
});

test('without folders of classes there are no labels, and without a test split there is only training', async (t) => {
  const root = await folderOf(t, ['b.png', 'a.png', 'none/readme.txt']);
  const dataset = await load(root);
  assert.deepEqual([dataset.ids, dataset.labels, dataset.classNames], [['a.png', 'b.png'], undefined, []]);
  const advice = /has no test split.*nothing to test on\..*train and others into .*test \(or val\)\./;
  await assert.rejects(load(root, {}, 'test'), advice);
  await assert.rejects(loadDataset(specOf(root)), advice);
});

test('splits lie above classes, under any of their names', async (t) => {
  const named: [string, string][] = [
    ['train', 'test'],
    ['train', 'val'],
    ['Training', 'Validation'],
  ];
  for (const [train, test] of named) {
    const root = await folderOf(t, [`${train}/cat/a.png`, `${train}/dog/a.png`, `${test}/dog/b.png`]);
    const splits = await loadDataset(specOf(root));
    assert.deepEqual(splits.train.ids, [`${train}/cat/a.png`, `${train}/dog/a.png`]);
    assert.deepEqual(splits.test.ids, [`${test}/dog/b.png`]);
    for (const { classNames } of Object.values(splits)) assert.deepEqual(classNames, ['cat', 'dog']);
    assert.deepEqual(classesOf(splits.test), ['dog']);
  }
});

test('val beside test is for validation, and what is not read is noted', async (t) => {
  const root = await folderOf(t, ['train/a.png', 'test/b.png', 'val/c.png', 'extra/d.png']);
  const { train, test } = await loadDataset(specOf(root));
  const validation = await load(root, {}, 'validation');
  assert.deepEqual(
    [train, test, validation].map(({ split, ids }) => [split, ...ids]),
    [
      ['train', 'train/a.png'],
      ['test', 'test/b.png'],
      ['validation', 'val/c.png'],
    ],
  );
  assert.ok((await notesOf(root)).some((text) => /not read, as the splits are: extra$/.test(text)));
  rmSync(join(root, 'test'), { recursive: true });
  await assert.rejects(
    load(root, {}, 'validation'),
    /no validation split: that is .*val beside train and test/,
  );
});

test('a train among vehicles is a class; a split alone that is for testing is refused', async (t) => {
  const vehicles = await load(await folderOf(t, ['train/a.png', 'car/b.png', 'bus/c.png']));
  assert.deepEqual(classesOf(vehicles), ['bus', 'car', 'train']);
  const alone = await load(await folderOf(t, ['train/x/a.png', 'train/y/b.png']));
  assert.deepEqual(alone.classNames, ['x', 'y']);
  const lone = await folderOf(t, ['test/x/a.png', 'val/x/b.png']);
  await assert.rejects(load(lone), /folders for testing, but none with training images\. .*--path/);
  assert.equal((await load(lone, {}, 'test')).ids[0], 'test/x/a.png');
});

test('so many examples are the first of each class, or the first', async (t) => {
  const root = await folderOf(t, ['x/1.png', 'x/2.png', 'x/3.png', 'y/1.png', 'y/2.png']);
  const dataset = await load(root, { examples: 4 });
  assert.deepEqual(dataset.ids, ['x/1.png', 'x/2.png', 'y/1.png', 'y/2.png']);
  assert.deepEqual(classesOf(dataset), ['x', 'x', 'y', 'y']);
  await assert.rejects(load(root, { examples: 3 }), /multiple of 2/);
  const flat = await folderOf(t, ['1.png', '2.png', '3.png']);
  assert.deepEqual((await load(flat, { examples: 2 })).ids, ['1.png', '2.png']);
  await assert.rejects(load(flat, { examples: 4 }), /examples is 4, but there are 3 images; ask for fewer/);
});

test('what is bad is listed all at once, and left out where that is asked for', async (t) => {
  const outside = await folderOf(t, ['secret.png', 'album/x.png']);
  const root = await folderOf(t, ['cat/ok.png', 'cat/cut.jpg', 'dog/ok.png', 'stray.png', 'dog/text.png']);
  const cut = readFileSync(join(root, 'cat/cut.jpg'));
  writeFileSync(join(root, 'cat/cut.jpg'), cut.subarray(0, cut.length - 3));
  writeFileSync(join(root, 'dog/text.png'), 'not found');
  mkdirSync(join(root, 'empty'));
  symlinkSync(join(outside, 'secret.png'), join(root, 'cat/out.png'));
  symlinkSync(join(outside, 'album'), join(root, 'album'));
  symlinkSync(join(root, 'gone.png'), join(root, 'dog/nowhere.png'));
  symlinkSync(root, join(root, 'dog/circle'));
  symlinkSync(join(root, 'cat/ok.png'), join(root, 'dog/inside.png'));
  const expected: [string, RegExp][] = [
    ['album', /^is a link that leads out of the folder, to .*album; put the images themselves there$/],
    ['cat/cut.jpg', /^is broken or cut off$/],
    ['cat/out.png', /^is a link that leads out of the folder/],
    ['dog/circle', /^is a link to a folder that it lies in$/],
    ['dog/nowhere.png', /^is a link that leads nowhere$/],
    ['dog/text.png', /^holds no image in a form that is read/],
    ['empty', /^is the folder of a class and has no image$/],
    ['stray.png', /^lies beside the folders of the classes, in none of them$/],
  ];
  const isOpened = (path: string): boolean => path === 'cat/cut.jpg' || path === 'dog/text.png';
  await assert.rejects(load(root), ({ message }: Error) => {
    const [head, ...lines] = message.split('\n');
    assert.ok(head!.startsWith(`${root} has 6 entries that cannot be used (no image has been opened yet`));
    assert.match(lines.pop()!, /--on-bad skip$/);
    assert.deepEqual(
      lines.map((line) => line.trim().split(' ')[0]),
      expected.map(([path]) => path).filter((path) => !isOpened(path)),
    );
    return true;
  });
  const known = (await imageSetOf(specOf(root, { onBad: 'skip' }), {}))!.describe('train');
  assert.deepEqual(known.ids, ['cat/cut.jpg', 'cat/ok.png', 'dog/inside.png', 'dog/ok.png', 'dog/text.png']);
  assert.equal(known.skipped!.length, 6);

  const dataset = await load(root, { onBad: 'skip' });
  assert.deepEqual(dataset.ids, ['cat/ok.png', 'dog/inside.png', 'dog/ok.png']);
  assert.deepEqual(dataset.classNames, ['cat', 'dog']);
  assert.equal(dataset.images.length, 3 * 192);
  assert.deepEqual([...dataset.images.subarray(384)], new Array(192).fill(80), 'pixels close the gaps');
  assert.deepEqual(
    dataset.skipped!.map(({ path }) => path),
    expected.map(([path]) => path),
  );
  for (const [i, { reason }] of dataset.skipped!.entries()) assert.match(reason, expected[i]![1]);
  const [note] = await notesOf(root, { onBad: 'skip' });
  assert.match(note!, /left out 8 entries:\n {2}album is a link[\s\S]*\n {2}stray\.png lies beside/);
});

test('only the first twenty are listed', async (t) => {
  const files = Array.from({ length: 25 }, (_, i) => `${String(i).padStart(2, '0')}.png`);
  const root = await folderOf(t, [...files, 'ok.png']);
  for (const file of files) writeFileSync(join(root, file), '');
  await assert.rejects(load(root), /has 25 entries[\s\S]*\n {2}19\.png is empty\n {2}… and 5 more\n/);
  assert.equal((await load(root, { onBad: 'skip' })).skipped!.length, 25);
  rmSync(join(root, 'ok.png'));
  await assert.rejects(
    load(root, { onBad: 'skip' }),
    /has no train image that can be used:\n {2}00\.png is empty/,
  );
});

test('a class that only the test split has, and a split without images, are bad', async (t) => {
  const root = await folderOf(t, ['train/a/1.png', 'train/b/1.png', 'test/a/1.png', 'test/c/1.png']);
  let decoded = 0;
  const onProgress = ({ kind }: DataEvent): void => void (kind === 'progress' && decoded++);
  await assert.rejects(
    loadSplit(specOf(root), 'train', { onProgress }),
    /1 entry[\s\S]*test\/c is a class of which there is no training image/,
  );
  assert.equal(decoded, 0, 'it is said before images are opened');
  assert.deepEqual((await load(root, { onBad: 'skip' }, 'test')).ids, ['test/a/1.png']);
  const half = await folderOf(t, ['train/1.png', 'test/readme.txt']);
  await assert.rejects(load(half), /test is a split without an image/);
  assert.deepEqual((await load(half, { onBad: 'skip' })).ids, ['train/1.png']);
  await assert.rejects(load(half, { onBad: 'skip' }, 'test'), /has no test split/);
});

test('a path that holds no images is refused with what to give', async (t) => {
  const root = await folderOf(t, ['a.bmp', 'b.bmp', 'c.csv']);
  await assert.rejects(
    load(root),
    /has no image below it \(\.jpg.*\)\. Other files there: 2 × \.bmp, 1 × \.csv\./,
  );
  await assert.rejects(load(join(root, 'a.bmp')), /a\.bmp is a file; give the folder/);
  await assert.rejects(load(join(root, 'none')), /none does not exist; give a folder of images: --path/);
  await assert.rejects(load(root, { imageSize: 4 }), /imageSize/);
});

const isRoot = process.getuid?.() === 0;
test('what may not be read is listed', { skip: isRoot ? 'root may read anything' : false }, async (t) => {
  const root = await folderOf(t, ['ok.png', 'shut/x.png', 'shut.png']);
  chmodSync(join(root, 'shut'), 0);
  chmodSync(join(root, 'shut.png'), 0);
  try {
    await assert.rejects(
      load(root),
      /shut cannot be read \(EACCES\)\n {2}shut\.png cannot be read \(EACCES\)/,
    );
  } finally {
    chmodSync(join(root, 'shut'), 0o700); // so that it can be removed
  }
});

test('images much larger than asked for are noted', async (t) => {
  const root = await folderOf(t, ['a.png', 'b.png']); // 10 pixels
  assert.deepEqual(await notesOf(root), []);
  await sharp(new Uint8Array(300 * 200), { raw: { width: 300, height: 200, channels: 1 } }).toFile(
    join(root, 'a.png'),
  );
  await sharp(new Uint8Array(300 * 200), { raw: { width: 200, height: 300, channels: 1 } }).toFile(
    join(root, 'b.png'),
  );
  const [note] = await notesOf(root);
  assert.match(note!, /images of 200 pixels \(median of the shorter sides\) are made 8; --image-size/);
});

test('a signal ends it', async (t) => {
  const root = await folderOf(t, ['a.png']);
  const signal = AbortSignal.abort();
  await assert.rejects(loadSplit(specOf(root), 'train', { signal }), { name: 'AbortError' });
});
