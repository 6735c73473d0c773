import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { decodeImage } from './decode.js';
import { decodeFiles, decodeInto } from './decode-files.js';
import { resizeAndCrop } from './resize.js';

const folder = mkdtempSync(join(tmpdir(), 'la-ssl-decode-'));
after(() => rmSync(folder, { recursive: true }));

/** Thirty files of one gray each; 3, 13 and 23 hold no image, and 7 is not there. */
const files = await Promise.all(
  Array.from({ length: 30 }, async (_, i) => {
    const file = join(folder, `${i}.png`);
    const pixels = new Uint8Array(8 * 8 * 3).fill(i);
    if (i % 10 === 3) writeFileSync(file, 'nothing');
    else if (i !== 7) await sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } }).toFile(file);
    return file;
  }),
);

test('files are decoded in the order given, without the bad ones', async () => {
  const seen: number[] = [];
  const { images, indices, sides, bad } = await decodeFiles(files, {
    side: 8,
    onProgress: (done, total) => {
      seen.push(done);
      assert.equal(total, 30);
    },
  });
  assert.deepEqual(
    bad.map(({ index }) => index),
    [3, 7, 13, 23],
  );
  assert.equal(bad[1]!.reason, 'cannot be read (ENOENT)');
  assert.deepEqual(
    [...indices],
    [...files.keys()].filter((i) => ![3, 7, 13, 23].includes(i)),
  );
  assert.equal(images.length, 26 * 192);
  indices.forEach((i, n) => {
    assert.ok(images.subarray(n * 192, (n + 1) * 192).every((value) => value === i));
  });
  assert.ok(sides.every((side) => side === 8));
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
  assert.equal(seen.at(-1), 30);
});

test('threads make of an image what this one makes of it', async () => {
  const own: string[] = [];
  const expected: Uint8Array[] = [];
  for (const [i, format] of (['jpeg', 'webp', 'png'] as const).entries()) {
    const pixels = Uint8Array.from({ length: 70 * 50 * 3 }, (_, k) => (k * k * (i + 3)) % 251);
    const file = join(folder, `picture.${format}`);
    await sharp(pixels, { raw: { width: 70, height: 50, channels: 3 } })
      .toFormat(format)
      .toFile(file);
    own.push(file);
    expected.push(resizeAndCrop(await decodeImage(readFileSync(file)), 24));
  }
  const many = Array.from({ length: 40 }, (_, i) => own[i % 3]!);
  const { images, sides } = await decodeFiles(many, { side: 24 });
  const whole = Buffer.concat(many.map((_, i) => expected[i % 3]!));
  assert.ok(whole.equals(images.subarray()));
  assert.ok(sides.every((side) => side === 50));
});

test('a signal ends the decoding', async () => {
  const controller = new AbortController();
  let done = 0;
  const work = decodeFiles(new Array<string>(5000).fill(files[0]!), {
    side: 8,
    signal: controller.signal,
    onProgress: (now) => {
      done = now;
      if (done >= 5) controller.abort();
    },
  });
  await assert.rejects(work, { name: 'AbortError' });
  assert.ok(done < 1000, `${done} were decoded`);
});

test('what fails here or where the pixels go ends it too', async () => {
  const fails = decodeFiles([...files, ...files], {
    side: 8,
    onProgress: () => {
      throw new Error('no more');
    },
  });
  await assert.rejects(fails, /no more/);
  const unwritable = openSync(files[0]!, 'r');
  for (const some of [files, [...files, ...files]]) {
    await assert.rejects(decodeInto(unwritable, some, { side: 8 }), { code: 'EBADF' });
  }
  closeSync(unwritable);
});

test('what memory cannot hold is refused before anything is read', async () => {
  const none = new Array<string>(3_000_000).fill(join(folder, 'none.png'));
  await assert.rejects(
    decodeFiles(none, { side: 1024 }),
    /3000000 images of 1024 × 1024 pixels take 9437\.2 GB of memory, and .* GB are free\. .*--image-size.*--examples.*--cache-images/,
  );
});
