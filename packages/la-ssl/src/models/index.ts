/** @file Encoders by name, and heads. No loss in here. */
import type { Encoder } from './encoder.js';
import { ResNet, type ResNetOptions } from './resnet.js';

export type { Encoder } from './encoder.js';
export { type ProjectorOptions, projector } from './projector.js';
export { ResNet, type ResNetOptions } from './resnet.js';

/** Names for `createEncoder`. */
export const ENCODERS = ['resnet18', 'resnet50'] as const;
export type EncoderName = (typeof ENCODERS)[number];

/** @returns the encoder of that name, freshly initialised */
export function createEncoder(name: EncoderName, options: Omit<ResNetOptions, 'depth'> = {}): Encoder {
  switch (name) {
    case 'resnet18':
      return new ResNet({ ...options, depth: 18 });
    case 'resnet50':
      return new ResNet({ ...options, depth: 50 });
    default:
      return name satisfies never;
  }
}
