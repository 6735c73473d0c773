export { AdamW, type AdamWOptions } from './adamw.js';
export { Optimizer, type OptimizerOptions } from './optimizer.js';
export {
  exemptBiasAndNorm,
  type NamedParameters,
  type ParameterGroup,
  type Parameters,
} from './parameter-groups.js';
export { SGD, type SGDOptions } from './sgd.js';
