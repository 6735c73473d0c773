/**
 * @file A pass that scores: the similarity of two fresh views of every example, or of some, under the network as it stands.
 *
 * In evaluation mode (batch norm by its running statistics, which stay as they are) and without gradients. Views
 * come from random numbers of their own, so scoring changes nothing of what training draws.
 * Source: Zhu et al., Algorithm 1, https://arxiv.org/abs/2311.16361
 */
import { setImmediate } from 'node:timers/promises';
import { fromData, noGrad, scope } from '@la-ssl/torch';
import { type ImageDataset, imagesAt } from '../data/index.js';
import type { Method } from '../methods/index.js';
import { type MakeViews, methodRandom, SCORING_VIEWS } from './views.js';

export interface ScoringOptions {
  method: Method;
  dataset: ImageDataset;
  /** Which are scored, `[N]`; by default all. */
  examples?: Int32Array;
  makeViews: MakeViews;
  /** The run's. */
  seed: number;
  batchSize: number;
  /** Views of each example, ≥ 2; the similarity is averaged over all their pairs. */
  viewsPerScore: number;
  /** Tells the views of this pass from those of others. */
  pass: number;
  /** Called with the number of examples that were scored since the last call. */
  onBatch?: (examples: number) => void;
  signal?: AbortSignal | undefined;
}

/**
 * @returns the mean similarity of each of those examples, `[N]`, > 0
 * @throws what `signal` was aborted with
 */
export async function scoreExamples(options: ScoringOptions): Promise<Float64Array> {
  const { method, dataset, makeViews, seed, batchSize, viewsPerScore, pass, onBatch, signal } = options;
  const { channels, height, width } = dataset.shape;
  const { examples = Int32Array.from({ length: dataset.shape.count }, (_, i) => i) } = options;
  const count = examples.length;
  const similarities = new Float64Array(count);
  const wasTraining = method.training;
  method.eval();
  try {
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const indices = examples.subarray(start, start + batchSize);
      scope(() =>
        noGrad(() => {
          const images = fromData(imagesAt(dataset, indices), [indices.length, channels, height, width]);
          const place = { purpose: SCORING_VIEWS, step: pass, part: start } as const;
          const views = makeViews(images, place, viewsPerScore);
          const random = methodRandom(seed, place);
          similarities.set(method.similarity(views, random).toFloat64Array(), start);
        }),
      );
      onBatch?.(indices.length);
      await setImmediate(); // signals and other work get their turn
    }
  } finally {
    method.train(wasTraining);
  }
  return similarities;
}
