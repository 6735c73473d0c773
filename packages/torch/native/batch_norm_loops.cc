/**
 * The plain loops, for any type and processor, and those for bfloat16 where a processor rounds to it in one instruction: compiled
 * from the plain ones, rounding was half of all instructions. There 32 numbers are taken at a time as 16 words, each of an even
 * and an odd place, so that a shift and a mask widen them.
 */
#include "batch_norm_loops.h"

#include "bfloat16_dots.h"

namespace la_ssl {

namespace {

template <class T>
INLINE void squaresOf(const Piece& p, const T* x, const Wide<T>* about, Wide<T>* sum, Wide<T>* square) {
  for (int64_t start = 0; start < p.n; start += p.width) {
    const int64_t length = std::min(p.width, p.n - start);
#pragma GCC ivdep
    for (int64_t j = 0; j < length; j++) {
      const Wide<T> d = (Wide<T>)x[start + j] - about[j];
      sum[j] += d;
      square[j] += d * d;
    }
  }
}

template <bool relu, bool adds, class T>
INLINE void normaliseOf(const Piece& p, const T* x, const T* residual, const Wide<T>* scale, const Wide<T>* shift, T* y) {
  for (int64_t start = 0; start < p.n; start += p.width) {
    const int64_t length = std::min(p.width, p.n - start);
#pragma GCC ivdep
    for (int64_t j = 0; j < length; j++) {
      Wide<T> v = (Wide<T>)x[start + j] * scale[j] + shift[j];
      if (adds) v += (Wide<T>)residual[start + j];
      if (relu) v = v < 0 ? 0 : v;  // NaN stays NaN
      y[start + j] = (T)v;
    }
  }
}

template <bool relu, class T>
INLINE void gradientSumsOf(const Piece& p, const T* gradient, const T* y, const T* x, const Wide<T>* mean, Wide<T>* sum,
                           Wide<T>* product) {
  for (int64_t start = 0; start < p.n; start += p.width) {
    const int64_t length = std::min(p.width, p.n - start);
#pragma GCC ivdep
    for (int64_t j = 0; j < length; j++) {
      Wide<T> g = (Wide<T>)gradient[start + j];
      if (relu) g = (Wide<T>)y[start + j] <= 0 ? 0 : g;
      sum[j] += g;
      product[j] += g * ((Wide<T>)x[start + j] - mean[j]);
    }
  }
}

template <bool relu, bool adds, class T>
INLINE void gradientsOf(const Piece& p, const T* gradient, const T* y, const T* x, const Wide<T>* scale, const Wide<T>* slope,
                        const Wide<T>* shift, T* gradX, T* gradResidual) {
  for (int64_t start = 0; start < p.n; start += p.width) {
    const int64_t length = std::min(p.width, p.n - start);
#pragma GCC ivdep
    for (int64_t j = 0; j < length; j++) {
      Wide<T> g = (Wide<T>)gradient[start + j];
      if (relu) g = (Wide<T>)y[start + j] <= 0 ? 0 : g;
      if (adds) gradResidual[start + j] = (T)g;
      gradX[start + j] = (T)(scale[j] * g + (slope[j] * (Wide<T>)x[start + j] + shift[j]));
    }
  }
}

}  // namespace

// The loops for each type: a template takes no `target_clones`.
#define PLAIN(T)                                                                                                               \
  EVERY_PROCESSOR void squares(const Piece& p, const T* x, const Wide<T>* about, Wide<T>* s, Wide<T>* q) {                     \
    squaresOf(p, x, about, s, q);                                                                                              \
  }                                                                                                                            \
  EVERY_PROCESSOR void normalise(const Piece& p, bool relu, const T* x, const T* r, const Wide<T>* a, const Wide<T>* b,        \
                                T* y) {                                                                                        \
    if (relu && r) return normaliseOf<true, true>(p, x, r, a, b, y);                                                           \
    if (relu) return normaliseOf<true, false>(p, x, r, a, b, y);                                                               \
    if (r) return normaliseOf<false, true>(p, x, r, a, b, y);                                                                  \
    normaliseOf<false, false>(p, x, r, a, b, y);                                                                               \
  }                                                                                                                            \
  EVERY_PROCESSOR void gradientSums(const Piece& p, bool relu, const T* g, const T* y, const T* x, const Wide<T>* mean,        \
                                    Wide<T>* s, Wide<T>* q) {                                                                  \
    if (relu) return gradientSumsOf<true>(p, g, y, x, mean, s, q);                                                             \
    gradientSumsOf<false>(p, g, y, x, mean, s, q);                                                                             \
  }                                                                                                                            \
  EVERY_PROCESSOR void gradients(const Piece& p, bool relu, const T* g, const T* y, const T* x, const Wide<T>* a,              \
                                 const Wide<T>* c, const Wide<T>* b, T* gx, T* gr) {                                           \
    if (relu && gr) return gradientsOf<true, true>(p, g, y, x, a, c, b, gx, gr);                                               \
    if (relu) return gradientsOf<true, false>(p, g, y, x, a, c, b, gx, gr);                                                    \
    if (gr) return gradientsOf<false, true>(p, g, y, x, a, c, b, gx, gr);                                                      \
    gradientsOf<false, false>(p, g, y, x, a, c, b, gx, gr);                                                                    \
  }
PLAIN(float)
PLAIN(double)
#ifndef LA_SSL_BFLOAT16_DOTS
PLAIN(at::BFloat16)
#else
namespace plain {
PLAIN(at::BFloat16)
}

namespace {

using Half = at::BFloat16;
constexpr int64_t kStep = 32;

/** 32 numbers in float32, those of even places and those of odd ones. */
struct Halves {
  __m512 even, odd;
};

DOTS_INLINE Halves widen(__m512i x) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(x, 16)),
          _mm512_castsi512_ps(_mm512_and_si512(x, _mm512_set1_epi32((int)0xffff0000)))};
}
DOTS_INLINE __m512i load(const Half* from) { return _mm512_loadu_si512(from); }
DOTS_INLINE void store(Half* to, const Halves& h) { _mm512_storeu_si512(to, paired(h.even, h.odd)); }

