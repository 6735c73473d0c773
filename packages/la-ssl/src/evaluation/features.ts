/**
 * @file The features of a data set under a frozen encoder: what every probe learns from.
 *
 * In evaluation mode (batch norm by its running statistics, which stay as they are) and without gradients. One
 * batch at a time is in memory, beside the result.
 */
import { setImmediate } from 'node:timers/promises';
import { autocast, fromData, type nn, noGrad, scope, type Tensor } from '@la-ssl/torch';
import { type ImageDataset, imagesAt } from '../data/dataset.js';

export interface ExtractOptions {
  /** Bytes `[B, C, H, W]` to what the encoder takes; nothing random: `evalTransform()` of la-ssl/augment. */
  transform: (images: Tensor) => Tensor;
  /** Examples at a time, ≥ 1 (256). */
  batchSize?: number;
  /** What convolutions compute in ('float32'). The features are float32 either way. */
  precision?: 'float32' | 'bfloat16';
  /** Told after each batch how many examples are done. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Computes the features of every example.
 *
 * @param encoder - images to features `[B, F]`; its mode is that of before when this ends
 * @returns `[N, F]`, in the order of the data set
 * @throws Error where the encoder gives anything but finite features `[B, F]`
 * @throws what `signal` was aborted with
 */
export async function extractFeatures(
  encoder: nn.Layer,
  dataset: ImageDataset,
  { transform, batchSize = 256, precision = 'float32', onProgress, signal }: ExtractOptions,
): Promise<Float32Array> {
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new RangeError(`batchSize must be a whole number from 1, got ${batchSize}`);
  }
  const { count, channels, height, width } = dataset.shape;
  let features = new Float32Array(0);
  const wasTraining = encoder.training;
  encoder.eval();
  try {
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const indices = Int32Array.from({ length: Math.min(batchSize, count - start) }, (_, i) => start + i);
      const { shape, values } = scope(() =>
        noGrad(() => {
          const bytes = fromData(imagesAt(dataset, indices), [indices.length, channels, height, width]);
          const images = transform(bytes);
          const output = autocast(() => encoder.forward(images), { enabled: precision === 'bfloat16' });
          return { shape: output.shape, values: output.to('float32').contiguous().data() as Float32Array };
        }),
      );
      if (shape.length !== 2 || shape[0] !== indices.length) {
        throw new Error(
          `The encoder must give features [${indices.length}, F] for ${indices.length} images, it gave ` +
            `[${shape.join(', ')}]; pool the last layer`,
        );
      }
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        const example = start + Math.floor(bad / shape[1]!);
        throw new Error(
          `The features of example ${example} of ${dataset.name} (${dataset.split}) are not finite: ` +
            'the encoder has diverged; take an earlier checkpoint or train with a lower lr',
        );
      }
      if (start === 0) features = new Float32Array(count * shape[1]!);
      features.set(values, start * shape[1]!);
      onProgress?.(start + indices.length, count);
      await setImmediate(); // signals and other work get their turn
    }
  } finally {
    encoder.train(wasTraining);
  }
  return features;
}
