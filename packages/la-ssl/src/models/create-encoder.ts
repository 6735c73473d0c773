/** @file Encoders by name. */
import type { Encoder } from './encoder.js';
import { ResNet, type ResNetOptions } from './resnet.js';
import { VIT_SIZES, VisionTransformer, type VisionTransformerOptions } from './vit.js';

/** Options of `createEncoder`; the name sets the sizes that are not among them. */
export type EncoderOptions = Omit<ResNetOptions, 'depth'> & Omit<VisionTransformerOptions, 'width' | 'heads'>;

/** Names for `createEncoder`. */
export const ENCODERS = ['resnet18', 'resnet34', 'resnet50', 'vit-tiny', 'vit-small', 'vit-base'] as const;
export type EncoderName = (typeof ENCODERS)[number];

const RESNET = ['stem', 'width', 'channels'] as const;
const VIT = ['patchSize', 'imageSize', 'depth', 'pooling', 'positions', 'weights', 'channels'] as const;

/** The options that each encoder takes, besides `generator`; it ignores the others. */
export const ENCODER_OPTIONS: Record<EncoderName, readonly Exclude<keyof EncoderOptions, 'generator'>[]> = {
  resnet18: RESNET,
  resnet34: RESNET,
  resnet50: RESNET,
  'vit-tiny': VIT,
  'vit-small': VIT,
  'vit-base': VIT,
};

/** @returns the encoder of that name, freshly initialised */
export function createEncoder(name: EncoderName, options: EncoderOptions = {}): Encoder {
  switch (name) {
    case 'resnet18':
      return new ResNet({ ...options, depth: 18 });
    case 'resnet34':
      return new ResNet({ ...options, depth: 34 });
    case 'resnet50':
      return new ResNet({ ...options, depth: 50 });
    case 'vit-tiny':
      return new VisionTransformer({ ...options, ...VIT_SIZES.tiny });
    case 'vit-small':
      return new VisionTransformer({ ...options, ...VIT_SIZES.small });
    case 'vit-base':
      return new VisionTransformer({ ...options, ...VIT_SIZES.base });
    default:
      return name satisfies never;
  }
}
