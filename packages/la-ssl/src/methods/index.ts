/** @file Methods by name. */
import { barlowTwins } from './barlow-twins.js';
import { mae } from './mae.js';
import type { MethodSpec } from './method.js';
import { simclr } from './simclr.js';
import { simsiam } from './simsiam.js';
import { vicreg } from './vicreg.js';

export { BarlowTwins, type BarlowTwinsOptions, barlowTwinsTerms } from './barlow-twins.js';
export { drawOrder, MAE, type MAEOptions, normalizePatches } from './mae.js';
export type { Method, MethodOutput, MethodParts, MethodSpec, Recipe, StepContext } from './method.js';
export { ntXent, SimCLR, type SimCLROptions } from './simclr.js';
export { SimSiam, type SimSiamOptions, simsiamLoss, spread } from './simsiam.js';
export { VICReg, type VICRegOptions, vicregTerms } from './vicreg.js';

/** Every method, by its name for `--method`. */
export const METHODS = {
  simclr,
  'barlow-twins': barlowTwins,
  simsiam,
  vicreg,
  mae,
} as const satisfies Record<string, MethodSpec>;
export type MethodName = keyof typeof METHODS;
