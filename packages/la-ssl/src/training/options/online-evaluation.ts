/** @file What is evaluated while a run trains. */
import { z } from 'zod';
import { positive, whole } from './fields.js';

export const onlineEvaluationOptions = {
  onlineEvaluation: z
    .boolean()
    .default(true)
    .describe(
      'nearest neighbours and a linear probe of the features while training, where there are labels; trains nothing else',
    ),
  knnExamples: whole(1)
    .optional()
    .describe('training examples whose labels the neighbours have (up to 3000, by the length of the run)'),
  knnQueries: whole(1)
    .optional()
    .describe('other training examples on which both are judged (up to 1000, by the length of the run)'),
  knnEvery: whole(1)
    .optional()
    .describe('epochs between evaluations (as many as 1 % of the time allows; one comes last in any case)'),
  onlineProbeLr: positive().default(0.1).describe('learning rate of the linear probe'),
};
