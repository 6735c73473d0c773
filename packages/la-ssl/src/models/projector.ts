/**
 * @file The projector: a small network from features to the projections on which the loss works; and the predictor,
 * which has the same form.
 * Source: SimCLR, Section 4.2, https://arxiv.org/abs/2002.05709: "a MLP with one hidden layer".
 */
import { type Generator, nn } from '@la-ssl/torch';

export interface ProjectorOptions {
  /** F, the size of the features. */
  features: number;
  /** Size of the hidden layers. */
  hidden: number;
  /** D, the size of the projections. */
  projections: number;
  /** How many linear layers, the last included; ≥ 1. */
  layers?: number;
  /** What follows the last weights: a bias, batch norm without scale and shift, or nothing. */
  end?: 'bias' | 'batch-norm' | 'nothing';
  generator?: Generator | undefined;
}

/**
 * `[N, F]` → (linear, batch norm, ReLU) × (layers − 1), linear → `[N, D]`; named by position, as in PyTorch's
 * `Sequential`. No linear layer before a batch norm has a bias, which the norm would take away again.
 *
 * @throws RangeError where `layers` is not a whole number ≥ 1
 */
export function projector(options: ProjectorOptions): nn.Layer {
  const { features, hidden, projections, layers = 2, end = 'bias', generator } = options;
  if (!(Number.isInteger(layers) && layers >= 1)) {
    throw new RangeError(`A projector needs 1 layer or more, got ${layers}.`);
  }
  const parts: nn.Layer[] = [];
  for (let layer = 1; layer < layers; layer++) {
    const size = layer === 1 ? features : hidden;
    parts.push(
      new nn.Linear(size, hidden, { bias: false, generator }),
      new nn.BatchNorm(hidden),
      new nn.ReLU(),
    );
  }
  const size = layers === 1 ? features : hidden;
  parts.push(new nn.Linear(size, projections, { bias: end === 'bias', generator }));
  if (end === 'batch-norm') parts.push(new nn.BatchNorm(projections, { affine: false }));
  return new nn.Sequential(...parts);
}
