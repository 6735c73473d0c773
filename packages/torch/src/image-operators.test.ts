/** @file What `la_ssl::resize_and_crop` and `la_ssl::decode_jpeg` refuse; la-ssl holds their pixels against Pillow's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, fromData, scope, type Tensor, zeros } from './index.js';

const resize = (image: Tensor, side: number): Tensor =>
  call('la_ssl::resize_and_crop', image, side) as Tensor;

/** The definition in float64: a triangle as wide as the step, each direction rounded to 8 bits, of images of one row more or less. */
function plainResize(values: readonly number[], to: number): number[] {
  const step = values.length / to;
  const reach = Math.max(step, 1);
  return Array.from({ length: to }, (_, x) => {
    const weights = values.map((_, i) => Math.max(0, 1 - Math.abs((i + 0.5 - (x + 0.5) * step) / reach)));
    const sum = weights.reduce((a, b) => a + b);
    return values.reduce((mean, value, i) => mean + (value * weights[i]!) / sum, 0);
  });
}

test('columns, then rows, are means by a triangle, for every width that fills the vectors differently', () => {
  scope(() => {
    for (let length = 1; length < 40; length++) {
      const values = Array.from({ length }, (_, i) => (i * i * 37) % 256);
      for (const channels of [1, 3]) {
        // All rows are alike, so that only the columns count; the same turned round.
        const row = values.flatMap((value) =>
          Array.from({ length: channels }, (_, c) => (value + 90 * c) % 256),
        );
        const image = fromData(
          Uint8Array.from({ length: length * row.length }, (_, i) => row[i % row.length]!),
          [length, length, channels],
        );
        for (const turned of [image, image.permute([1, 0, 2])]) {
          for (const side of [1, 7, 17]) {
            const out = resize(turned, side);
            assert.deepEqual(out.shape, [channels, side, side]);
            for (let c = 0; c < channels; c++) {
              const plane = out.select(0, c);
              const line = plane.select(turned === image ? 0 : 1, side - 1).toFloat64Array();
              const expected = plainResize(
                values.map((value) => (value + 90 * c) % 256),
                side,
              );
              line.forEach((value, x) => {
                const off = Math.abs(value - expected[x]!);
                assert.ok(off <= 0.5 + 1e-4, `${length} to ${side}, channel ${c}, ${x}: off by ${off}`);
              });
            }
          }
        }
      }
    }
  });
});

test('wrong arguments are refused with what they should be', () => {
  const image = zeros([4, 5, 3], { dtype: 'uint8' });
  assert.throws(
    () => resize(zeros([4, 5, 2], { dtype: 'uint8' }), 2),
    /uint8 \[H, W, C\].*got Byte \[4, 5, 2\]/s,
  );
  assert.throws(() => resize(zeros([4, 5, 3]), 2), /got Float \[4, 5, 3\]/);
  assert.throws(() => resize(zeros([0, 5, 3], { dtype: 'uint8' }), 2), /at least a pixel/);
  for (const side of [0, -1, 32768]) assert.throws(() => resize(image, side), /side must be from 1 to 32767/);
});

test('what is no JPEG file is refused', (t) => {
  const decode = (content: Tensor, channels = 3): unknown => call('la_ssl::decode_jpeg', content, channels);
  const bytes = fromData(Uint8Array.from({ length: 64 }, (_, i) => i));
  try {
    decode(bytes);
  } catch (error) {
    if (!/Not a JPEG file/.test((error as Error).message))
      return t.skip('the addon was built without libjpeg');
  }
  assert.throws(() => decode(bytes), /Not a JPEG file: starts with 0x00 0x01/);
  assert.throws(() => decode(fromData(Uint8Array.of(0xff, 0xd8))), /Premature end of JPEG file/);
  assert.throws(() => decode(bytes, 2), /channels must be 1 or 3, got 2/);
  assert.throws(() => decode(bytes.view([8, 8])), /uint8 \[bytes\].*got Byte \[8, 8\]/s);
  assert.throws(() => decode(zeros([0], { dtype: 'uint8' })), /got Byte \[0\]/);
});
