/** @file Which code this is, by content: a run says it, so that its result can be told from that of other code. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a result comes from: `training` that of a run, `evaluation` that of its probes. */
const ROOTS = { training: './training/index.js', evaluation: './evaluation/index.js' } as const;

/** Modules that a compiled one names: those of this package, and that of the tensors. */
const NAMED = /\bfrom '(\.[^']+|@la-ssl\/torch[^']*)'|\bnew URL\('(\.[^']+\.js)'/g;

/**
 * A hash of the modules that training a run needs (what evaluates it meanwhile is not among them), or probing one.
 * The same in every folder, and with other changes of the repository.
 * @returns 16 hexadecimal digits
 */
export function codeOf(what: keyof typeof ROOTS): string {
  const hash = createHash('sha256');
  for (const url of modulesFrom(ROOTS[what], what === 'training' ? /\/evaluation\// : null)) {
    hash.update(readFileSync(fileURLToPath(url)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** The modules that one needs, itself first, in the order in which they are named. */
function modulesFrom(root: string, without: RegExp | null): string[] {
  const found = new Set([new URL(root, import.meta.url).href]);
  for (const url of found) {
    for (const [, imported, started] of readFileSync(fileURLToPath(url), 'utf8').matchAll(NAMED)) {
      const name = (imported ?? started)!;
      const next = name.startsWith('.') ? new URL(name, url).href : import.meta.resolve(name);
      if (!without?.test(next.slice(new URL('.', import.meta.url).href.length - 1))) found.add(next);
    }
  }
  return [...found];
}
