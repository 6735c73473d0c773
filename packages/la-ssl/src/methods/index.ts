/** @file Methods by name. */
import type { MethodSpec } from './method.js';
import { simclr } from './simclr.js';

export type { Method, MethodOutput, MethodParts, MethodSpec, Recipe, StepContext } from './method.js';
export { ntXent, SimCLR, type SimCLROptions } from './simclr.js';

/** Every method, by its name for `--method`. */
export const METHODS = { simclr } as const satisfies Record<string, MethodSpec>;
export type MethodName = keyof typeof METHODS;
