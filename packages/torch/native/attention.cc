/**
 * `la_ssl::self_attention`: attention of every token to every token, from the product of the layer that makes queries, keys
 * and values: `softmax(Q Kᵀ / √D) V` of each head, with `[Q K V] = qkv + bias`; forward and backward.
 *
 * With some tens of tokens a head's matrices fit into the first levels of the cache, and libtorch spends its time in bringing them there:
 * copies of the heads, many small products, scores and probabilities in memory. Here a head is done at once, by the processor's
 * products of pairs of bfloat16 (AVX-512 BF16), scores and softmax in float; kept is the logarithm of each row's sum.
 * `composed` says the same with ATen's operators, and is what runs with other types, sizes and processors.
 * Sources: Vaswani 2017, Eq. 1, https://arxiv.org/abs/1706.03762; the backward pass from the logarithms is that of Dao 2022,
 * Algorithm 4, https://arxiv.org/abs/2205.14135
 */
#include "differentiable.h"
#include "loops.h"
#include "operators.h"
#include "rows.h"

#include <cmath>
#include <memory>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define HAS_PAIRS 1
#include <immintrin.h>
#if __GNUC__ < 13
// Of what its own header leaves undefined on purpose.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#endif

namespace {

/** Longer sequences leave the cache. */
constexpr int64_t kMostTokens = 256;
constexpr int64_t kMostHeadWidth = 128;

/** `[N, T, 3 · heads · width]`; `padded` is T to the next multiple of 16, `pairs` half of it: pairs of rows. */
struct Sizes {
  int64_t examples, tokens, heads, width, padded, pairs;
  Sizes(const Tensor& qkv, int64_t heads)
      : examples(qkv.size(0)), tokens(qkv.size(1)), heads(heads), width(qkv.size(2) / (3 * heads)),
        padded((tokens + 15) / 16 * 16), pairs((tokens + 1) / 2) {}
  int64_t row() const { return 3 * heads * width; }
};

#ifdef HAS_PAIRS
#define PAIRS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define PAIRS_INLINE PAIRS INLINE

/** Two bfloat16, the first in the lower half; what a product of pairs takes. */
using Word = uint32_t;

PAIRS_INLINE __m512 wide(__m256i halves) {
  return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16);
}
PAIRS_INLINE __m256i narrow(__m512 x) { return (__m256i)_mm512_cvtneps_pbh(x); }

/** `exp(x)`, x ≤ 0 or so, relative error 2e-7. */
PAIRS_INLINE __m512 expOf(__m512 x) {
  const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), 0);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
  r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
  __m512 p = _mm512_set1_ps(1.3981999507e-3f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.3334519073e-3f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.1665795894e-2f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.6666665459e-1f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.0000001201e-1f));
  p = _mm512_fmadd_ps(p, _mm512_mul_ps(r, r), _mm512_add_ps(r, _mm512_set1_ps(1.0f)));
  return _mm512_scalef_ps(p, n);
}

/** Of the products below: rows `M`, columns `16 V`. Word (i, k) of the left side is at `a[i · down + k · along]`. */
template <int M, int V>
PAIRS_INLINE void tile(int64_t words, const Word* a, int64_t down, int64_t along, const Word* b, int64_t columns, float* c) {
  __m512 sum[M][V];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) sum[i][v] = _mm512_setzero_ps();
  for (int64_t k = 0; k < words; k++, a += along, b += columns) {
    __m512bh right[V];
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) right[v] = (__m512bh)_mm512_loadu_si512(b + 16 * v);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      const __m512bh left = (__m512bh)_mm512_set1_epi32((int)a[i * down]);
#pragma GCC unroll 16
      for (int v = 0; v < V; v++) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], left, right[v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 16
    for (int v = 0; v < V; v++) _mm512_storeu_ps(c + i * columns + 16 * v, sum[i][v]);
}

template <int V>
PAIRS void panel(int64_t rows, int64_t words, const Word* a, int64_t down, int64_t along, const Word* b, int64_t columns,
                 float* c) {
  int64_t i = 0;
  for (; i + 6 <= rows; i += 6) tile<6, V>(words, a + i * down, down, along, b, columns, c + i * columns);
  switch (rows - i) {
    case 5: return tile<5, V>(words, a + i * down, down, along, b, columns, c + i * columns);
    case 4: return tile<4, V>(words, a + i * down, down, along, b, columns, c + i * columns);
    case 3: return tile<3, V>(words, a + i * down, down, along, b, columns, c + i * columns);
    case 2: return tile<2, V>(words, a + i * down, down, along, b, columns, c + i * columns);
    case 1: return tile<1, V>(words, a + i * down, down, along, b, columns, c + i * columns);
  }
}

