/** @file What every method is: views in, `{ loss, similarity }` out. */
import type { nn, Tensor } from '@la-ssl/torch';
import type { Encoder } from '../models/index.js';

/** What a training step needs of a method. */
export interface MethodOutput {
  /** Scalar, to be minimised. */
  loss: Tensor;
  /** `[N]` float64, > 0, higher = better learned; without a graph. */
  similarity: Tensor;
}

export interface Method extends nn.Module {
  /** What is kept after pretraining. */
  readonly encoder: Encoder;
  /**
   * @param views - of the same N examples, each `[N, C, H, W]`
   * @param indices - of those examples, `[N]`; one that was drawn twice is told by it
   */
  forward(views: readonly Tensor[], indices: Int32Array): MethodOutput;
  /**
   * The similarity alone, for scoring: `[N]`, > 0, higher = better learned; the mean over all pairs of two or more
   * views. Source: LA-SSL, Section 4.1
   */
  similarity(views: readonly Tensor[]): Tensor;
}
