/** @file Options that say what encoder. */
import { z } from 'zod';
import { ENCODER_OPTIONS, ENCODERS } from '../../models/index.js';
import { whole } from './fields.js';

/** Options that say what encoder; `ENCODER_OPTIONS` has those that each takes. */
export const ENCODER_OPTION_NAMES = ['stem', 'width', 'patchSize', 'depth', 'pooling'] as const;
export type EncoderOption = (typeof ENCODER_OPTION_NAMES)[number];

/** Defaults of the options that some encoders take; that of the stem follows from the size of the images. */
export const ENCODER_DEFAULTS = { width: 64, depth: 12, pooling: 'token' } as const;

/** Up to so many pixels the first layers keep the resolution of the images. */
export const SMALL_IMAGES = 64;

/** An option of some encoders only; `--help` says of which. */
function ofEncoder<T extends z.ZodType>(name: EncoderOption, type: T, text: string) {
  const takers = ENCODERS.filter((encoder) => ENCODER_OPTIONS[encoder].includes(name));
  const families = [...new Set(takers.map((encoder) => (encoder.startsWith('vit') ? 'vit' : 'resnet')))];
  const byDefault = name in ENCODER_DEFAULTS ? `, default: ${ENCODER_DEFAULTS[name as 'width']}` : '';
  return type.optional().describe(`${text} (${families.join(', ')}${byDefault})`);
}

export const encoderOptions = {
  encoder: z.enum(ENCODERS).default('resnet18').describe('encoder'),
  stem: ofEncoder(
    'stem',
    z.enum(['cifar', 'imagenet']),
    `first layers: for images of up to ${SMALL_IMAGES} pixels, or for larger ones; by default as the images are`,
  ),
  width: ofEncoder('width', whole(1), 'channels of the first stage; 64 is the standard network'),
  patchSize: ofEncoder(
    'patchSize',
    whole(1),
    'side of a patch in pixels (4 for images of up to 64 pixels, else 16)',
  ),
  depth: ofEncoder('depth', whole(1), 'blocks'),
  pooling: ofEncoder(
    'pooling',
    z.enum(['token', 'avg']),
    'features: the class token, or the mean of the patches',
  ),
  init: z
    .string()
    .optional()
    .describe('safetensors of torchvision, timm or another run to start the encoder from'),
};
