/** @file Options of the run itself. */
import { z } from 'zod';
import { positive, seed, whole } from './fields.js';

export const runOptions = {
  seed: seed.default(0).describe('seed of weights, views and draws'),
  threads: whole(1).optional().describe('threads (all processors)'),
  precision: z
    .enum(['auto', 'float32', 'bfloat16'])
    .default('auto')
    .describe('auto: bfloat16 where the processor has it'),
  checkpointMinutes: positive()
    .default(10)
    .describe('minutes between checkpoints inside an epoch; each epoch ends with one'),
  logEvery: whole(1).default(10).describe('steps between lines of the metrics file'),
};
