/** @file What a user of a run's encoder must know: how it is made, and on what it was trained. */
import { defaultNormalization } from '../augment/index.js';
import { datasetSpec, type ImageDataset } from '../data/index.js';
import { parseSpec } from '../data/spec.js';
import type { EncoderInfo } from '../models/index.js';
import { datasetSpecOf, type ResolvedConfig } from './config.js';
import { encoderOptionsOf } from './setup.js';

/** @param shape - of the data set: the encoder is made for its channels, and where it must be for its size */
export function encoderInfoOf(
  config: ResolvedConfig,
  shape: Omit<ImageDataset['shape'], 'count'>,
): EncoderInfo {
  const options = Object.entries(encoderOptionsOf(config, shape)).filter(([, value]) => value !== undefined);
  return {
    encoder: config.encoder,
    options: Object.fromEntries(options),
    imageSize: [shape.height, shape.width],
    normalization: defaultNormalization(shape.channels),
    dataset: parseSpec(datasetSpec, datasetSpecOf(config)), // complete, whatever the defaults will be one day
    method: config.method,
    precision: config.precision,
  };
}
