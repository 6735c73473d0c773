/**
 * Calls random operators with random arguments, half right and half wrong: the process must survive, every
 * failure must be an Error that names the operator, and no tensor may stay behind.
 * `node scripts/fuzz.mjs [--calls 3000] [--seed 1] [--only aten::conv2d,aten::pad] [--trace]`; `--trace` writes
 * each call to stderr before it is made, so that the last line names the one that the process died of.
 * Names that begin with `_` (`aten::_convolution`) are ATen's own inside and unchecked: not among them.
 */
import { spawnSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { call, Generator, liveTensorCount, manualSeed, scope, setThreads, Tensor } from '../dist/index.js';
import { native } from '../dist/native.js';
import { functions, methods } from './operators.mjs';

// Some calls ask for more memory than there is: let them fail, not the machine.
if (!process.env.LA_SSL_FUZZ_LIMITED) {
  const command = 'ulimit -v 6000000 && exec "$0" "$@"';
  const args = ['-c', command, process.execPath, ...process.argv.slice(1)];
  const child = spawnSync('sh', args, {
    stdio: 'inherit',
    env: { ...process.env, LA_SSL_FUZZ_LIMITED: '1' },
  });
  if (child.signal) console.error(`The process died of ${child.signal}.`);
  process.exit(child.status ?? 1);
}

const { values: options } = parseArgs({
  options: {
    calls: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

let state = Number(options.seed);
/** mulberry32 */
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const times = (n, make) => Array.from({ length: n }, make);

const DTYPES = [
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
const INTEGERS = [
  0,
  0,
  1,
  1,
  1,
  2,
  2,
  3,
  4,
  5,
  -1,
  -1,
  -2,
  -3,
  7,
  64,
  -100,
  1e15,
  -1e15,
  2 ** 53,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const NUMBERS = [0, 1, 2, -1, 0.5, 0.1, -2.5, 1e-8, 1e30, -1e300, Infinity, -Infinity, NaN];
const STRINGS = [
  'mean',
  'sum',
  'none',
  'constant',
  'reflect',
  'replicate',
  'circular',
  'trunc',
  'floor',
  'tanh',
  'nd,md->nm',
  'ij->ji',
  '...i,...i',
  'ii',
  '',
  'ü',
  'x'.repeat(5000),
];
const JUNK = [
  null,
  undefined,
  NaN,
  1.5,
  'nonsense',
  '',
  true,
  {},
  [],
  [[1]],
  [null],
  () => 0,
  Symbol('s'),
  10n ** 30n,
  new Date(0),
  new Uint8Array(3),
  { handle: 1 },
];

const SIZES = [[1, 2, 3], [2], [3, 3, 5], [1], [4, 8], [0, 1, 2], [7, 5, 3], [3, 4, 16]];

/** Sizes that one call draws from, so that shapes often fit together. */
let sizes = [];
const shape = (ndim = below(5)) => times(ndim, () => pick(sizes));

function randomTensor({ dtype, ndim } = {}) {
  const type = dtype ?? (random() < 0.6 ? pick(['float32', 'float64']) : pick(DTYPES));
  let result = call('aten::randn', shape(ndim), 'float32');
  const kind = below(8);
  if (kind === 0) result = result.mul(1e30);
  if (kind === 1) result = result.mul(pick([0, NaN, Infinity, -Infinity]));
  if (kind === 2) result = result.abs().mul(3).floor();
  if (kind === 3) result = result.mul(100);
  result = result.to(type);
  if (type.startsWith('int') && random() < 0.1) {
    call('aten::fill_.Scalar', result, pick([-1, -(2n ** BigInt(type.slice(3) - 1))]));
  }
  if (kind === 4 && result.shape.length > 1) result = result.transpose(0, result.shape.length - 1);
  if (kind === 5) result = result.unsqueeze(-1).expand([...result.shape, pick(sizes)]);
  if (kind === 6 && result.shape.length > 0) result = result.slice({ step: 2 });
  if (kind === 7 && result.shape.length === 4) result = result.contiguous({ memoryFormat: 'channelsLast' });
  if (/float/.test(type) && random() < 0.5) result = result.detach().requiresGrad_();
  if (random() < 0.01) result.dispose();
  return result;
}

/** Indices, sometimes out of range. */
const randomIndex = (dtype) =>
  call('aten::randint.low', -below(2) * below(9), pick([1, 2, 4, 9]), shape(), 'int64').to(dtype);

/** An argument for a schema's type; now and then of another. */
function argument({ name, type, length, hasDefault }) {
  if (random() < 0.03) return random() < 0.5 ? pick(JUNK) : randomTensor();
  if (hasDefault && random() < 0.4) return undefined;
  if (type.endsWith('?') && random() < 0.3) return null;
  const bare = type.replace(/\?$/, '');
  switch (bare) {
    case 'Tensor':
      if (/ind(ex|ices)|target/.test(name) && random() < 0.9) return randomIndex('int64');
      if (/mask|condition/.test(name) && random() < 0.9) return randomTensor({ dtype: 'bool' });
      return randomTensor();
    case 'int':
    case 'SymInt':
      if (/dtype/.test(name)) return pick(DTYPES);
      if (/memory_format/.test(name)) return pick(['contiguous', 'channelsLast', 'preserve']);
      if (/reduction/.test(name)) return pick(['mean', 'sum', 'none', 7]);
      return pick(INTEGERS);
    case 'float':
      return pick(NUMBERS);
    case 'Scalar':
      return pick([...NUMBERS, ...INTEGERS, true]);
    case 'bool':
      return random() < 0.5;
    case 'str':
      return pick(STRINGS);
    case 'Device':
      return pick(['cpu', 'cpu', 'cpu', 'meta', 'cuda:0', 'banana']);
    case 'Generator':
      return random() < 0.9 ? new Generator(below(100)) : randomTensor();
    case 'Tensor[]':
      return times(below(4), () => randomTensor());
    case 'Tensor?[]':
      return times(below(4), () =>
        random() < 0.3 ? null : randomIndex(pick(['int64', 'int64', 'uint8', 'bool', 'float32'])),
      );
    default:
      if (bare.endsWith('[]'))
        return length && random() < 0.4
          ? pick(INTEGERS)
          : times(random() < 0.5 && length ? length : below(5), () =>
              random() < 0.8 ? pick(sizes) : pick(INTEGERS),
            );
      return pick(JUNK);
  }
}

const show = (value) =>
  value instanceof Tensor
    ? value.isDisposed
      ? 'freed'
      : `${value.dtype}[${value.shape}]${value.strides}${value.requiresGrad ? '*' : ''}`
    : value instanceof Generator
      ? 'generator'
      : Array.isArray(value)
        ? `[${value.map(show).join(', ')}]`
        : typeof value === 'string'
          ? JSON.stringify(value.slice(0, 20))
          : typeof value === 'bigint'
            ? `${value}n`
            : typeof value === 'symbol'
              ? 'symbol'
              : String(value);

const operators = [...methods, ...functions]
  .flatMap(([, overloads]) =>
    overloads.map((overload) => {
      const [name, variant = ''] = overload.split('.');
      return {
        name: `aten::${overload}`,
        schema: native.schemas(`aten::${name}`).find((s) => s.overload === variant),
      };
    }),
  )
  .filter(({ name }) => !options.only || options.only.split(',').includes(name));

/** Reads results, and takes gradients through them. */
function use(result) {
  for (const t of [result].flat()) {
    if (!(t instanceof Tensor) || t.numel > 1e6) continue;
    if (t.requiresGrad && random() < 0.8) t.to('float64').sum().backward();
    if (random() < 0.2) t.data();
  }
}

setThreads(1);
manualSeed(Number(options.seed));
const calls = Number(options.calls);
const before = liveTensorCount();
let succeeded = 0;
for (let i = 0; i < calls; i++) {
  scope(() => {
    sizes = pick(SIZES);
    const { name, schema } = pick(operators);
    const args = schema.arguments.map(argument);
    if (random() < 0.02) args.push(1);
    if (random() < 0.02) args.pop();
    if (options.trace) writeSync(2, `${i} ${name}(${args.map(show).join(', ')})\n`);
    let result;
    try {
      result = call(name, ...args);
      succeeded++;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes(schema.text)) throw error;
      return;
    }
    try {
      use(result);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  });
}
const left = liveTensorCount() - before;
console.log(JSON.stringify({ calls, succeeded, left }));
if (left !== 0) process.exitCode = 1;