DOTS_INLINE Halves load(const float* from) {
  const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512 a = _mm512_loadu_ps(from), b = _mm512_loadu_ps(from + 16);
  return {_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, _mm512_add_epi32(even, _mm512_set1_epi32(1)), b)};
}
DOTS_INLINE void store(float* to, const Halves& h) {
  const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  _mm512_storeu_ps(to, _mm512_permutex2var_ps(h.even, first, h.odd));
  _mm512_storeu_ps(to + 16, _mm512_permutex2var_ps(h.even, _mm512_add_epi32(first, _mm512_set1_epi32(8)), h.odd));
}

DOTS_INLINE Halves plus(const Halves& a, const Halves& b) {
  return {_mm512_add_ps(a.even, b.even), _mm512_add_ps(a.odd, b.odd)};
}
DOTS_INLINE Halves minus(const Halves& a, const Halves& b) {
  return {_mm512_sub_ps(a.even, b.even), _mm512_sub_ps(a.odd, b.odd)};
}
/** `a · b + c` */
DOTS_INLINE Halves fused(const Halves& a, const Halves& b, const Halves& c) {
  return {_mm512_fmadd_ps(a.even, b.even, c.even), _mm512_fmadd_ps(a.odd, b.odd, c.odd)};
}
DOTS_INLINE Halves positive(const Halves& a) {
  const __m512 zero = _mm512_setzero_ps();
  return {_mm512_max_ps(zero, a.even), _mm512_max_ps(zero, a.odd)};  // of NaN and a number, the second
}
/** The gradient where y, an output of ReLU, is not 0. */
DOTS_INLINE __m512i passed(__m512i gradient, __m512i y) {
  return _mm512_maskz_mov_epi16(_mm512_cmpgt_epi16_mask(y, _mm512_setzero_si512()), gradient);
}

// Down all rows, which are whole, with what belongs to `kTimes` · 32 places of a width in registers.

template <int kTimes>
DOTS void squaresDown(const Piece& p, const Half* x, const float* about, float* sum, float* square) {
  for (int64_t j = 0; j < p.width; j += kTimes * kStep) {
    Halves mean[kTimes], s[kTimes], q[kTimes];
#pragma GCC unroll 4
    for (int k = 0; k < kTimes; k++) {
      const int64_t at = j + k * kStep;
      mean[k] = load(about + at), s[k] = load(sum + at), q[k] = load(square + at);
    }
    for (int64_t i = j; i < p.n; i += p.width) {
#pragma GCC unroll 4
      for (int k = 0; k < kTimes; k++) {
        const Halves d = minus(widen(load(x + i + k * kStep)), mean[k]);
        s[k] = plus(s[k], d);
        q[k] = fused(d, d, q[k]);
      }
    }
#pragma GCC unroll 4
    for (int k = 0; k < kTimes; k++) store(sum + j + k * kStep, s[k]), store(square + j + k * kStep, q[k]);
  }
}

template <int kTimes>
DOTS void normaliseDown(const Piece& p, bool relu, const Half* x, const Half* residual, const float* scale, const float* shift,
                        Half* y) {
  for (int64_t j = 0; j < p.width; j += kTimes * kStep) {
    Halves a[kTimes], b[kTimes];
#pragma GCC unroll 4
    for (int k = 0; k < kTimes; k++) a[k] = load(scale + j + k * kStep), b[k] = load(shift + j + k * kStep);
    for (int64_t i = j; i < p.n; i += p.width) {
#pragma GCC unroll 4
      for (int k = 0; k < kTimes; k++) {
        const int64_t at = i + k * kStep;
        Halves v = fused(widen(load(x + at)), a[k], b[k]);
        if (residual) v = plus(v, widen(load(residual + at)));
        store(y + at, relu ? positive(v) : v);
      }
    }
  }
}

