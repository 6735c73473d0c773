/**
 * @file `@la-ssl/torch`: tensors for TypeScript, a thin typed face on libtorch.
 *
 * Importing this package sets OMP_WAIT_POLICY to `passive` and GOMP_SPINCOUNT to 3000, unless the former is set already.
 */
export { call } from './call.js';
export type { DType, MemoryFormat, TensorData } from './dtype.js';
export * from './generated/functions.js';
export {
  autocast,
  enableGrad,
  getThreads,
  hasFastBfloat16,
  liveTensorCount,
  noGrad,
  setThreads,
} from './modes.js';
export { libtorchVersion } from './native.js';
export * as nn from './nn/index.js';
export * as optim from './optim/index.js';
export { defaultGenerator, manualSeed } from './random.js';
export {
  checkSafetensors,
  loadSafetensors,
  type SafetensorsContent,
  saveSafetensors,
} from './safetensors.js';
export { keep, openScope, type Scope, scope } from './scope.js';
export { fromData, Generator, type Nested, Tensor, takeShared, tensor } from './tensor.js';
