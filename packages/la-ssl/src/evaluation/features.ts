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
  /** Which examples, in this order (all). */
  indices?: Int32Array | undefined;
  /** Examples at a time, ≥ 1 (256). */
  batchSize?: number;
  /** What convolutions compute in ('float32'). The features are float32 either way. */
  precision?: 'float32' | 'bfloat16';
  /** Told after each batch how many examples are done. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal | undefined;
}

/** Features became infinite or NaN: the encoder has diverged. */
export class NonFiniteFeatures extends Error {}

/** The features of some examples, one after another in what is asked for. */
export interface FeatureBatch {
  /** Place of the first. */
  start: number;
  /** B. */
  count: number;
  /** `[B, F]` */
  values: Float32Array;
}

/**
 * Computes the features of every example.
 *
 * @param encoder - images to features `[B, F]`; its mode is that of before when this ends
 * @returns `[N, F]`, in the order of the data set or of `indices`
 * @throws Error where the encoder gives anything but finite features `[B, F]`
 * @throws what `signal` was aborted with
 */
export async function extractFeatures(
  encoder: nn.Layer,
  dataset: ImageDataset,
  options: ExtractOptions,
): Promise<Float32Array> {
  let features = new Float32Array(0);
  for await (const { start, count, values } of featureBatches(encoder, dataset, options)) {
    const size = values.length / count;
    if (start === 0) {
      features = new Float32Array((options.indices?.length ?? dataset.shape.count) * size);
    }
    features.set(values, start * size);
  }
  return features;
}

/** As `extractFeatures`, a batch at a time, for features that memory need not hold. */
export async function* featureBatches(
  encoder: nn.Layer,
  dataset: ImageDataset,
  { transform, indices: chosen, batchSize = 256, precision = 'float32', onProgress, signal }: ExtractOptions,
): AsyncGenerator<FeatureBatch, void, undefined> {
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new RangeError(`batchSize must be a whole number from 1, got ${batchSize}`);
  }
  const { channels, height, width } = dataset.shape;
  const all = chosen ?? Int32Array.from({ length: dataset.shape.count }, (_, i) => i);
  const count = all.length;
  const wasTraining = encoder.training;
  encoder.eval();
  try {
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const indices = all.subarray(start, start + batchSize);
      const { shape, values } = scope(() =>
        noGrad(() => {
          const bytes = fromData(imagesAt(dataset, indices), [indices.length, channels, height, width]);
          const images = transform(bytes);
          const output = autocast(() => encoder.forward(images), { enabled: precision === 'bfloat16' });
          return { shape: output.shape, values: output.to('float32').contiguous().data() as Float32Array };
        }),
      );
      checkFeatures(shape, values, { dataset, indices });
      yield { start, count: indices.length, values };
      onProgress?.(start + indices.length, count);
      await setImmediate(); // signals and other work get their turn
    }
  } finally {
    encoder.train(wasTraining);
  }
}

function checkFeatures(
  shape: readonly number[],
  values: Float32Array,
  { dataset, indices }: { dataset: ImageDataset; indices: Int32Array },
): void {
  const count = indices.length;
  if (shape.length !== 2 || shape[0] !== count) {
    throw new Error(
      `The encoder must give features [${count}, F] for ${count} images, it gave ` +
        `[${shape.join(', ')}]; pool the last layer`,
    );
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const example = indices[Math.floor(bad / shape[1]!)];
    throw new NonFiniteFeatures(
      `The features of example ${example} of ${dataset.name} (${dataset.split}) are not finite: ` +
        'the encoder has diverged; take an earlier checkpoint or train with a lower lr',
    );
  }
}
