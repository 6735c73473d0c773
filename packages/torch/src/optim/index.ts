/** @file Optimizers, with PyTorch's update rules, parameter groups, and gradient clipping. */
export { AdamW, type AdamWOptions } from './adamw.js';
export { clipEachGradNorm, clipGradNorm } from './clip-gradients.js';
export { LARS, type LARSOptions } from './lars.js';
export { Optimizer, type OptimizerOptions } from './optimizer.js';
export {
  exemptBiasAndNorm,
  type NamedParameters,
  type ParameterGroup,
  type Parameters,
} from './parameter-groups.js';
export { SGD, type SGDOptions } from './sgd.js';
