/**
 * The instruction `vdpbf16ps` adds products of *pairs* of numbers, to sixteen sums at once. So one side of a product is put in
 * order first, as panels of up to 48 columns, `[pairs][columns]`; then 8 × 3 vectors of sums stay in registers.
 *
 * For output and gradient of the input the pairs are along a row, where they lie side by side already, and only the weight is
 * put in order. For the gradient of the weight a pair is two rows: both sides are put in order, in pieces that the caches hold,
 * of the input by panels of 48 columns, of the gradient by panels of 8.
 */
#include "linear_loops.h"

#include "bfloat16_dots.h"

#include <vector>

namespace la_ssl {

namespace {
bool inSixteens(const Linear& l) { return l.outs > 0 && l.ins > 0 && l.outs % 16 == 0 && l.ins % 16 == 0; }
}  // namespace

bool takesOutput(const Linear& l) { return l.rows >= 512 && inSixteens(l); }
bool takesWeightGradient(const Linear& l) { return l.rows >= 64 && inSixteens(l); }

#ifdef LA_SSL_BFLOAT16_DOTS
namespace {

constexpr int64_t kPanel = 48;
constexpr int64_t widthOf(int64_t first, int64_t columns) { return std::min(kPanel, columns - first); }

/** Adds to the sums of `R` rows and `16 V` columns. @param of - `(row, pair) → Pair` @param panel - `[pairs][16 V]` */
template <int R, int V, class PairOf>
DOTS_INLINE void addProducts(__m512 (&sums)[R][V], int64_t pairs, const PairOf& of, const Pair* panel) {
  for (int64_t pair = 0; pair < pairs; pair++, panel += 16 * V) {
    __m512bh columns[V];
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) columns[v] = (__m512bh)_mm512_loadu_si512(panel + 16 * v);
#pragma GCC unroll 8
    for (int r = 0; r < R; r++) {
      const auto row = (__m512bh)_mm512_set1_epi32((int)of(r, pair));
#pragma GCC unroll 3
      for (int v = 0; v < V; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], columns[v], row);
    }
  }
}

// Output and gradient of the input: `[rows, 2 · pairs]` times panels.

/** Rows of a tile, and of a block, which meets all panels one after another. */
constexpr int64_t kRows = 8, kBlock = 48;

/** Pairs of rows that are `size` apart. */
struct PairsOfRows {
  const uint16_t* rows;
  int64_t size;
  DOTS_INLINE Pair operator()(int row, int64_t pair) const {
    Pair result;
    std::memcpy(&result, rows + row * size + 2 * pair, sizeof result);
    return result;
  }
};

/** `R × 16 V` of the result. @param from - rows that are `2 pairs` apart @param to - rows that are `columns` apart */
template <int R, int V>
DOTS void multiplyTile(int64_t pairs, const uint16_t* from, const Pair* panel, const float* bias, uint16_t* to, int64_t columns) {
  __m512 sums[R][V];
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
    __builtin_prefetch(to + r * columns, 1);
    __builtin_prefetch(to + r * columns + 16 * V - 1, 1);
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) sums[r][v] = _mm512_loadu_ps(bias + 16 * v);
  }
  addProducts<R, V>(sums, pairs, PairsOfRows{from, 2 * pairs}, panel);
#pragma GCC unroll 8
  for (int r = 0; r < R; r++) {
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) {
      _mm256_storeu_si256((__m256i*)(to + r * columns + 16 * v), (__m256i)_mm512_cvtneps_pbh(sums[r][v]));
    }
  }
}

template <int R>
DOTS void multiplyTileOf(int64_t width, int64_t pairs, const uint16_t* from, const Pair* panel, const float* bias, uint16_t* to,
                         int64_t columns) {
  switch (width) {
    case 48: return multiplyTile<R, 3>(pairs, from, panel, bias, to, columns);
    case 32: return multiplyTile<R, 2>(pairs, from, panel, bias, to, columns);
    default: return multiplyTile<R, 1>(pairs, from, panel, bias, to, columns);
  }
}

