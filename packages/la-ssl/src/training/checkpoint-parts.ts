/** @file What checkpoints of all kinds are made of: tensors of parts under a prefix, and the options that they belong to. */
import { isDeepStrictEqual } from 'node:util';
import type { Tensor } from '@la-ssl/torch';

/** A part's tensors as `prefix.name`. */
export function prefixed(prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] {
  return [...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor]);
}

/** The tensors of `prefixed`, by their own names. */
export function partOf(tensors: ReadonlyMap<string, Tensor>, prefix: string): Map<string, Tensor> {
  const start = `${prefix}.`;
  return new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(start) ? [[name.slice(start.length), tensor] as const] : [],
    ),
  );
}

/** What is no longer as it was saved, `lr was 0.1 and is now 0.2`; '' where all is. @param free - options that may change */
export function changedOptions(saved: object, current: object, free: readonly string[] = []): string {
  const now = new Map<string, unknown>(Object.entries(current));
  return Object.entries(saved)
    .filter(([name, value]) => !free.includes(name) && !isDeepStrictEqual(now.get(name), value))
    .map(([name, value]) => `${name} was ${value} and is now ${now.get(name)}`)
    .join(', ');
}
