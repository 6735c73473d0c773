/** @file A step's context for the tests of methods. */
import { Random } from '../random.js';
import type { StepContext } from './index.js';

/** The first step of a run, unless said otherwise. */
export function context(indices: Int32Array, rest: Partial<StepContext> = {}): StepContext {
  return { indices, epoch: 0, progress: 0, random: new Random(0), ...rest };
}