/** `c = a · b`, `[rows, 2 words] · [2 words, columns]`; columns a multiple of 16, `b` in pairs of rows. */
PAIRS void product(int64_t rows, int64_t words, const Word* a, int64_t down, int64_t along, const Word* b, int64_t columns,
                   float* c) {
  int64_t j = 0;
  for (; j + 64 <= columns; j += 64) panel<4>(rows, words, a, down, along, b + j, columns, c + j);
  switch (columns - j) {
    case 48: return panel<3>(rows, words, a, down, along, b + j, columns, c + j);
    case 32: return panel<2>(rows, words, a, down, along, b + j, columns, c + j);
    case 16: return panel<1>(rows, words, a, down, along, b + j, columns, c + j);
  }
}

/** 16 × 16 words, mirrored at the diagonal. */
PAIRS_INLINE void transpose16(const Word* from, int64_t fromRow, Word* to, int64_t toRow) {
  __m512i r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(from + i * fromRow);
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 16
  for (int c = 0; c < 4; c++) {
    const __m512i even = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88), odd = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xdd);
    const __m512i even2 = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88);
    const __m512i odd2 = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xdd);
    _mm512_storeu_si512(to + c * toRow, _mm512_shuffle_i32x4(even, even2, 0x88));
    _mm512_storeu_si512(to + (4 + c) * toRow, _mm512_shuffle_i32x4(odd, odd2, 0x88));
    _mm512_storeu_si512(to + (8 + c) * toRow, _mm512_shuffle_i32x4(even, even2, 0xdd));
    _mm512_storeu_si512(to + (12 + c) * toRow, _mm512_shuffle_i32x4(odd, odd2, 0xdd));
  }
}

/** The matrix `[padded, width]` as the right side of `· xᵀ`: `[width / 2, padded]` words. */
PAIRS void transposed(const Sizes& s, const uint16_t* x, Word* out) {
  for (int64_t t = 0; t < s.padded; t += 16) {
    for (int64_t d = 0; d < s.width / 2; d += 16)
      transpose16((const Word*)x + t * s.width / 2 + d, s.width / 2, out + d * s.padded + t, s.padded);
  }
}

PAIRS_INLINE __m512i paired(__m256i lower, __m256i upper) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(lower), _mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}

/** The matrix `[padded, width]` as the right side of `· x`: `[pairs, width]` words. */
PAIRS void inPairs(const Sizes& s, const uint16_t* x, Word* out) {
  for (int64_t t = 0; t < s.pairs; t++, x += 2 * s.width, out += s.width) {
    for (int64_t d = 0; d < s.width; d += 16) {
      const auto lower = _mm256_loadu_si256((const __m256i*)(x + d));
      const auto upper = _mm256_loadu_si256((const __m256i*)(x + s.width + d));
      _mm512_storeu_si512(out + d, paired(lower, upper));
    }
  }
}

/** A head's rows, `stride` apart, one after another, with its bias (null for none) added and zeros to the padded length. */
PAIRS void load(const Sizes& s, const uint16_t* x, int64_t stride, const float* bias, uint16_t* out) {
  for (int64_t d = 0; d < s.width; d += 16) {
    const __m512 add = bias ? _mm512_loadu_ps(bias + d) : _mm512_setzero_ps();
    for (int64_t t = 0; t < s.tokens; t++) {
      __m256i v = _mm256_loadu_si256((const __m256i*)(x + t * stride + d));
      if (bias) v = narrow(_mm512_add_ps(wide(v), add));
      _mm256_storeu_si256((__m256i*)(out + t * s.width + d), v);
    }
  }
  std::fill(out + s.tokens * s.width, out + s.padded * s.width, 0);
}

/** Rows of a product to where a head's rows are. @param factor - by row, null for none; @param sums - adds up the columns, or null */
PAIRS void store(const Sizes& s, const float* x, const float* factor, uint16_t* out, int64_t stride, float* sums) {
  for (int64_t d = 0; d < s.width; d += 16) {
    __m512 total = _mm512_setzero_ps();
    for (int64_t t = 0; t < s.tokens; t++) {
      __m512 v = _mm512_loadu_ps(x + t * s.width + d);
      if (factor) v = _mm512_mul_ps(v, _mm512_set1_ps(factor[t]));
      total = _mm512_add_ps(total, v);
      _mm256_storeu_si256((__m256i*)(out + t * stride + d), narrow(v));
    }
    if (sums) _mm512_storeu_ps(sums + d, _mm512_add_ps(_mm512_loadu_ps(sums + d), total));
  }
}

