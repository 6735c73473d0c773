/** @file The learning speed of the methods whose objective compares vectors: `exp(cos(a, b) / τ)`. */
import { einsum, type Tensor } from '@la-ssl/torch';

/** Rows of length 1: `z / ‖z‖`. @param z - `[N, D]` */
export function unit(z: Tensor): Tensor {
  return z.div(z.norm({ dim: [1], keepdim: true }).clamp({ min: 1e-12 }));
}

/**
 * `exp(cos(z_a, z_b) / τ)`, mean over the pairs a < b of the V views of an example.
 *
 * @param z - unit projections `[V · N, D]` of V ≥ 2 views; those of one example are N rows apart
 * @param temperature - τ > 0
 * @returns `[N]` float64, > 0
 * Source: LA-SSL, Section 4.1
 */
export function pairSimilarity(z: Tensor, views: number, temperature: number): Tensor {
  const byView = z.reshape([views, -1, z.shape[1] as number]); // [V, N, D]
  const cosines = einsum('and,bnd->nab', [byView, byView]); // [N, V, V]
  // In float64: exp(1 / τ) leaves float32 where τ < 0.0113.
  const pairs = cosines.to('float64').div(temperature).exp().triu({ diagonal: 1 });
  return pairs.sum([1, 2]).div((views * (views - 1)) / 2);
}
