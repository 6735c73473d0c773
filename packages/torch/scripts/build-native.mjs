/**
 * Compiles the addon: `node scripts/build-native.mjs`. Does nothing where the result is current.
 * `--find` only says where libtorch is, and exits with 3 where there is none.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findLibtorch } from './find-libtorch.mjs';

const HOW_TO_INSTALL = `No libtorch was found. Any one of these will do:
  Debian, Ubuntu:  sudo apt-get install libtorch-dev libopenblas0-openmp
  any system:      a PyTorch for the python3 on the path (pip install torch)
  any system:      LIBTORCH=/path/to/libtorch, an unpacked libtorch archive (1.13 or 2.x)`;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
const sources = readdirSync(native).map((file) => join(native, file));
const target = join(root, 'build/la_ssl_torch.node');

function fail(message, status = 1) {
  console.error(message);
  process.exit(status);
}

function hasHeader(name) {
  const input = `#include <cstdio>\n#include <${name}>\n`;
  return (
    spawnSync(compiler, ['-E', '-x', 'c++', '-'], { input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
  );
}

let libtorch = null;
try {
  libtorch = findLibtorch();
} catch (error) {
  fail(error.message);
}
if (!libtorch) fail(HOW_TO_INSTALL, 3);
if (process.argv.includes('--find')) {
  console.log(`libtorch ${libtorch.version}, ${libtorch.origin}`);
  process.exit(0);
}

const require = createRequire(import.meta.url);
const apiHeaders = [
  dirname(require.resolve('node-addon-api/napi.h')),
  require('node-api-headers').include_dir,
];
const compiler = process.env.CXX ?? 'g++';
const hasJpeg = hasHeader('jpeglib.h');
const compileFlags = [
  ...['-std=c++17', '-O3', '-fopenmp', '-fPIC', '-Wall'],
  // As libtorch itself is compiled: a root that may set errno, or a trap, keeps a loop from being vectorised.
  ...['-fno-math-errno', '-fno-trapping-math'],
  ...['-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', `-D_GLIBCXX_USE_CXX11_ABI=${libtorch.cxx11Abi ? 1 : 0}`],
  ...apiHeaders.flatMap((folder) => ['-isystem', folder]),
  ...libtorch.headers.filter((folder) => folder !== '/usr/include').flatMap((folder) => ['-isystem', folder]),
  ...(hasJpeg ? ['-DWITH_JPEG'] : []),
];
const linkFlags = [
  ...['-shared', '-fopenmp'],
  ...[`-L${libtorch.libraries}`, `-Wl,-rpath,${libtorch.libraries}`, '-Wl,--no-as-needed'],
  ...['-ltorch', '-ltorch_cpu', '-lc10'],
  ...(existsSync(join(libtorch.libraries, 'libtorch_cuda.so')) ? ['-ltorch_cuda'] : []),
  ...(hasJpeg ? ['-ljpeg'] : []),
];
const stamp = createHash('sha256')
  .update(sources.map((file) => readFileSync(file, 'utf8')).join('\0'))
  .update(JSON.stringify([compileFlags, linkFlags, libtorch.version, process.arch]))
  .digest('hex');
const stampFile = `${target}.stamp`;
if (existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) process.exit(0);

console.log(`Compiling the addon against libtorch ${libtorch.version}, ${libtorch.origin} (about a minute)`);
mkdirSync(dirname(target), { recursive: true });
if (!hasJpeg)
  console.log(
    'Without libjpeg: JPEG files take twice the time to read. Debian, Ubuntu: apt-get install libjpeg-dev',
  );
const partial = `${target}.${process.pid}`;
const objects = mkdtempSync(join(dirname(target), 'objects-'));
try {
  await compile();
} finally {
  rmSync(objects, { recursive: true });
}

/** All files, as many at once as there are processors, the largest first; then one addon of them. */
async function compile() {
  const units = sources
    .filter((file) => file.endsWith('.cc'))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  const objectOf = (unit) => join(objects, `${basename(unit)}.o`);
  const left = [...units];
  const worker = async () => {
    for (let unit = left.shift(); unit; unit = left.shift()) {
      await run(['-c', unit, '-o', objectOf(unit), ...compileFlags]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  await run([...units.map(objectOf), '-o', partial, ...linkFlags]);
}

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(compiler, args, { stdio: 'inherit' });
    child.on('error', (error) => {
      fail(`${compiler} does not run (${error.message}). Debian, Ubuntu: sudo apt-get install g++`);
    });
    child.on('close', (status) => {
      if (status === 0) return resolve();
      rmSync(partial, { force: true });
      rmSync(objects, { recursive: true, force: true });
      fail(
        `${compiler} could not compile ${relative(process.cwd(), native)} against libtorch ${libtorch.version}.`,
      );
    });
  });
}

renameSync(partial, target);
writeFileSync(stampFile, stamp);
