/**
 * Which OpenBLAS a process uses. Debian has one that makes threads of its own (pthread) and one that uses OpenMP's, as PyTorch
 * does; of those that are installed its alternatives choose the former for all programs. So that a benchmark need not change what
 * the machine uses, each side is told by LD_LIBRARY_PATH.
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where `setup.sh` unpacks it, where the system has none. */
const UNPACKED = fileURLToPath(new URL('.cache/blas/usr/lib/', import.meta.url));

/** @returns the folder of a flavour of OpenBLAS, where there is one */
function folderOf(flavour) {
  for (const root of ['/usr/lib/', UNPACKED]) {
    if (!existsSync(root)) continue;
    for (const architecture of readdirSync(root)) {
      const folder = `${root}${architecture}/openblas-${flavour}`;
      if (existsSync(`${folder}/libblas.so.3`)) return folder;
    }
  }
  return undefined;
}

/**
 * @param flavour - `openmp`: what `make` installs for us; `pthread`: what a program gets that has both
 * @returns the environment by which a process uses it; empty where it is not there
 */
export function withBlas(flavour) {
  const folder = folderOf(flavour);
  if (!folder) return {};
  const before = process.env.LD_LIBRARY_PATH;
  return { LD_LIBRARY_PATH: before ? `${folder}:${before}` : folder };
}
