/** @file Methods by name. */
import { adversarial } from './adversarial.js';
import { barlowTwins } from './barlow-twins.js';
import { byol } from './byol.js';
import { conditional } from './conditional.js';
import { dino } from './dino.js';
import { lateTVG } from './late-tvg.js';
import { mae } from './mae.js';
import type { MethodSpec } from './method.js';
import { mocoV3 } from './moco-v3.js';
import { simclr } from './simclr.js';
import { simsiam } from './simsiam.js';
import { vicreg } from './vicreg.js';

export {
  AdversarialSimCLR,
  type AdversarialSimCLROptions,
  reverseGradient,
  risingWeight,
} from './adversarial.js';
export { BarlowTwins, type BarlowTwinsOptions, barlowTwinsTerms } from './barlow-twins.js';
export { BYOL, type BYOLOptions, byolLoss } from './byol.js';
export { DINO, type DINOOptions, dinoLoss, type TeacherTemperature, teacherTemperatureAt } from './dino.js';
export { LateTVG, type LateTVGOptions } from './late-tvg.js';
export { drawOrder, MAE, type MAEOptions, normalizePatches, visiblePatches } from './mae.js';
export type { Method, MethodOutput, MethodParts, MethodSpec, Recipe, StepContext } from './method.js';
export { contrastiveLoss, MoCoV3, type MoCoV3Options } from './moco-v3.js';
export { ntXent, SimCLR, type SimCLROptions } from './simclr.js';
export { SimSiam, type SimSiamOptions, simsiamLoss, spread } from './simsiam.js';
export { VICReg, type VICRegOptions, vicregTerms } from './vicreg.js';

/** Every method, by its name for `--method`. */
export const METHODS = {
  simclr,
  'barlow-twins': barlowTwins,
  simsiam,
  dino,
  mae,
  byol,
  'moco-v3': mocoV3,
  vicreg,
  'late-tvg': lateTVG,
  conditional,
  adversarial,
} as const satisfies Record<string, MethodSpec>;
export type MethodName = keyof typeof METHODS;
