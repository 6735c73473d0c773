/** @file Where the build looks for libtorch, on made folders and with a made `python3`: `build-native.mjs --find`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { libtorchVersion } from './index.js';

const script = fileURLToPath(new URL('../scripts/build-native.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'libtorch-'));
after(() => rmSync(folder, { recursive: true }));

function write(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** A folder that looks like an unpacked libtorch of this version. */
function libtorch(name: string, [major, minor, patch]: [number, number, number], without?: string): string {
  const root = join(folder, name);
  const defines = Object.entries({ MAJOR: major, MINOR: minor, PATCH: patch });
  const header = defines.map(([part, number]) => `#define TORCH_VERSION_${part} ${number}\n`).join('');
  const files = {
    'include/torch/csrc/api/include/torch/version.h': header,
    'lib/libtorch_cpu.so': '',
    'lib/libc10.so': '',
  };
  for (const [file, content] of Object.entries(files)) if (file !== without) write(join(root, file), content);
  return root;
}

/** A folder for the PATH, with a `python3` that answers with `output`. */
function python(name: string, output: string, status = 0): string {
  const file = join(folder, name, 'python3');
  write(file, `#!/bin/sh\necho '${output}'\nexit ${status}\n`);
  chmodSync(file, 0o755);
  return dirname(file);
}

function find(env: { LIBTORCH?: string; PATH: string }) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--find'], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

const noPython = join(folder, 'nothing');
const named = libtorch('named', [2, 6, 0]);
const ofPython = libtorch('of-python', [2, 5, 1]);

test('LIBTORCH comes first', () => {
  const { status, stdout } = find({ LIBTORCH: named, PATH: python('both', ofPython) });
  assert.equal(stdout, `libtorch 2.6.0, LIBTORCH (${named})`);
  assert.equal(status, 0);
});

test("then the PyTorch of the path's python3", () => {
  const { stdout } = find({ PATH: python('only', ofPython) });
  assert.equal(stdout, `libtorch 2.5.1, PyTorch of python3 (${ofPython})`);
});

for (const [name, path] of [
  ['no python3', noPython],
  ['a python3 without PyTorch', python('without', '')],
  ['a python3 whose PyTorch has no headers', python('headless', join(folder, 'headless-torch'))],
  ['a python3 that fails', python('failing', ofPython, 1)],
] as const) {
  test(`with ${name}, then the system's; with none of them, how to install one`, () => {
    const { status, stdout, stderr } = find({ PATH: path });
    if (status === 0) assert.match(stdout, /^libtorch [\d.]+, the system \(\/usr\//);
    else {
      assert.equal(status, 3);
      assert.match(
        stderr,
        /^No libtorch was found.*apt-get install libtorch-dev.*pip install torch.*LIBTORCH=/s,
      );
    }
  });
}

for (const missing of [
  'include/torch/csrc/api/include/torch/version.h',
  'lib/libtorch_cpu.so',
  'lib/libc10.so',
]) {
  test(`a LIBTORCH without ${missing} is refused, and nothing else is taken instead`, () => {
    const wrong = libtorch(`without-${missing.replaceAll('/', '-')}`, [2, 6, 0], missing);
    const { status, stdout, stderr } = find({ LIBTORCH: wrong, PATH: python('instead', ofPython) });
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.ok(stderr.startsWith(`LIBTORCH is ${wrong}, but `), stderr);
    assert.match(stderr, /is missing\. Point it at an unpacked libtorch .* or unset it\.$/);
  });
}

test('the addon that runs was built against what is found now', () => {
  const { stdout } = find(process.env as { PATH: string });
  assert.ok(
    stdout.startsWith(`libtorch ${libtorchVersion}, `),
    `${stdout}, and the addon is of ${libtorchVersion}`,
  );
});
