import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { laSsl } from './main.test.support.js';

const place = mkdtempSync(join(tmpdir(), 'la-ssl-cli-cache-'));
const [cache, photos] = [join(place, 'cache'), join(place, 'photos')];
process.env.LA_SSL_DATA = cache;
after(() => rmSync(place, { recursive: true }));

// Eight X-rays of 12 bits in 16: two classes, dark without a window.
for (const name of ['ill', 'well']) mkdirSync(join(photos, name), { recursive: true });
for (let i = 0; i < 8; i++) {
  const values = Uint16Array.from({ length: 20 * 20 }, (_, p) => (p * 97 + i * 31) % 4096);
  await sharp(values, { raw: { width: 20, height: 20, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toFile(join(photos, i % 2 ? 'ill' : 'well', `${i}.png`));
}

/** The mean of a sheet of the folder, of 255. */
async function brightness(...flags: string[]): Promise<number> {
  const sheet = join(place, 'sheet.png');
  const { status, stderr } = await laSsl(
    ...['data', 'describe', 'folder', '--path', photos, '--image-size', '16', '--sheet', sheet],
    ...flags,
  );
  assert.equal(status, 0, stderr);
  const { channels } = await sharp(readFileSync(sheet)).stats();
  return channels[0]!.mean;
}

test('a window makes X-rays bright, and images are kept as long as one likes', async () => {
  const dark = await brightness();
  const bright = await brightness('--window', '0:4095', '--cache-images', 'on');
  const auto = await brightness('--window', 'auto', '--cache-images', 'on');
  assert.ok(bright > dark + 5 && auto > dark + 5, `${dark}, ${bright}, ${auto}`);
  assert.equal(await brightness('--window', '0:4095'), bright);
  assert.match(
    (await laSsl('data', 'list')).stdout,
    /^Decoded images there: 2 files, 0 MB \(la-ssl data clear/m,
  );
  const listed = JSON.parse((await laSsl('data', 'list', '--json')).stdout) as {
    decoded: { file: string }[];
  };
  assert.equal(listed.decoded.length, 2);
  const { stdout } = await laSsl('data', 'clear');
  assert.equal(stdout, 'Removed of decoded images: 2 files, 0 MB\n');
  assert.deepEqual(readdirSync(join(cache, 'decoded-images')), []);
  assert.deepEqual(JSON.parse((await laSsl('data', 'clear', '--json')).stdout), { removed: [], bytes: 0 });
  assert.deepEqual(readdirSync(photos), ['ill', 'well']);
});

test('wrong values are refused with 2', async () => {
  const describe = ['data', 'describe', 'folder', '--path', photos];
  for (const [message, ...flags] of [
    [/--window.*give auto, full, or black and white/s, '--window', '9:3'],
    [/--cache-images/, '--cache-images', 'perhaps'],
  ] as const) {
    const { status, stderr } = await laSsl(...describe, ...flags);
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
  const other = await laSsl('data', 'describe', 'shapes', '--window', 'auto');
  assert.match(other.stderr, /--window does not apply here/);
});
