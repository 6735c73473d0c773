/**
 * Where libtorch is, in this order: the folder that LIBTORCH names, a PyTorch installed for the `python3` on
 * the path, the system's own (Debian and Ubuntu: `libtorch-dev`).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const API = 'include/torch/csrc/api/include';

/** A folder laid out like the official archive: `include/`, `lib/`. */
function inFolder(folder, origin) {
  const headers = [join(folder, API), join(folder, 'include')];
  const libraries = join(folder, 'lib');
  const complete =
    existsSync(join(headers[0], 'torch/version.h')) &&
    ['libtorch_cpu.so', 'libc10.so'].every((name) => existsSync(join(libraries, name)));
  return complete ? { origin, headers, libraries } : null;
}

function fromPython() {
  try {
    const program =
      'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")';
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 };
    const folder = execFileSync('python3', ['-c', program], options).trim();
    return folder ? inFolder(folder, `PyTorch of python3 (${folder})`) : null;
  } catch {
    return null; // no python3
  }
}

function fromSystem() {
  const headers = ['/usr/include', '/usr/local/include']
    .map((root) => [join(root, 'torch/csrc/api/include'), root])
    .find(([api]) => existsSync(join(api, 'torch/version.h')));
  if (!headers) return null;
  const roots = [
    '/usr/lib',
    '/usr/local/lib',
    ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name)),
  ];
  const libraries = roots.find((root) => existsSync(join(root, 'libtorch_cpu.so')));
  return libraries ? { origin: `the system (${libraries})`, headers, libraries } : null;
}

/**
 * @returns {{ origin: string, headers: string[], libraries: string, version: string, cxx11Abi: boolean } | null}
 * @throws where LIBTORCH is set and names no libtorch
 */
export function findLibtorch() {
  const named = process.env.LIBTORCH;
  const found = named ? inFolder(named, `LIBTORCH (${named})`) : (fromPython() ?? fromSystem());
  if (named && !found) {
    throw new Error(
      `LIBTORCH is ${named}, but ${join(named, API, 'torch/version.h')}, ${join(named, 'lib/libtorch_cpu.so')} ` +
        'or libc10.so is missing. Point it at an unpacked libtorch (the folder with include/ and lib/), or unset it.',
    );
  }
  if (!found) return null;
  const header = readFileSync(join(found.headers[0], 'torch/version.h'), 'utf8');
  const part = (name) => header.match(new RegExp(`#define TORCH_VERSION_${name} (\\d+)`))?.[1] ?? '?';
  // PyTorch's own builds before 2.6 use the C++ library's old ABI: see which one its exception class has.
  const cxx11Abi = readFileSync(join(found.libraries, 'libc10.so')).includes(
    '_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_string',
  );
  return { ...found, version: ['MAJOR', 'MINOR', 'PATCH'].map(part).join('.'), cxx11Abi };
}
