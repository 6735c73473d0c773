/** @file Out into the world: encoders for PyTorch, timm and ONNX, features for everybody. */
export { type OpenedEncoder, openEncoder } from './encoder-source.js';
export { FEATURE_FORMATS, type FeatureFormat, writeFeatures } from './features-file.js';
export { onnxModel } from './onnx/index.js';

/** Formats of an encoder, which are the endings of their files too. */
export const ENCODER_FORMATS = ['safetensors', 'onnx'] as const;
export type EncoderFormat = (typeof ENCODER_FORMATS)[number];
