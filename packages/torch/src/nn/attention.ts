/**
 * @file Scaled dot-product attention, PyTorch's `F.scaled_dot_product_attention` without mask and dropout.
 *
 * Of matrix products: no fused operator of the CPU has a gradient both in libtorch 1.13 and 2.6, and on one thread the
 * one of 1.13 (`aten::_scaled_dot_product_attention`) took as long (64 × 3 heads × 65 tokens, and 32 × 6 × 197).
 * Source: Vaswani 2017, Eq. 1, https://arxiv.org/abs/1706.03762
 */
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
