/** @file From a configuration to the encoder that it asks for: its options, and what a user of it must know. */
import { defaultNormalization } from '../augment/index.js';
import { datasetSpec, type ImageDataset } from '../data/index.js';
import { parseSpec } from '../data/spec.js';
import { ENCODER_OPTIONS, type EncoderInfo } from '../models/index.js';
import { datasetSpecOf, type ResolvedConfig } from './config.js';

/** @param shape - of the data set: the encoder is made for its channels, and where it must be for its size */
export function encoderInfoOf(
  config: ResolvedConfig,
  { channels, height, width }: Omit<ImageDataset['shape'], 'count'>,
): EncoderInfo {
  const values = new Map<string, unknown>(Object.entries({ imageSize: height, ...config, channels }));
  const options = ENCODER_OPTIONS[config.encoder].flatMap((name) => {
    const value = values.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    encoder: config.encoder,
    options: Object.fromEntries(options),
    imageSize: [height, width],
    normalization: defaultNormalization(channels),
    dataset: parseSpec(datasetSpec, datasetSpecOf(config)), // complete, whatever the defaults will be one day
    method: config.method,
    precision: config.precision,
  };
}
