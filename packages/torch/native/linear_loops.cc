/**
 * The instruction `vdpbf16ps` adds products of *pairs* of numbers; the pair here is two rows. Rows are put into pairs in pieces that
 * the caches hold, of the input by panels of 48 columns, of the gradient by panels of 8. Then 8 × 3 vectors of sums stay in
 * registers over the rows of a piece.
 */
#include "linear_loops.h"

#include "bfloat16_dots.h"

#include <vector>

namespace la_ssl {

bool takesWeightGradient(const Linear& l) {
  return l.rows >= 64 && l.outs > 0 && l.ins > 0 && l.outs % 16 == 0 && l.ins % 16 == 0;
}

#ifdef LA_SSL_BFLOAT16_DOTS
namespace {

constexpr int64_t kOut = 8, kIn = 48;
/** Pairs of a piece: a panel of the input is 12 KiB. */
constexpr int64_t kPairs = 64;

/** Adds the products of a panel of the gradient and one of `16 V` columns of the input to `out`, rows of which are `ins` apart. */
template <int V>
DOTS void addPanels(int64_t pairs, const Pair* gradient, const Pair* input, float* out, int64_t ins) {
  for (int64_t o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) __builtin_prefetch(out + o * ins + 16 * v, 1);
  }
  __m512 sums[kOut][V];
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) sums[o][v] = _mm512_setzero_ps();
  }
  for (int64_t pair = 0; pair < pairs; pair++, gradient += kOut, input += 16 * V) {
    __m512bh x[V];
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) x[v] = (__m512bh)_mm512_loadu_si512(input + 16 * v);
#pragma GCC unroll 8
    for (int o = 0; o < kOut; o++) {
      const auto g = (__m512bh)_mm512_set1_epi32((int)gradient[o]);
#pragma GCC unroll 3
      for (int v = 0; v < V; v++) sums[o][v] = _mm512_dpbf16_ps(sums[o][v], x[v], g);
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) {
      float* sum = out + o * ins + 16 * v;
      _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), sums[o][v]));
    }
  }
}

/** Two rows of the input as a pair of a piece, whose panels are one after another, the last of them maybe narrower. */
DOTS void packInput(const uint16_t* a, const uint16_t* b, int64_t ins, int64_t pair, Pair* piece) {
  for (int64_t first = 0; first < ins; first += kIn) {
    const int64_t width = std::min(kIn, ins - first);
    Pair* to = piece + first * kPairs + pair * width;
    for (int64_t c = 0; c < width; c += 16) _mm512_storeu_si512(to + c, pairUp(a + first + c, b + first + c));
  }
}

/** The same of the gradient. */
DOTS void packGradient(const uint16_t* a, const uint16_t* b, int64_t outs, int64_t pair, Pair* piece) {
  for (int64_t first = 0; first < outs; first += 16) {
    const __m512i pairs = pairUp(a + first, b + first);
    Pair* to = piece + first * kPairs + pair * kOut;
    _mm256_storeu_si256((__m256i*)to, _mm512_castsi512_si256(pairs));
    _mm256_storeu_si256((__m256i*)(to + kPairs * kOut), _mm512_extracti64x4_epi64(pairs, 1));
  }
}

DOTS void addPanelsOf(int64_t width, int64_t pairs, const Pair* gradient, const Pair* input, float* out, int64_t ins) {
  switch (width) {
    case 48: return addPanels<3>(pairs, gradient, input, out, ins);
    case 32: return addPanels<2>(pairs, gradient, input, out, ins);
    default: return addPanels<1>(pairs, gradient, input, out, ins);
  }
}

/** Brings the `tile`-th of so many parts of what comes next into the cache, while there is computing to do. */
void fetch(const uint16_t* next, int64_t size, int64_t tile, int64_t tiles) {
  const char *from = (const char*)(next + tile * size / tiles), *to = (const char*)(next + (tile + 1) * size / tiles);
  for (; from < to; from += 64) __builtin_prefetch(from, 0, 2);
}

}  // namespace

void linearWeightGradient(const Linear& l, const uint16_t* gradient, const uint16_t* input, float* out, int threads) {
  const Scratch<Pair> x(kPairs * l.ins), g(kPairs * l.outs);
  const std::vector<uint16_t> none(std::max(l.ins, l.outs));
  const int64_t panels = (l.ins + kIn - 1) / kIn, tiles = panels * (l.outs / kOut);
  std::fill(out, out + l.outs * l.ins, 0.0f);
#pragma omp parallel num_threads(threads) if (threads > 1)
  for (int64_t row = 0; row < l.rows; row += 2 * kPairs) {
    const int64_t pairs = std::min(kPairs, (l.rows - row + 1) / 2);
    const int64_t after = std::min(l.rows, row + 2 * kPairs), next = std::min(l.rows - after, 2 * kPairs);
#pragma omp for schedule(static)
    for (int64_t pair = 0; pair < pairs; pair++) {
      const int64_t a = row + 2 * pair, b = a + 1;
      packInput(input + a * l.ins, b < l.rows ? input + b * l.ins : none.data(), l.ins, pair, x);
      packGradient(gradient + a * l.outs, b < l.rows ? gradient + b * l.outs : none.data(), l.outs, pair, g);
    }
#pragma omp for collapse(2) schedule(static)
    for (int64_t panel = 0; panel < panels; panel++) {
      for (int64_t o = 0; o < l.outs; o += kOut) {
        const int64_t i = panel * kIn, tile = (panel * l.outs + o) / kOut;
        fetch(input + after * l.ins, next * l.ins, tile, tiles);
        fetch(gradient + after * l.outs, next * l.outs, tile, tiles);
        addPanelsOf(std::min(kIn, l.ins - i), pairs, g + o * kPairs, x + i * kPairs, out + o * l.ins + i,
                    l.ins);
      }
    }
  }
}
#else
void linearWeightGradient(const Linear&, const uint16_t*, const uint16_t*, float*, int) {}
#endif

}  // namespace la_ssl
