/** @file Layers, with PyTorch's names and `state_dict` keys. */
export { scaledDotProductAttention, selfAttention } from './attention.js';
export { BatchNorm, type NormOptions } from './batch-norm.js';
export { Conv2d, type Conv2dOptions } from './conv2d.js';
export { type InitOptions, kaimingNormalFanOut, normal, uniform, xavierUniform } from './init.js';
export { LayerNorm } from './layer-norm.js';
export { Linear, type LinearOptions } from './linear.js';
export { type Layer, Module } from './module.js';
export { biasGelu, GELU, ReLU, Sequential } from './sequential.js';
