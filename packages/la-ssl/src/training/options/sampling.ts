/** @file How examples are drawn, and how learning speed is measured. What the paper leaves open is an option. */
import { z } from 'zod';
import { share, whole } from './fields.js';

export const samplingOptions = {
  sampler: z
    .enum(['uniform', 'la-ssl', 'oracle', 'la-ssl-shuffled'])
    .default('la-ssl')
    .describe(
      'how examples are drawn; oracle knows the true groups; la-ssl-shuffled is a control that gives the probabilities to random examples',
    ),
  gamma: z
    .number()
    .min(0)
    .default(10)
    .describe("how sharply slow examples are preferred (the paper's CelebA value: 10)"),
  r: share()
    .default(0.1)
    .describe("quantile of the speeds at which the threshold lies (the paper's CelebA value: 0.1)"),
  warmupEpochs: whole(0)
    .default(10)
    .describe("uniform epochs before the first update (the paper's CelebA value: 10)"),
  updateEvery: whole(1).default(2).describe("epochs between updates (the paper's CelebA value: 2)"),
  scoring: z
    .enum(['full-pass', 'in-step'])
    .optional()
    .describe(
      'measure speeds by a pass over all examples before an epoch, or from the training step at no cost (full-pass for la-ssl, else in-step)',
    ),
  scoreEvery: whole(1).default(1).describe('epochs between full passes; every update is preceded by one'),
  viewsPerScore: whole(2)
    .default(2)
    .describe('views of each example in a full pass; the similarity is averaged over all pairs'),
  emaWeight: z
    .number()
    .gt(0)
    .max(1)
    .default(0.1)
    .describe('weight of a new similarity in the moving average'),
  uniformShare: share().default(0).describe('share of the draws that ignore the speeds (the paper: none)'),
  conflictingShare: share()
    .optional()
    .describe('oracle: share of the draws that are conflicting (without it: all groups equally often)'),
  batchBy: z
    .enum(['draw', 'attribute'])
    .default('draw')
    .describe(
      'what is in a batch: examples as they are drawn, or of one attribute value each (needs the attributes)',
    ),
  attribute: z
    .string()
    .optional()
    .describe('which attribute batches and methods that need one go by (all of them together)'),
};
