/** @file Steps, optimizer and learning rate. */
import { z } from 'zod';
import { positive, whole } from './fields.js';
import { recipe } from './recipe.js';

export const optimizationOptions = {
  epochs: whole(1).default(100).describe('epochs, each of as many draws as there are examples'),
  batchSize: whole(2).default(256).describe('examples a step'),
  optimizer: recipe('optimizer', z.enum(['sgd', 'adamw', 'lars']), 'optimizer'),
  lr: recipe('lr', positive(), 'learning rate after the warm-up'),
  lrWarmupEpochs: recipe(
    'lrWarmupEpochs',
    z.number().min(0),
    'epochs over which the learning rate rises from zero',
  ),
  momentum: z.number().min(0).lt(1).default(0.9).describe('momentum of SGD and LARS, beta 1 of AdamW'),
  beta2: recipe('beta2', z.number().min(0).lt(1), 'beta 2 of AdamW'),
  weightDecay: recipe('weightDecay', z.number().min(0), 'weight decay'),
  weightDecayEnd: recipe('weightDecayEnd', z.number().min(0), 'weight decay at the end, by a cosine'),
  decayExempt: z
    .enum(['nothing', 'bias-and-norm'])
    .optional()
    .describe('what weight decay and the rates of LARS leave out (bias-and-norm, with SGD nothing)'),
  trustCoefficient: positive().default(0.02).describe('LARS: eta, the rate by the norm of the weights'),
  clipTrust: z
    .boolean()
    .default(true)
    .describe("LARS: the rate of no tensor exceeds that of SGD, as in solo-learn's form"),
  clipGradient: recipe('clipGradient', z.number().min(0), 'greatest norm of the whole gradient; 0: no limit'),
  clipEachGradient: recipe(
    'clipEachGradient',
    z.number().min(0),
    "greatest norm of each tensor's gradient; 0: no limit",
  ),
  accumulate: whole(1)
    .default(1)
    .describe('parts of a batch that go through the network one after another, their gradients added up'),
};
