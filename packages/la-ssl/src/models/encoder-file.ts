/**
 * @file An encoder as a file: safetensors with PyTorch's names, and in its metadata all that one must know to use it,
 * so that the file is enough: no run, no configuration.
 *
 * The metadata is text by name, as the format wants it: `format` (`pt`, as Hugging Face's readers expect), `encoder`
 * and `method` (names), `precision`, and as JSON `options`, `features`, `mean`, `std`, `image_size` (height and
 * width) and `dataset`.
 */
import { Generator, loadSafetensors, saveSafetensors, scope } from '@la-ssl/torch';
import { z } from 'zod';
import type { Normalization } from '../augment/index.js';
import { datasetSpec } from '../data/index.js';
import { createEncoder, ENCODERS, type EncoderName, type EncoderOptions } from './create-encoder.js';
import type { Encoder } from './encoder.js';

/** What one must know to use an encoder. */
export interface EncoderInfo {
  encoder: EncoderName;
  /** As `createEncoder` takes them. */
  options: Omit<EncoderOptions, 'generator'>;
  /** What the images were normalised by, in units of [0, 1]. */
  normalization: Normalization;
  /** Height and width of the images that it was trained on, in pixels. */
  imageSize: readonly [number, number];
  /** The data set that it was trained on, as a run's configuration asks for it. */
  dataset: z.input<typeof datasetSpec>;
  method: string;
  /** What its convolutions were computed in. */
  precision: 'float32' | 'bfloat16';
}

const json = <T extends z.ZodType>(inner: T) =>
  z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue('it is no JSON');
        return z.NEVER;
      }
    })
    .pipe(inner);

const metadataSchema = z.object({
  encoder: z.enum(ENCODERS),
  options: json(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  mean: json(z.array(z.number())),
  std: json(z.array(z.number().positive())),
  image_size: json(z.tuple([z.int().positive(), z.int().positive()])),
  dataset: json(datasetSpec),
  method: z.string(),
  precision: z.enum(['float32', 'bfloat16']),
});

/** The metadata of an encoder, for the header of a file. @param features - F */
export function encoderMetadata(info: EncoderInfo, features: number): Record<string, string> {
  return {
    format: 'pt',
    encoder: info.encoder,
    options: JSON.stringify(info.options),
    features: String(features),
    mean: JSON.stringify(info.normalization.mean),
    std: JSON.stringify(info.normalization.std),
    image_size: JSON.stringify(info.imageSize),
    dataset: JSON.stringify(info.dataset),
    method: info.method,
    precision: info.precision,
  };
}

/** Writes an encoder, as a whole or not at all. @throws Error that names the file, where it cannot be written */
export function saveEncoder(file: string, encoder: Encoder, info: EncoderInfo): void {
  saveSafetensors(file, encoder.stateDict(), encoderMetadata(info, encoder.features));
}

/**
 * Reads an encoder that `saveEncoder` wrote.
 * @throws Error that names the file: it is none, its metadata or its weights are not those of an encoder
 */
export function loadEncoder(file: string): { encoder: Encoder; info: EncoderInfo } {
  return scope(() => {
    const { tensors, metadata } = loadSafetensors(file);
    const info = parseMetadata(file, metadata);
    try {
      const encoder = createEncoder(info.encoder, { ...info.options, generator: new Generator(0) });
      encoder.loadStateDict(tensors);
      return { encoder, info };
    } catch (error) {
      throw new Error(`${file} holds no ${info.encoder} as its metadata says. ${(error as Error).message}`, {
        cause: error,
      });
    }
  });
}

function parseMetadata(file: string, metadata: Record<string, string>): EncoderInfo {
  if (metadata.encoder === undefined) {
    throw new Error(
      `${file} does not say which encoder it holds. Take a file that la-ssl export wrote, or a run folder.`,
    );
  }
  const parsed = metadataSchema.safeParse(metadata);
  if (!parsed.success) {
    const list = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`The metadata of ${file} is not valid: ${list.join('; ')}`);
  }
  const { mean, std, image_size: imageSize, ...rest } = parsed.data;
  return { ...rest, normalization: { mean, std }, imageSize };
}
