/** @file The default source of random numbers, and seeds. A generator of one's own is `new Generator(seed)`. */
import { native } from './native.js';
import { Generator } from './tensor.js';

/** The generator that operators use where none is given. Shared by all threads of the process. */
export const defaultGenerator: Generator = new Generator(0, native.defaultGenerator());

/** Seeds the default generator. */
export function manualSeed(seed: number | bigint): void {
  defaultGenerator.seed(seed);
}
