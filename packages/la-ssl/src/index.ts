/**
 * @file `la-ssl`: learning-speed aware self-supervised learning.
 *
 * Each room can be imported alone: `la-ssl/sampling` needs no tensors.
 * Source: Zhu, Liu, Fernandez-Granda, Razavian, https://arxiv.org/abs/2311.16361
 */
export * as augment from './augment/index.js';
export * as data from './data/index.js';
export * as evaluation from './evaluation/index.js';
export * as methods from './methods/index.js';
export * as models from './models/index.js';
export * as sampling from './sampling/index.js';
export * as training from './training/index.js';
