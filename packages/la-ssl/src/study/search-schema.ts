/** @file The keys of a study that choose among its cells: `search` and `prune`. */
import { z } from 'zod';

export const goal = z.enum(['max', 'min']);
export type Goal = z.output<typeof goal>;

const shared = {
  metric: z.string().describe('a figure recorded while training: epoch.loss, online.knnAccuracy, update.…'),
  goal: goal.describe('whether more (max) or less (min) of it is better'),
  after: z.int().min(1).describe('epochs before the first comparison'),
};

export const pruneSchema = z.discriminatedUnion('rule', [
  z.strictObject({
    rule: z.literal('median'),
    ...shared,
    every: z.int().min(1).optional().describe('epochs between comparisons (as many as `after`)'),
    keep: z.int().min(1).default(5).describe('trials that are never stopped'),
  }),
  z.strictObject({
    rule: z.literal('halving'),
    ...shared,
    factor: z
      .int()
      .min(2)
      .default(3)
      .describe('one of so many goes on; it then trains so many times as long'),
    keep: z.int().min(1).default(1).describe('trials that are never stopped'),
  }),
]);
export type Prune = z.output<typeof pruneSchema>;

export const searchSchema = z
  .strictObject({
    draws: z.int().min(1).optional().describe('so many random combinations of the axes in place of all'),
    seed: z.int().min(0).default(0).describe('of the draws'),
    objective: z.string().optional().describe('the metric by which the best cell is chosen'),
    goal: goal.default('max').describe('whether more (max) or less (min) of it is better'),
  })
  .refine(({ draws, objective }) => draws !== undefined || objective !== undefined, {
    error: 'give draws, an objective, or both',
  });
