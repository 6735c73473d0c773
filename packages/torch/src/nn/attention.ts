/**
 * @file Attention: of queries to keys, PyTorch's `F.scaled_dot_product_attention` without mask and dropout; and of tokens to
 * each other, from the product of one layer that makes queries, keys and values.
 *
 * The first is of matrix products: no fused operator of the CPU has a gradient both in libtorch 1.13 and 2.6, and on one thread the
 * one of 1.13 (`aten::_scaled_dot_product_attention`) took as long (64 × 3 heads × 65 tokens, and 32 × 6 × 197).
 * Source: Vaswani 2017, Eq. 1, https://arxiv.org/abs/1706.03762
 */
import { call } from '../call.js';
import type { Tensor } from '../tensor.js';

/**
 * `softmax(Q Kᵀ / √d) V`, for each head of each example.
 * @param query - `[..., L, d]`
 * @param key - `[..., S, d]`
 * @param value - `[..., S, e]`
 * @returns `[..., L, e]`
 */
export function scaledDotProductAttention(query: Tensor, key: Tensor, value: Tensor): Tensor {
  const scale = 1 / Math.sqrt(query.shape.at(-1)!);
  // On the queries: they are fewer than the scores.
  return query.mul(scale).matmul(key.transpose(-2, -1)).softmax(-1).matmul(value);
}

/**
 * `softmax(Q Kᵀ / √d) V` of each head, in one operator (`native/attention.cc`).
 * @param qkv - `[N, L, 3 · heads · d]`: of each token the queries of all heads, the keys, the values
 * @param bias - `[3 · heads · d]`, added to it
 * @returns `[N, L, heads · d]`
 * @throws Error where the heads do not divide a third of the last dimension
 */
export function selfAttention(qkv: Tensor, bias: Tensor | null, heads: number): Tensor {
  return call('la_ssl::self_attention', qkv, bias, heads) as Tensor;
}