template <int kTimes>
DOTS void gradientSumsDown(const Piece& p, bool relu, const Half* gradient, const Half* y, const Half* x, const float* mean,
                           float* sum, float* product) {
  for (int64_t j = 0; j < p.width; j += kTimes * kStep) {
    Halves m[kTimes], s[kTimes], q[kTimes];
#pragma GCC unroll 4
    for (int k = 0; k < kTimes; k++) {
      const int64_t at = j + k * kStep;
      m[k] = load(mean + at), s[k] = load(sum + at), q[k] = load(product + at);
    }
    for (int64_t i = j; i < p.n; i += p.width) {
#pragma GCC unroll 4
      for (int k = 0; k < kTimes; k++) {
        const int64_t at = i + k * kStep;
        const __m512i all = load(gradient + at);
        const Halves g = widen(relu ? passed(all, load(y + at)) : all);
        s[k] = plus(s[k], g);
        q[k] = fused(g, minus(widen(load(x + at)), m[k]), q[k]);
      }
    }
#pragma GCC unroll 4
    for (int k = 0; k < kTimes; k++) store(sum + j + k * kStep, s[k]), store(product + j + k * kStep, q[k]);
  }
}

template <int kTimes>
DOTS void gradientsDown(const Piece& p, bool relu, const Half* gradient, const Half* y, const Half* x, const float* scale,
                        const float* slope, const float* shift, Half* gradX, Half* gradResidual) {
  for (int64_t j = 0; j < p.width; j += kTimes * kStep) {
    Halves a[kTimes], c[kTimes], b[kTimes];
#pragma GCC unroll 4
    for (int k = 0; k < kTimes; k++) {
      const int64_t at = j + k * kStep;
      a[k] = load(scale + at), c[k] = load(slope + at), b[k] = load(shift + at);
    }
    for (int64_t i = j; i < p.n; i += p.width) {
#pragma GCC unroll 4
      for (int k = 0; k < kTimes; k++) {
        const int64_t at = i + k * kStep;
        const __m512i all = load(gradient + at), g = relu ? passed(all, load(y + at)) : all;
        if (gradResidual) _mm512_storeu_si512(gradResidual + at, g);
        store(gradX + at, fused(a[k], widen(g), fused(c[k], widen(load(x + at)), b[k])));
      }
    }
  }
}

/** Calls one of two loops for the rows that are whole, where this processor can. @returns how many numbers those have */
template <class Down, class... Values>
int64_t takeWhole(Down one, Down four, const Piece& p, Values... values) {
  static const bool fast = hasBfloat16Vectors();
  if (!fast || p.width % kStep) return 0;
  const Piece whole{p.n / p.width * p.width, p.width};
  (p.width % (4 * kStep) ? one : four)(whole, values...);
  return whole.n;
}

Piece rest(const Piece& p, int64_t done) { return {p.n - done, p.width}; }

}  // namespace

void squares(const Piece& p, const Half* x, const float* about, float* sum, float* square) {
  const int64_t done = takeWhole(squaresDown<1>, squaresDown<4>, p, x, about, sum, square);
  plain::squares(rest(p, done), x + done, about, sum, square);
}

void normalise(const Piece& p, bool relu, const Half* x, const Half* residual, const float* scale, const float* shift, Half* y) {
  const int64_t done = takeWhole(normaliseDown<1>, normaliseDown<4>, p, relu, x, residual, scale, shift, y);
  plain::normalise(rest(p, done), relu, x + done, residual ? residual + done : nullptr, scale, shift, y + done);
}

void gradientSums(const Piece& p, bool relu, const Half* gradient, const Half* y, const Half* x, const float* mean, float* sum,
                  float* product) {
  const int64_t done = takeWhole(gradientSumsDown<1>, gradientSumsDown<4>, p, relu, gradient, y, x, mean, sum, product);
  plain::gradientSums(rest(p, done), relu, gradient + done, y + done, x + done, mean, sum, product);
}

void gradients(const Piece& p, bool relu, const Half* gradient, const Half* y, const Half* x, const float* scale,
               const float* slope, const float* shift, Half* gradX, Half* gradResidual) {
  const int64_t done =
      takeWhole(gradientsDown<1>, gradientsDown<4>, p, relu, gradient, y, x, scale, slope, shift, gradX, gradResidual);
  plain::gradients(rest(p, done), relu, gradient + done, y + done, x + done, scale, slope, shift, gradX + done,
                   gradResidual ? gradResidual + done : nullptr);
}
#endif
#undef PLAIN

}  // namespace la_ssl
