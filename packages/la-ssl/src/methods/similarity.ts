/** @file The learning speed of the methods whose objective compares views in pairs: `exp(score / τ)`. */
import { einsum, type Tensor } from '@la-ssl/torch';

/** Rows of length 1: `z / ‖z‖`. @param z - `[N, D]` */
export function unit(z: Tensor): Tensor {
  return z.div(z.norm({ dim: [1], keepdim: true }).clamp({ min: 1e-12 }));
}

/**
 * `exp(½ (cos(z_a, t_b) + cos(z_b, t_a)) / τ)`, mean over the pairs a < b of the V views of an example.
 *
 * @param z - unit projections or predictions `[V · N, D]` of V ≥ 2 views; those of one example are N rows apart
 * @param temperature - τ > 0
 * @param targets - t, what z is compared with in the loss, `[V · N, D]` (z itself, where it is `exp(cos(z_a, z_b) / τ)`)
 * @returns `[N]` float64, > 0
 * Source: LA-SSL, Section 4.1
 */
export function pairSimilarity(z: Tensor, views: number, temperature: number, targets = z): Tensor {
  const byView = (rows: Tensor): Tensor => rows.reshape([views, -1, z.shape[1] as number]); // [V, N, D]
  return pairMean(einsum('and,bnd->nab', [byView(z), byView(targets)]), temperature);
}

/**
 * `exp(½ (s_ab + s_ba) / τ)`, mean over the pairs a < b.
 * @param scores - of each example, view a against view b, `[N, V, V]`
 * @param temperature - τ > 0
 * @returns `[N]` float64, > 0
 */
export function pairMean(scores: Tensor, temperature: number): Tensor {
  const views = scores.shape[1] as number;
  const symmetric = scores.add(scores.transpose(1, 2)).div(2);
  // In float64: exp(1 / τ) leaves float32 where τ < 0.0113.
  const pairs = symmetric.to('float64').div(temperature).exp().triu({ diagonal: 1 });
  return pairs.sum([1, 2]).div((views * (views - 1)) / 2);
}