PAIRS_INLINE __mmask16 upTo(int64_t left) { return left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1); }

/** What a thread works in. */
struct Scratch {
  std::unique_ptr<float[]> memory;
  uint16_t *q, *k, *v, *g;
  Word *right, *probabilities, *gradScores, *gradPairs;
  float *scores, *gradients, *rows, *factor;
  explicit Scratch(const Sizes& s) {
    const int64_t tokens = s.padded * s.width, square = s.padded * s.padded;
    memory.reset(new float[3 * tokens + tokens + 5 * square + s.padded + 16]);
    float* at = memory.get() + (16 - (reinterpret_cast<uintptr_t>(memory.get()) / 4) % 16) % 16;
    auto take = [&](int64_t floats) { return std::exchange(at, at + floats); };
    for (auto* matrix : {&q, &k, &v, &g}) *matrix = (uint16_t*)take(tokens / 2);
    right = (Word*)take(tokens);
    for (auto* matrix : {&probabilities, &gradScores, &gradPairs}) *matrix = (Word*)take(square);
    scores = take(square);
    gradients = take(square);
    rows = take(tokens);
    factor = take(s.padded);
  }
};

/** @param logSum - `[T]`, of each row of `exp(Q Kᵀ / √D)` */
PAIRS void headForward(const Sizes& s, const uint16_t* qkv, const float* bias, uint16_t* out, float* logSum, Scratch& w) {
  const int64_t part = s.heads * s.width;
  load(s, qkv, s.row(), bias, w.q);
  load(s, qkv + part, s.row(), bias ? bias + part : nullptr, w.k);
  load(s, qkv + 2 * part, s.row(), bias ? bias + 2 * part : nullptr, w.v);
  transposed(s, w.k, w.right);
  product(s.tokens, s.width / 2, (const Word*)w.q, s.width / 2, 1, w.right, s.padded, w.scores);
  const float scale = 1 / std::sqrt((float)s.width);
  auto* probabilities = (uint16_t*)w.probabilities;
  for (int64_t t = 0; t < s.tokens; t++) {
    const float* row = w.scores + t * s.padded;
    __m512 most = _mm512_set1_ps(-INFINITY), sum = _mm512_setzero_ps();
    for (int64_t j = 0; j < s.tokens; j += 16)
      most = _mm512_mask_max_ps(most, upTo(s.tokens - j), most, _mm512_loadu_ps(row + j));
    const float top = _mm512_reduce_max_ps(most);
    for (int64_t j = 0; j < s.padded; j += 16) {
      const __m512 d = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(row + j), _mm512_set1_ps(top)), _mm512_set1_ps(scale));
      const __m512 p = _mm512_maskz_mov_ps(upTo(s.tokens - j), expOf(d));
      sum = _mm512_add_ps(sum, p);
      _mm256_storeu_si256((__m256i*)(probabilities + t * s.padded + j), narrow(p));
    }
    const float total = _mm512_reduce_add_ps(sum);
    w.factor[t] = 1 / total;
    logSum[t] = top * scale + std::log(total);
  }
  inPairs(s, w.v, w.right);
  product(s.tokens, s.pairs, w.probabilities, s.padded / 2, 1, w.right, s.width, w.rows);
  store(s, w.rows, w.factor, out, part, nullptr);
}

/**
 * Probabilities and the gradients of the scores, from scores and gradients of the probabilities, two rows at a time: with
 * `P = exp(S / √D − logSum)`, `dS = P · (dP − Σ P dP) / √D`.
 */
