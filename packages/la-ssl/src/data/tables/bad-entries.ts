/** @file What of a data set cannot be used, in words. */
import type { BadFile } from '../images/decode.js';

/** So many of the bad entries are listed. */
const LISTED = 20;

/** In the order of their paths. */
export function byPath(bad: readonly BadFile[]): BadFile[] {
  return bad.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The error that lists what is bad. @param aside - something to say of them */
export function cannotBeUsed(root: string, bad: readonly BadFile[], aside = ''): Error {
  return new Error(
    `${root} has ${entries(bad.length)} that cannot be used${aside}:\n${listed(bad)}\n` +
      'Mend or remove them, or go on without them: --on-bad skip',
  );
}

export function entries(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`;
}

/** The first of what is bad, a line each. */
export function listed(bad: readonly BadFile[]): string {
  const lines = bad.slice(0, LISTED).map(({ path, reason }) => `  ${path} ${reason}`);
  if (bad.length > LISTED) lines.push(`  … and ${bad.length - LISTED} more`);
  return lines.join('\n');
}