/** @param from - `[rows, 2 pairs]` @param panels - of `[2 pairs, columns]` @param to - `[rows, columns]` */
void multiply(int64_t rows, int64_t pairs, int64_t columns, const uint16_t* from, const Pair* panels, const float* bias,
              uint16_t* to, int threads) {
  const int64_t size = 2 * pairs, tiles = kBlock / kRows * ((columns + kPanel - 1) / kPanel);
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static)
  for (int64_t block = 0; block < rows; block += kBlock) {
    const int64_t end = std::min(rows, block + kBlock);
    Ahead next(from + end * size, (std::min(rows, end + kBlock) - end) * size, tiles);
    for (int64_t first = 0; first < columns; first += kPanel) {
      const int64_t width = widthOf(first, columns);
      const Pair* panel = panels + first * pairs;
      int64_t row = block;
      for (; row + kRows <= end; row += kRows) {
        next.fetch();
        multiplyTileOf<kRows>(width, pairs, from + row * size, panel, bias + first, to + row * columns + first, columns);
      }
      for (; row < end; row++) {
        multiplyTileOf<1>(width, pairs, from + row * size, panel, bias + first, to + row * columns + first, columns);
      }
    }
  }
}

/** A weight's rows as columns of panels; a pair is of one row. */
DOTS void packRows(const Linear& l, const uint16_t* weight, Pair* panels, int threads) {
  const int64_t pairs = l.ins / 2;
  const __m512i apart = _mm512_mullo_epi32(_mm512_set1_epi32((int)pairs),
                                           _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static)
  for (int64_t first = 0; first < l.outs; first += kPanel) {
    const int64_t width = widthOf(first, l.outs);
    for (int64_t c = 0; c < width; c += 16) {
      const uint16_t* row = weight + (first + c) * l.ins;
      Pair* to = panels + first * pairs + c;
      for (int64_t pair = 0; pair < pairs; pair++) {
        _mm512_storeu_si512(to + pair * width, _mm512_i32gather_epi32(apart, row + 2 * pair, 4));
      }
    }
  }
}

/** Two rows as a pair of panels of so many columns, for `pairs` of them. */
DOTS void packPair(const uint16_t* a, const uint16_t* b, int64_t columns, int64_t pair, int64_t pairs, Pair* panels) {
  for (int64_t first = 0; first < columns; first += kPanel) {
    const int64_t width = widthOf(first, columns);
    Pair* to = panels + first * pairs + pair * width;
    for (int64_t c = 0; c < width; c += 16) _mm512_storeu_si512(to + c, pairUp(a + first + c, b + first + c));
  }
}

// The gradient of the weight.

constexpr int64_t kOut = 8;
/** Pairs of a piece: a panel of the input is 18 KiB. */
constexpr int64_t kPairs = 96;

struct PairsOfPanel {
  const Pair* panel;
  DOTS_INLINE Pair operator()(int column, int64_t pair) const { return panel[pair * kOut + column]; }
};

/** Adds the products of a panel of the gradient and one of the input to `out`, rows of which are `ins` apart. */
template <int V>
DOTS void addPanels(int64_t pairs, const Pair* gradient, const Pair* input, float* out, int64_t ins) {
  __m512 sums[kOut][V];
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) {
      __builtin_prefetch(out + o * ins + 16 * v, 1);
      sums[o][v] = _mm512_setzero_ps();
    }
  }
  addProducts<kOut, V>(sums, pairs, PairsOfPanel{gradient}, input);
#pragma GCC unroll 8
  for (int o = 0; o < kOut; o++) {
#pragma GCC unroll 3
    for (int v = 0; v < V; v++) {
      float* sum = out + o * ins + 16 * v;
      _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), sums[o][v]));
    }
  }
}

DOTS void addPanelsOf(int64_t width, int64_t pairs, const Pair* gradient, const Pair* input, float* out, int64_t ins) {
  switch (width) {
    case 48: return addPanels<3>(pairs, gradient, input, out, ins);
    case 32: return addPanels<2>(pairs, gradient, input, out, ins);
    default: return addPanels<1>(pairs, gradient, input, out, ins);
  }
}

/** Two rows of the gradient as a pair of panels of 8 columns. */
DOTS void packGradient(const uint16_t* a, const uint16_t* b, int64_t outs, int64_t pair, Pair* panels) {
  for (int64_t first = 0; first < outs; first += 16) {
    const __m512i both = pairUp(a + first, b + first);
    Pair* to = panels + first * kPairs + pair * kOut;
    _mm256_storeu_si256((__m256i*)to, _mm512_castsi512_si256(both));
    _mm256_storeu_si256((__m256i*)(to + kPairs * kOut), _mm512_extracti64x4_epi64(both, 1));
  }
}

