/** @file safetensors: round trips, the format byte by byte, and files that are broken in every way. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  arange,
  checkSafetensors,
  type DType,
  fromData,
  liveTensorCount,
  loadSafetensors,
  ones,
  saveSafetensors,
  scope,
  type Tensor,
  tensor,
  zeros,
} from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

/** A file of the format, from its parts. */
function file(header: string, data: Uint8Array | number[] = []): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(data)]);
}
function load(bytes: Uint8Array) {
  writeFileSync(path('given'), bytes);
  return loadSafetensors(path('given'));
}

// Written down by hand from the format's description: 2 int16 and one float32, little-endian.
const HEADER =
  '{"__metadata__":{"made":"by hand"},"a":{"dtype":"I16","shape":[2],"data_offsets":[0,4]},"b.c":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}';
const DATA = [1, 0, 0xfe, 0xff, 0, 0, 0x20, 0xc0]; // 1, -2 | -2.5
const padded = HEADER.padEnd(Math.ceil(HEADER.length / 8) * 8, ' ');

test('writes the very bytes of a file made by hand', () => {
  const tensors: [string, Tensor][] = [
    ['a', tensor([1, -2], { dtype: 'int16' })],
    ['b.c', tensor(-2.5)],
  ];
  saveSafetensors(path('written'), tensors, { made: 'by hand' });
  assert.deepEqual(readFileSync(path('written')), file(padded, DATA));
});

test('reads a file made by hand, padded or not', () => {
  for (const header of [HEADER, padded]) {
    const { tensors, metadata } = load(file(header, DATA));
    assert.deepEqual(metadata, { made: 'by hand' });
    assert.deepEqual([...tensors.keys()], ['a', 'b.c']);
    assert.deepEqual(tensors.get('a')?.tolist(), [1, -2]);
    assert.deepEqual(tensors.get('b.c')?.tolist(), -2.5);
    assert.equal(tensors.get('a')?.dtype, 'int16');
  }
});

test('every dtype and layout goes there and back', () => {
  const dtypes: DType[] = [
    'uint8',
    'int8',
    'int16',
    'int32',
    'int64',
    'float16',
    'bfloat16',
    'float32',
    'float64',
    'bool',
  ];
  const images = arange(0, 24).reshape([1, 2, 3, 4]);
  const tensors = new Map<string, Tensor>([
    ...dtypes.map((dtype): [string, Tensor] => [
      dtype,
      tensor(
        [
          [0, 1],
          [1, 0],
        ],
        { dtype },
      ),
    ]),
    ['extremes', tensor([Number.NaN, Number.NEGATIVE_INFINITY, -0, 5e-324], { dtype: 'float64' })],
    ['big', fromData(BigInt64Array.of(2n ** 63n - 1n))],
    ['channels last', images.contiguous({ memoryFormat: 'channelsLast' })],
    ['transposed', images.flatten().reshape([4, 6]).t()],
    ['empty', zeros([3, 0])],
    ['parameter', ones([2]).requiresGrad_()],
    ['__proto__', ones([1])],
    ['ünïcode "quoted"', ones([1])],
  ]);
  saveSafetensors(path('all'), tensors);
  const { tensors: loaded, metadata } = loadSafetensors(path('all'));
  assert.deepEqual(metadata, {});
  assert.deepEqual([...loaded.keys()].sort(), [...tensors.keys()].sort());
  for (const [name, expected] of tensors) {
    const actual = loaded.get(name)!;
    assert.equal(actual.dtype, expected.dtype);
    assert.deepEqual(actual.shape, expected.shape);
    assert.deepEqual(actual.data(), expected.data());
    assert.equal(actual.requiresGrad, false);
  }
});

test('no tensors at all is a valid file', () => {
  saveSafetensors(path('none'), []);
  assert.equal(loadSafetensors(path('none')).tensors.size, 0);
});

test('a header that is written keeps the rules of the format', () => {
  saveSafetensors(path('rules'), [
    ['x', ones([3], { dtype: 'uint8' })],
    ['y', ones([2])],
  ]);
  const bytes = readFileSync(path('rules'));
  const length = Number(bytes.readBigUInt64LE());
  assert.equal((8 + length) % 8, 0);
  const header = bytes.subarray(8, 8 + length).toString();
  assert.match(header, /^\{.*\} *$/);
  const { x, y } = JSON.parse(header) as Record<string, { data_offsets: number[] }>;
  assert.deepEqual(
    [x?.data_offsets, y?.data_offsets],
    [
      [0, 3],
      [3, 11],
    ],
  );
  assert.equal(bytes.length, 8 + length + 11);
});

