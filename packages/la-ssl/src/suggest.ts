/** @file What someone may have meant. */
import { distance } from 'fastest-levenshtein';

/** ` Did you mean X?` where one of `known` is near, else nothing. */
export function suggest(word: string, known: readonly string[]): string {
  const [best] = known
    .map((candidate) => ({ candidate, off: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.off - b.off);
  return best && best.off <= Math.max(2, word.length / 3) ? ` Did you mean ${best.candidate}?` : '';
}