PAIRS void scoreGradients(const Sizes& s, const float* logSum, Scratch& w) {
  const float scale = 1 / std::sqrt((float)s.width);
  for (int64_t pair = 0; pair < s.pairs; pair++) {
    float* rows[2];
    float dot[2];
    for (int64_t i = 0; i < 2; i++) {
      const int64_t t = 2 * pair + i;
      rows[i] = w.scores + t * s.padded;
      __m512 sum = _mm512_setzero_ps();
      for (int64_t j = 0; j < s.padded; j += 16) {
        const __mmask16 inside = t < s.tokens ? upTo(s.tokens - j) : 0;
        const __m512 x = _mm512_fmsub_ps(_mm512_maskz_loadu_ps(inside, rows[i] + j), _mm512_set1_ps(scale),
                                         _mm512_set1_ps(t < s.tokens ? logSum[t] : 0));
        const __m512 p = _mm512_maskz_mov_ps(inside, expOf(x));
        _mm512_storeu_ps(rows[i] + j, p);
        const __m512 g = _mm512_maskz_loadu_ps(inside, w.gradients + t * s.padded + j);
        sum = _mm512_fmadd_ps(p, g, sum);
      }
      dot[i] = _mm512_reduce_add_ps(sum);
    }
    for (int64_t j = 0; j < s.padded; j += 16) {
      __m256i p[2], d[2];
#pragma GCC unroll 2
      for (int64_t i = 0; i < 2; i++) {
        const int64_t t = 2 * pair + i;
        const __mmask16 inside = t < s.tokens ? upTo(s.tokens - j) : 0;
        const __m512 row = _mm512_loadu_ps(rows[i] + j);
        const __m512 g = _mm512_maskz_loadu_ps(inside, w.gradients + t * s.padded + j);
        const __m512 scaled = _mm512_mul_ps(_mm512_sub_ps(g, _mm512_set1_ps(dot[i])), _mm512_set1_ps(scale));
        p[i] = narrow(row);
        d[i] = narrow(_mm512_mul_ps(row, scaled));
        _mm256_storeu_si256((__m256i*)((uint16_t*)w.gradScores + t * s.padded + j), d[i]);
      }
      _mm512_storeu_si512(w.probabilities + pair * s.padded + j, paired(p[0], p[1]));
      _mm512_storeu_si512(w.gradPairs + pair * s.padded + j, paired(d[0], d[1]));
    }
  }
}

/** @param sums - where the gradient of the head's bias is added, or null; `gradient` and `gradQkv` are as `out` and `qkv` */
PAIRS void headBackward(const Sizes& s, const uint16_t* gradient, const uint16_t* qkv, const float* bias,
                        const float* logSum, uint16_t* gradQkv, float* sums, Scratch& w) {
  const int64_t part = s.heads * s.width;
  load(s, qkv, s.row(), bias, w.q);
  load(s, qkv + part, s.row(), bias ? bias + part : nullptr, w.k);
  load(s, qkv + 2 * part, s.row(), bias ? bias + 2 * part : nullptr, w.v);
  load(s, gradient, part, nullptr, w.g);
  transposed(s, w.k, w.right);
  product(s.tokens, s.width / 2, (const Word*)w.q, s.width / 2, 1, w.right, s.padded, w.scores);
  transposed(s, w.v, w.right);
  product(s.tokens, s.width / 2, (const Word*)w.g, s.width / 2, 1, w.right, s.padded, w.gradients);
  scoreGradients(s, logSum, w);

  auto write = [&](int64_t which) {
    store(s, w.rows, nullptr, gradQkv + which * part, s.row(), sums ? sums + which * part : nullptr);
  };
  inPairs(s, w.k, w.right);
  product(s.tokens, s.pairs, w.gradScores, s.padded / 2, 1, w.right, s.width, w.rows);
  write(0);
  inPairs(s, w.q, w.right);
  product(s.tokens, s.pairs, w.gradPairs, 1, s.padded, w.right, s.width, w.rows);
  write(1);
  inPairs(s, w.g, w.right);
  product(s.tokens, s.pairs, w.probabilities, 1, s.padded, w.right, s.width, w.rows);
  write(2);
}

bool hasPairs() {
  static const bool has = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  return has;
}
#else
using Word = uint32_t;
struct Scratch {
  explicit Scratch(const Sizes&) {}
};
void headForward(const Sizes&, const uint16_t*, const float*, uint16_t*, float*, Scratch&) {}
void headBackward(const Sizes&, const uint16_t*, const uint16_t*, const float*, const float*, uint16_t*, float*, Scratch&) {}
bool hasPairs() { return false; }
#endif

/** Calls `body(example, head, scratch)` for all, an example on one thread. */
template <class F>
void eachHead(const Sizes& s, const F& body) {
  const int threads = (int)std::clamp<int64_t>(s.examples, 1, at::get_num_threads());
#pragma omp parallel num_threads(threads) if (threads > 1 && !at::in_parallel_region())
  {
    Scratch scratch(s);
#pragma omp for schedule(static)
    for (int64_t example = 0; example < s.examples; example++) {
      for (int64_t head = 0; head < s.heads; head++) body(example, head, scratch);
    }
  }
}

