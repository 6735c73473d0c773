/** @file Methods by name. */
export type { Method, MethodOutput } from './method.js';
export { ntXent, SimCLR, type SimCLROptions } from './simclr.js';

/** Names for `--method`. */
export const METHODS = ['simclr'] as const;
export type MethodName = (typeof METHODS)[number];