const entry = (dtype: string, shape: string, offsets: string) =>
  `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
const broken: Record<string, [Uint8Array, RegExp]> = {
  'an empty file': [Buffer.alloc(0), /only 0 bytes/],
  'half a length': [Buffer.alloc(5), /only 5 bytes/],
  'a length beyond the file': [
    Buffer.from([255, 0, 0, 0, 0, 0, 0, 0, 123, 125]),
    /claims 255 bytes, the file has 10/,
  ],
  'a length of 2^64 - 1': [Buffer.alloc(16, 255), /claims 18446744073709552000 bytes/],
  'a header that is no JSON': [file('{nonsense}'), /JSON/],
  'a header that is no UTF-8': [
    Buffer.concat([file('').fill(2, 0, 1), Buffer.from([0xff, 0xfe])]),
    /valid|utf-8/i,
  ],
  'a header that is an array': [file('[]'), /no JSON object/],
  'a header after a space': [file(' {}'), /no JSON object/],
  'metadata that is a number': [file('{"__metadata__":3}'), /__metadata__ is not text/],
  'metadata with a number': [file('{"__metadata__":{"a":1}}'), /__metadata__ is not text/],
  'an entry that is null': [file('{"x":null}'), /'x' has the unknown dtype/],
  'an unknown dtype': [file(entry('F8', '[1]', '[0,1]'), [0]), /'x' has the unknown dtype F8/],
  'a negative size': [file(entry('U8', '[-1]', '[0,1]'), [0]), /'x' has no valid shape/],
  'a fraction of a size': [file(entry('U8', '[0.5]', '[0,1]'), [0]), /'x' has no valid shape/],
  'no shape': [file('{"x":{"dtype":"U8","data_offsets":[0,1]}}', [0]), /'x' has no valid shape/],
  'three offsets': [file(entry('U8', '[1]', '[0,1,2]'), [0]), /'x' has no valid data_offsets/],
  'an end before the start': [file(entry('U8', '[1]', '[1,0]'), [0]), /'x' has -1 bytes/],
  'too few bytes for the shape': [
    file(entry('F32', '[2]', '[0,4]'), [0, 0, 0, 0]),
    /'x' has 4 bytes, .* need 8/,
  ],
  'a shape that overflows': [
    file(entry('F64', '[9007199254740991,9007199254740991]', '[0,0]')),
    /'x' has 0 bytes, its shape and dtype need/,
  ],
  'a hole before a tensor': [
    file(entry('U8', '[1]', '[1,2]'), [0, 0]),
    /'x' starts at byte 1 of the data, not at 0/,
  ],
  'bytes that belong to no tensor': [file(entry('U8', '[1]', '[0,1]'), [0, 0]), /need 1 bytes and it has 2/],
  'overlapping tensors': [
    file(
      '{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
      [0, 0, 0],
    ),
    /'y' starts at byte 1 of the data, not at 2/,
  ],
  'a file cut off in the data': [file(HEADER, DATA.slice(0, 7)), /need 8 bytes and it has 7: cut off/],
};
for (const [name, [bytes, reason]] of Object.entries(broken)) {
  test(`refuses ${name}, and names the file`, () => {
    const before = liveTensorCount();
    assert.throws(
      () => load(bytes),
      (error: Error) =>
        error.message.startsWith(`${path('given')} is no valid safetensors file`) &&
        reason.test(error.message),
    );
    assert.equal(liveTensorCount(), before);
  });
}

test('a missing file and a folder are refused by name', () => {
  assert.throws(() => loadSafetensors(path('missing')), /missing is no valid safetensors file: ENOENT/);
  assert.throws(() => loadSafetensors(folder), /is no valid safetensors file/);
});

test('every cut and thousands of changed bytes give an error or a valid file', () => {
  const before = liveTensorCount();
  const good = file(padded, DATA);
  let accepted = 0;
  const attempt = (bytes: Uint8Array) =>
    scope(() => {
      try {
        for (const loaded of load(bytes).tensors.values()) loaded.data();
        checkSafetensors(path('given'));
        accepted++;
      } catch (error) {
        assert.ok(error instanceof Error);
        assert.match(error.message, /is no valid safetensors file: ./);
        assert.throws(() => checkSafetensors(path('given')), { message: error.message });
      }
    });
  for (let length = 0; length < good.length; length++) attempt(good.subarray(0, length));
  assert.equal(accepted, 0);
  let state = 1;
  const below = (n: number) => {
    state = Math.imul(state, 1664525) + 1013904223; // the linear congruence of Numerical Recipes
    return (state >>> 8) % n;
  };
  for (let i = 0; i < 3000; i++) {
    const bytes = Buffer.from(good);
    for (let changes = 1 + below(3); changes > 0; changes--) bytes[below(bytes.length)] = below(256);
    attempt(bytes);
  }
  assert.ok(accepted > 20 && accepted < 1500, `${accepted} were valid`); // changed data, names, spaces
  assert.equal(liveTensorCount(), before);
});

test('a name given twice, or the one of the metadata, is refused', () => {
  assert.throws(
    () =>
      saveSafetensors(path('twice'), [
        ['x', ones([1])],
        ['x', ones([1])],
      ]),
    /twice could not be written: the name 'x' is taken/,
  );
  assert.throws(() => saveSafetensors(path('twice'), [['__metadata__', ones([1])]]), /is taken/);
  assert.ok(!existsSync(path('twice')));
});

const partials = () => readdirSync(folder).filter((name) => name.includes('.partial'));

test('a full disk gives an error that names the file, and leaves the old one and nothing else', () => {
  saveSafetensors(path('model'), [['x', ones([1])]]);
  symlinkSync('/dev/full', `${path('model')}.${process.pid}.partial`); // where the bytes go before the rename
  assert.throws(
    () => saveSafetensors(path('model'), [['x', zeros([1])]]),
    /model could not be written: ENOSPC/,
  );
  assert.deepEqual(partials(), []);
  assert.deepEqual(loadSafetensors(path('model')).tensors.get('x')?.tolist(), [1]);
});

test('a device, a folder, a missing folder and a freed tensor are refused by name', () => {
  symlinkSync('/dev/full', path('device'));
  assert.throws(
    () => saveSafetensors(path('device'), [['x', ones([1])]]),
    /device could not be written: it is no plain file/,
  );
  mkdirSync(path('folder'));
  assert.throws(() => saveSafetensors(path('folder'), []), /folder could not be written/);
  assert.throws(() => saveSafetensors(path('no/model'), []), /no\/model could not be written: ENOENT/);
  const freed = ones([1]);
  freed.dispose();
  assert.throws(
    () => saveSafetensors(path('freed'), [['x', freed]]),
    /freed could not be written: this Tensor was freed/,
  );
  assert.ok(!existsSync(path('freed')));
  assert.deepEqual(partials(), []);
});
