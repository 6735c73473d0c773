/** @file How examples are drawn, and how learning speed is measured. What the paper leaves open is an option. */
import { z } from 'zod';
import { SCALINGS, type ScalingName } from '../../sampling/index.js';
import { positive, share, whole } from './fields.js';

/** Ways to draw; class-balanced needs labels, oracle groups. */
export const SAMPLERS = [
  'uniform',
  'la-ssl',
  'oracle',
  'class-balanced',
  'high-loss',
  'la-ssl-shuffled',
] as const;

/** A pass over all takes a third of the time of an epoch, over so few a twentieth. */
const RESCORE = 0.15;

export const samplingOptions = {
  sampler: z
    .enum(SAMPLERS)
    .default('la-ssl')
    .describe(
      'how examples are drawn; oracle needs the true groups, class-balanced the labels; high-loss goes by the loss of each example; la-ssl-shuffled is a control that gives the probabilities to random examples',
    ),
  scaling: z
    .enum(Object.keys(SCALINGS) as [ScalingName, ...ScalingName[]])
    .optional()
    .describe('la-ssl: how speeds become probabilities (linear, the paper)'),
  gamma: z
    .number()
    .min(0)
    .optional()
    .describe("linear: how sharply slow examples are preferred (the paper's CelebA value: 10)"),
  r: share()
    .optional()
    .describe("linear: quantile of the speeds at which the threshold lies (the paper's CelebA value: 0.1)"),
  power: z
    .number()
    .min(0)
    .optional()
    .describe(
      'power, rank, reciprocal-rank: the exponent; 0 is uniform, the larger the sharper (2; reciprocal-rank: 0.7)',
    ),
  scalingTemperature: positive()
    .optional()
    .describe('exponential: temperature in mean speeds; the lower the sharper (0.5)'),
  slowestShare: z.number().gt(0).max(1).optional().describe('top-share: the share that is drawn (0.1)'),
  targetEss: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      'la-ssl: effective sample size to hold, as a share of the examples; chooses gamma, the power, the temperature or the share at every update',
    ),
  warmupEpochs: whole(0)
    .default(10)
    .describe("uniform epochs before the first update (the paper's CelebA value: 10)"),
  updateEvery: whole(1).default(2).describe("epochs between updates (the paper's CelebA value: 2)"),
  scoring: z
    .enum(['full-pass', 'in-step'])
    .optional()
    .describe(
      "where speeds come from: the training steps, or the paper's pass over all examples before an epoch, which costs a third of the time (in-step)",
    ),
  rescoreShare: share()
    .default(RESCORE)
    .describe(
      'in-step, la-ssl: before an update a pass scores those of which the least is known, so large a share of the examples for every epoch since the last one',
    ),
  scoreEvery: whole(1).default(1).describe('epochs between full passes; every update is preceded by one'),
  viewsPerScore: whole(2)
    .default(2)
    .describe('views of each example in a pass; the similarity is averaged over all pairs'),
  emaWeight: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      'share by which an observation counts less with every epoch, in the average that is the speed (0.1; high-loss: 1, the losses of the last epoch)',
    ),
  emaBiasCorrection: z
    .boolean()
    .default(true)
    .describe(
      'weigh all observations by their age alone; without it, the average starts from the first, which outweighs the others for long, and each later one has the weight of --ema-weight',
    ),
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
