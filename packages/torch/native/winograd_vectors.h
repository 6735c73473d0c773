/** What Winograd's ways along one and along two dimensions share: vectors of 16 channels in float32, and the transforms of F(2, 3). */
#pragma once
#include "winograd_loops.h"

#include "bfloat16_dots.h"

#ifdef LA_SSL_BFLOAT16_DOTS
namespace la_ssl {

using Vector = __m512;
constexpr int64_t kLanes = 16;

DOTS_INLINE Vector widen(const uint16_t* from) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)from)), 16));
}
DOTS_INLINE Vector plus(Vector a, Vector b) { return _mm512_add_ps(a, b); }
DOTS_INLINE Vector minus(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
DOTS_INLINE Vector half(Vector a) { return _mm512_mul_ps(a, _mm512_set1_ps(0.5f)); }

/** G of three numbers of a kernel. */
DOTS_INLINE void kernelColumn(Vector a, Vector b, Vector c, Vector out[4]) {
  const Vector outer = plus(a, c);
  out[0] = a;
  out[1] = half(plus(outer, b));
  out[2] = half(minus(outer, b));
  out[3] = c;
}

/** Aᵀ of four numbers. */
DOTS_INLINE void outputPair(Vector a, Vector b, Vector c, Vector d, Vector& first, Vector& second) {
  first = plus(plus(a, b), c);
  second = minus(minus(b, c), d);
}

/** @param at - where the 16 channels from `channel` on lie in the output */
DOTS_INLINE Vector finished(Vector y, const Finish& f, int64_t channel, int64_t at) {
  y = _mm512_fmadd_ps(y, _mm512_loadu_ps(f.scale + channel), _mm512_loadu_ps(f.shift + channel));
  if (f.residual) y = plus(y, widen(f.residual + at));
  return f.relu ? _mm512_max_ps(_mm512_setzero_ps(), y) : y;  // of NaN and a number, the second
}

}  // namespace la_ssl
#endif
