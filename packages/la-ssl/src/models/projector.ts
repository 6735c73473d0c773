/**
 * @file The projector: a small network from features to the projections on which the loss works.
 * Source: SimCLR, Section 4.2, https://arxiv.org/abs/2002.05709: "a MLP with one hidden layer".
 */
import { type Generator, nn } from '@la-ssl/torch';

export interface ProjectorOptions {
  /** F, the size of the features. */
  features: number;
  /** Size of the hidden layer. */
  hidden: number;
  /** D, the size of the projections. */
  projections: number;
  generator?: Generator | undefined;
}

/** `[N, F]` → linear, batch norm, ReLU, linear → `[N, D]`. */
export function projector({ features, hidden, projections, generator }: ProjectorOptions): nn.Layer {
  return new nn.Sequential(
    new nn.Linear(features, hidden, { bias: false, generator }),
    new nn.BatchNorm(hidden),
    new nn.ReLU(),
    new nn.Linear(hidden, projections, { generator }),
  );
}
