/** @file Training: options, the loop, what a run leaves. */
export { loadCheckpoint, type Position, saveCheckpoint } from './checkpoint.js';
export { changedOptions, partOf, prefixed } from './checkpoint-parts.js';
export {
  datasetSpecOf,
  OPTION_GROUPS,
  type OptionGroup,
  type ResolvedConfig,
  resolveConfig,
  type TrainConfig,
  type TrainOptions,
  trainConfigSchema,
} from './config.js';
export { encoderInfoOf } from './encoder-info.js';
export type * from './events.js';
export { lockFolder, lockHolder } from './folder-lock.js';
export {
  type AttributeCodes,
  attributeCodes,
  type Knowledge,
  knowledgeOf,
  markOf,
  noteOf,
} from './knowledge.js';
export { type PretrainOptions, pretrain } from './pretrain.js';
export { RunFolder, type RunStatus } from './run-folder.js';
export { type CosineOptions, cosineLr } from './schedule.js';
export { type ScoringOptions, scoreExamples } from './scoring.js';
export { createMethod, createRun, encoderOptionsOf, type RunParts, viewsOf } from './setup.js';
export { readSpeeds, type SpeedsOfUpdate } from './speeds-file.js';
export { PROFILE_PARTS, type Profile, type ProfilePart, profileOf, Stopwatch } from './stopwatch.js';
export { type StepOutcome, type StepParts, type StepPlace, trainStep } from './train-step.js';
export { augmentedViews, type MakeViews, methodRandom, SCORING_VIEWS, TRAINING_VIEWS } from './views.js';
