/**
 * Two outputs side by side, a tile of a row, come from 4 inputs of each of three rows with 12 products instead of 18:
 *
 *     y = Aᵀ Σ [ (G g) ⊙ (Bᵀ d) ]     summed over the three rows of the kernel and the input channels
 *
 * Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, F(2, 3), https://arxiv.org/abs/1509.09308
 *
 * A row is transformed once for the three rows of outputs that need it. Sums stay in registers until they are outputs.
 */
#include "winograd_row_loops.h"

#include "winograd_vectors.h"

#include <utility>

namespace la_ssl {

#ifdef LA_SSL_BFLOAT16_DOTS
namespace {

constexpr int64_t kPlaces = 4, kRows = 3;
/** Tiles that are computed together. */
constexpr int64_t kBlock = 4;

/** A row of images, transformed: `[channels / 16][place][tile][16]`. */
struct Row {
  int64_t tiles, place, size;
  Row(int64_t width, int64_t channels)
      : tiles((width + 2 * kBlock - 1) / (2 * kBlock) * kBlock), place(tiles * kLanes), size(kPlaces * tiles * channels) {}
};

/** `Bᵀ d` of all tiles of a row, two of them at a time. */
DOTS void transformRow(const Row& r, const uint16_t* pixels, int64_t width, int64_t channels, uint16_t* out) {
  for (int64_t i = 0; i < channels; i += kLanes) {
    Vector d[6];
    d[0] = _mm512_setzero_ps();
    d[1] = widen(pixels + i);
    for (int64_t tile = 0; tile < r.tiles; tile += 2) {
#pragma GCC unroll 4
      for (int k = 2; k < 6; k++) {
        const int64_t x = 2 * tile - 1 + k;
        d[k] = x < width ? widen(pixels + x * channels + i) : _mm512_setzero_ps();
      }
      uint16_t* to = out + (kPlaces * i / kLanes * r.tiles + tile) * kLanes;
      _mm512_storeu_si512(to, rounded(minus(d[0], d[2]), minus(d[2], d[4])));
      _mm512_storeu_si512(to + r.place, rounded(plus(d[1], d[2]), plus(d[3], d[4])));
      _mm512_storeu_si512(to + 2 * r.place, rounded(minus(d[2], d[1]), minus(d[4], d[3])));
      _mm512_storeu_si512(to + 3 * r.place, rounded(minus(d[1], d[3]), minus(d[3], d[5])));
      d[0] = d[4];
      d[1] = d[5];
    }
  }
}

/**
 * A block of tiles of a row, 16 output channels.
 * @param rows - transformed: above, here and below
 * @param weight - pairs of input channels, `[3][channels / 2][place][16][2]`
 */
DOTS_INLINE void multiply(const Row& r, const uint16_t* const rows[kRows], int64_t tile, const uint16_t* weight, int64_t channels,
                          Vector out[kBlock][2]) {
  Vector sums[kBlock][kPlaces];
#pragma GCC unroll 4
  for (int t = 0; t < kBlock; t++) {
#pragma GCC unroll 4
    for (int p = 0; p < kPlaces; p++) sums[t][p] = _mm512_setzero_ps();
  }
  for (int64_t row = 0; row < kRows; row++) {
    const uint16_t* x = rows[row] + tile * kLanes;
    for (int64_t i = 0; i < channels; i += kLanes, x += kPlaces * r.place) {
      for (int k = 0; k < kLanes; k += 2, weight += kPlaces * 2 * kLanes) {
#pragma GCC unroll 4
        for (int p = 0; p < kPlaces; p++) {
          const __m512i w = _mm512_loadu_si512(weight + p * 2 * kLanes);
#pragma GCC unroll 4
          for (int t = 0; t < kBlock; t++) {
            const __m512i pair = _mm512_set1_epi32(*(const int*)(x + p * r.place + t * kLanes + k));
            sums[t][p] = _mm512_dpbf16_ps(sums[t][p], (__m512bh)pair, (__m512bh)w);
          }
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int t = 0; t < kBlock; t++) outputPair(sums[t][0], sums[t][1], sums[t][2], sums[t][3], out[t][0], out[t][1]);
}

/** Of the images `first` to `last`. */
template <bool finishes>
DOTS void convolve(const Convolution& c, int64_t first, int64_t last, const uint16_t* input, const uint16_t* weight, uint16_t* out,
                   const Finish* finish) {
  const Row r(c.width, c.inChannels);
  const int64_t rowSize = c.width * c.inChannels, end = last * c.height;
  const Scratch<uint16_t> transformed(kRows * r.size), zeros(r.size, true);
  uint16_t* ring[kRows] = {transformed, transformed + r.size, transformed + 2 * r.size};
  for (int64_t row = first * c.height; row < end; row++) {
    const int64_t y = row % c.height;
    // Above, here, below: at the top of an image nothing is there yet.
    std::swap(ring[0], ring[1]);
    std::swap(ring[1], ring[2]);
    if (y == 0) transformRow(r, input + row * rowSize, c.width, c.inChannels, ring[1]);
    if (y + 1 < c.height) transformRow(r, input + (row + 1) * rowSize, c.width, c.inChannels, ring[2]);
    const uint16_t* rows[kRows] = {y == 0 ? zeros : ring[0], ring[1], y + 1 < c.height ? ring[2] : zeros};
    const int64_t times = r.tiles / kBlock * c.outChannels / kLanes;
    Ahead next(input + std::min(row + 3, end) * rowSize, std::clamp<int64_t>(end - row - 3, 0, 1) * rowSize, times);
    for (int64_t o = 0; o < c.outChannels; o += kLanes) {
      for (int64_t tile = 0; tile < r.tiles; tile += kBlock) {
        next.fetch();
        Vector sums[kBlock][2];
        multiply(r, rows, tile, weight + o * kRows * kPlaces * c.inChannels, c.inChannels, sums);
        const int64_t pixels = c.width - 2 * tile;
#pragma GCC unroll 8
        for (int x = 0; x < 2 * kBlock; x++) {
          if (x >= pixels) continue;
          const int64_t at = (row * c.width + 2 * tile + x) * c.outChannels + o;
          Vector v = sums[x / 2][x % 2];
          if constexpr (finishes) v = finished(v, *finish, o, at);
          _mm256_storeu_si256((__m256i*)(out + at), (__m256i)_mm512_cvtneps_pbh(v));
        }
      }
    }
  }
}

}  // namespace

DOTS void transformRowsOfWeight(const Weight& w, bool turned, uint16_t* out) {
  const int64_t ins = turned ? w.outChannels : w.inChannels;
  for (int64_t o = 0; o < w.outChannels; o++) {
    for (int64_t row = 0; row < kRows; row++) {
      for (int64_t i = 0; i < w.inChannels; i += kLanes) {
        Vector g[kRows], u[kPlaces];
        for (int64_t x = 0; x < kRows; x++) {
          const int64_t tap = 3 * row + x;
          g[x] = _mm512_loadu_ps(w.data + (9 * o + (turned ? 8 - tap : tap)) * w.inChannels + i);
        }
        kernelColumn(g[0], g[1], g[2], u);
        for (int64_t p = 0; p < kPlaces; p++) {
          alignas(32) uint16_t numbers[kLanes];
          _mm256_store_si256((__m256i*)numbers, (__m256i)_mm512_cvtneps_pbh(u[p]));
          for (int64_t k = 0; k < kLanes; k++) {
            const int64_t from = turned ? o : i + k, to = turned ? i + k : o;
            const int64_t block = to / kLanes * kRows + row;
            out[(((block * ins / 2 + from / 2) * kPlaces + p) * kLanes + to % kLanes) * 2 + from % 2] = numbers[k];
          }
        }
      }
    }
  }
}

void winogradRows(const Convolution& c, const uint16_t* input, const uint16_t* weight, uint16_t* out, int threads,
                  const Finish* finish) {
  const int64_t shares = std::clamp<int64_t>(threads, 1, c.images);
  const auto convolveImages = finish ? convolve<true> : convolve<false>;
#pragma omp parallel for num_threads((int)shares) schedule(static) if (shares > 1)
  for (int64_t i = 0; i < shares; i++) {
    convolveImages(c, i * c.images / shares, (i + 1) * c.images / shares, input, weight, out, finish);
  }
}
#else
void transformRowsOfWeight(const Weight&, bool, uint16_t*) {}
void winogradRows(const Convolution&, const uint16_t*, const uint16_t*, uint16_t*, int, const Finish*) {}
#endif

}  // namespace la_ssl