/** Rows that are `apart`, of which so many columns are fetched into the cache. */
void fetchRows(const uint16_t* rows, int64_t apart, int64_t from, int64_t to, int64_t columns) {
  for (int64_t row = from; row < to; row++) {
    for (int64_t c = 0; c < columns; c += 32) __builtin_prefetch(rows + row * apart + c, 0, 2);
  }
}

/** A part of `linearWeightGradient`: of so many columns of gradient and input, rows of which are `l.outs` and `l.ins` apart. */
void addPart(const Linear& l, int64_t outs, int64_t ins, const uint16_t* gradient, const uint16_t* input, float* out) {
  if (outs == 0 || ins == 0) return;
  const Scratch<Pair> x(kPairs * ins), g(kPairs * outs);
  const std::vector<uint16_t> none(std::max(ins, outs));
  for (int64_t o = 0; o < outs; o++) std::fill(out + o * l.ins, out + o * l.ins + ins, 0.0f);
  const int64_t tiles = (ins + kPanel - 1) / kPanel * (outs / kOut);
  for (int64_t row = 0; row < l.rows; row += 2 * kPairs) {
    const int64_t end = std::min(l.rows, row + 2 * kPairs), pairs = (end - row + 1) / 2;
    for (int64_t pair = 0; pair < pairs; pair++) {
      const int64_t a = row + 2 * pair, b = a + 1;
      packPair(input + a * l.ins, b < l.rows ? input + b * l.ins : none.data(), ins, pair, kPairs, x);
      packGradient(gradient + a * l.outs, b < l.rows ? gradient + b * l.outs : none.data(), outs, pair, g);
    }
    const int64_t after = std::min(l.rows - end, 2 * kPairs);
    for (int64_t i = 0, tile = 0; i < ins; i += kPanel) {
      for (int64_t o = 0; o < outs; o += kOut, tile++) {
        const int64_t from = end + after * tile / tiles, to = end + after * (tile + 1) / tiles;
        fetchRows(gradient, l.outs, from, to, outs);
        fetchRows(input, l.ins, from, to, ins);
        addPanelsOf(widthOf(i, ins), pairs, g + o * kPairs, x + i * kPairs, out + o * l.ins + i, l.ins);
      }
    }
  }
}

}  // namespace

void linearOutput(const Linear& l, const uint16_t* input, const uint16_t* weight, const float* bias, uint16_t* output,
                  int threads) {
  const Scratch<Pair> panels(l.outs * l.ins / 2);
  packRows(l, weight, panels, threads);
  const std::vector<float> none(bias ? 0 : l.outs);
  multiply(l.rows, l.ins / 2, l.outs, input, panels, bias ? bias : none.data(), output, threads);
}

void linearInputGradient(const Linear& l, const uint16_t* gradient, const uint16_t* weight, uint16_t* out, int threads) {
  const Scratch<Pair> panels(l.outs * l.ins / 2);
  const int64_t pairs = l.outs / 2;
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static)
  for (int64_t pair = 0; pair < pairs; pair++) {
    packPair(weight + 2 * pair * l.ins, weight + (2 * pair + 1) * l.ins, l.ins, pair, pairs, panels);
  }
  const std::vector<float> none(l.ins);
  multiply(l.rows, pairs, l.ins, gradient, panels, none.data(), out, threads);
}

/** A thread has columns of its own, of the larger side: nothing that one has packed is read by another. */
void linearWeightGradient(const Linear& l, const uint16_t* gradient, const uint16_t* input, float* out, int threads) {
  const bool byOuts = l.outs >= l.ins;
  const int64_t unit = byOuts ? 16 : kPanel, size = byOuts ? l.outs : l.ins, units = (size + unit - 1) / unit;
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(static)
  for (int part = 0; part < threads; part++) {
    const int64_t from = unit * (units * part / threads), to = std::min(size, unit * (units * (part + 1) / threads));
    if (byOuts) {
      addPart(l, to - from, l.ins, gradient + from, input, out + from * l.ins);
    } else {
      addPart(l, l.outs, to - from, gradient, input + from, out + from);
    }
  }
}
#else
void linearOutput(const Linear&, const uint16_t*, const uint16_t*, const float*, uint16_t*, int) {}
void linearInputGradient(const Linear&, const uint16_t*, const uint16_t*, uint16_t*, int) {}
void linearWeightGradient(const Linear&, const uint16_t*, const uint16_t*, float*, int) {}
#endif

}  // namespace la_ssl
