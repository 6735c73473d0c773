/** @file Layers, with PyTorch's names and `state_dict` keys. */
export { BatchNorm } from './batch-norm.js';
export { Conv2d, type Conv2dOptions } from './conv2d.js';
export { type InitOptions, kaimingNormalFanOut, uniform } from './init.js';
export { Linear } from './linear.js';
export { type Layer, Module } from './module.js';
export { ReLU, Sequential } from './sequential.js';