struct SelfAttention : torch::autograd::Function<SelfAttention> {
  static Variable forward(AutogradContext* ctx, const Variable& qkv, const OptionalTensor& bias, int64_t heads) {
    at::NoGradGuard noGrad;
    const Sizes s(qkv, heads);
    Tensor y = at::empty({s.examples, s.tokens, heads * s.width}, qkv.options());
    const Tensor logSums = at::empty({s.examples, heads, s.tokens}, qkv.options().dtype(at::kFloat));
    const Tensor wideBias = bias ? bias->detach().to(at::kFloat).contiguous() : Tensor();
    const float* b = bias ? wideBias.data_ptr<float>() : nullptr;
    const uint16_t* in = bitsOf(qkv);
    auto* out = bitsOf(y);
    float* sums = logSums.data_ptr<float>();
    eachHead(s, [&](int64_t n, int64_t head, Scratch& scratch) {
      const int64_t at = head * s.width;
      headForward(s, in + n * s.tokens * s.row() + at, b ? b + at : nullptr, out + n * s.tokens * s.row() / 3 + at,
                  sums + (n * heads + head) * s.tokens, scratch);
    });
    ctx->save_for_backward({qkv, bias ? *bias : Tensor(), logSums});
    ctx->saved_data["heads"] = heads;
    return y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    at::NoGradGuard noGrad;
    const auto saved = ctx->get_saved_variables();
    const Tensor &qkv = saved[0], &bias = saved[1], &logSums = saved[2];
    const int64_t heads = ctx->saved_data["heads"].toInt();
    const Sizes s(qkv, heads);
    const Tensor gradient = gradients[0].contiguous();
    Tensor gradQkv = at::empty_like(qkv);
    const Tensor wideBias = bias.defined() ? bias.detach().to(at::kFloat).contiguous() : Tensor();
    const float* b = bias.defined() ? wideBias.data_ptr<float>() : nullptr;
    ColumnSums<float> sums(bias.defined() ? s.examples : 0, s.row());
    const uint16_t *g = bitsOf(gradient), *in = bitsOf(qkv);
    auto* out = bitsOf(gradQkv);
    const float* logs = logSums.data_ptr<float>();
    eachHead(s, [&](int64_t n, int64_t head, Scratch& scratch) {
      const int64_t at = head * s.width, start = n * s.tokens * s.row();
      headBackward(s, g + start / 3 + at, in + start + at, b ? b + at : nullptr, logs + (n * heads + head) * s.tokens,
                   out + start + at, b ? sums.of(n) + at : nullptr, scratch);
    });
    return {gradQkv, bias.defined() ? sums.total(bias) : Tensor(), Tensor()};
  }
};

/** The plain reference, by ATen's operators. */
Tensor composed(const Tensor& qkv, const OptionalTensor& bias, int64_t heads) {
  const int64_t n = qkv.size(0), tokens = qkv.size(1), width = qkv.size(2) / (3 * heads);
  const Tensor all = bias ? at::add(qkv, *bias).to(qkv.scalar_type()) : qkv;
  const auto parts = all.view({n, tokens, 3, heads, width}).permute({2, 0, 3, 1, 4}).unbind();  // each [N, heads, T, width]
  // The scale on the queries: they are fewer than the scores.
  const Tensor scores = (parts[0] * (1 / std::sqrt((double)width))).matmul(parts[1].transpose(-2, -1));
  return scores.softmax(-1).matmul(parts[2]).transpose(1, 2).reshape({n, tokens, heads * width});
}

bool fits(const Tensor& qkv, const OptionalTensor& bias, int64_t heads) {
  const int64_t width = qkv.size(2) / (3 * heads);
  return hasPairs() && qkv.device().is_cpu() && qkv.scalar_type() == at::kBFloat16 && qkv.is_contiguous() &&
         qkv.numel() > 0 && qkv.size(1) <= kMostTokens && width % 32 == 0 && width <= kMostHeadWidth &&
         (!bias || at::isFloatingType(bias->scalar_type()));
}

Tensor selfAttention(const Tensor& qkv, const OptionalTensor& bias, int64_t heads) {
  TORCH_CHECK(qkv.dim() == 3 && heads > 0 && qkv.size(2) > 0 && qkv.size(2) % (3 * heads) == 0,
              "qkv must be [N, T, 3 * heads * width], got shape ", qkv.sizes(), " for ", heads, " heads");
  TORCH_CHECK(!bias || (bias->dim() == 1 && bias->size(0) == qkv.size(2)), "bias must be [", qkv.size(2), "]");
  return fits(qkv, bias, heads) ? SelfAttention::apply(qkv, bias, heads) : composed(qkv, bias, heads);
}

}  // namespace

const Operator selfAttentionOperator("self_attention(Tensor qkv, Tensor? bias, int heads) -> Tensor", selfAttention);
