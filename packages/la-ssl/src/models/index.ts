/** @file Encoders by name, and heads. No loss in here. */
export {
  createEncoder,
  ENCODER_OPTIONS,
  ENCODERS,
  type EncoderName,
  type EncoderOptions,
} from './create-encoder.js';
export { DINOHead, type DINOHeadOptions } from './dino-head.js';
export type { Encoder } from './encoder.js';
export { type EncoderInfo, encoderMetadata, loadEncoder, saveEncoder } from './encoder-file.js';
export { loadEncoderWeights } from './init-weights.js';
export { MaeDecoder, type MaeDecoderOptions } from './mae-decoder.js';
export { resamplePositions, sinCosPositions } from './positions.js';
export { type ProjectorOptions, projector } from './projector.js';
export { ResNet, type ResNetOptions } from './resnet.js';
export { type BlockOptions, Blocks } from './transformer-block.js';
export { patchify, VIT_SIZES, VisionTransformer, type VisionTransformerOptions } from './vit.js';
