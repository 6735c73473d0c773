/** @file Optimizers, with PyTorch's update rules. */
export { SGD, type SGDOptions } from './sgd.js';
