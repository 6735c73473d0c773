/**
 * Four outputs of a 3×3 convolution, a tile of 2×2, come from 16 inputs with 16 products instead of 36:
 *
 *     Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A        dg = Gᵀ [ Σ (A dY Aᵀ) ⊙ (Bᵀ d B) ] G
 *
 * d: 4×4 inputs, g: the kernel, ⊙: product of numbers in the same place, one of 16. In each place these are products of
 * matrices, tiles × input channels × output channels. The second line is the first one's derivative by g.
 *
 * Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, F(2×2, 3×3), https://arxiv.org/abs/1509.09308
 *
 * Tiles are transformed two at a time, side by side, 16 channels in a vector; a block of tiles stays in the caches until its
 * products are done. Meanwhile the images of the next block are fetched: waiting for them was the most of a transform.
 */
#include "winograd_loops.h"

#include "winograd_vectors.h"

namespace la_ssl {

bool takesWinograd(const Convolution& c) {
  return c.stride == 1 && c.inChannels % 16 == 0 && c.outChannels % 16 == 0 && c.inChannels > 0 && c.outChannels > 0 &&
         c.width >= 4 && c.height >= 2 && c.images >= 1;
}

#ifdef LA_SSL_BFLOAT16_DOTS
namespace {

constexpr int64_t kPlaces = 16;
/** Registers for sums, of 32. */
constexpr int kSums = 24;
/** Tiles of a block for the gradient of the weight. */
constexpr int64_t kTiles = 64;
/** Bytes of sums of which a thread has its own; more are shared out among the threads. */
constexpr int64_t kOwnSums = 1 << 20;
/** Of sums that are added to at a time, which a cache is to hold. */
constexpr int64_t kMostSums = 4 << 20;

/** Where tiles lie in images, row by row. A row has an even number of them; what reaches over an edge is zero there. */
struct Tiles {
  const Convolution& c;
  int64_t perRow, perImage;
  explicit Tiles(const Convolution& c) : c(c), perRow((c.width + 3) / 4 * 2), perImage(perRow * ((c.height + 1) / 2)) {}

  struct Place {
    int64_t image, y, x;
  };
  Place at(int64_t tile) const {
    const int64_t within = tile % perImage;
    return {tile / perImage, within / perRow * 2, within % perRow * 2};
  }
  /** Places of tiles one after another: a division takes as long as the transform of a vector. */
  void at(int64_t tile, int64_t count, Place* out) const {
    Place place = at(tile);
    for (int64_t i = 0; i < count; i++) {
      out[i] = place;
      place.x += 2;
      if (place.x < 2 * perRow) continue;
      place.x = 0;
      place.y += 2;
      if (place.y < c.height) continue;
      place.y = 0;
      place.image++;
    }
  }
  /** The pixels that tiles which follow need first, and what is left of the images after these. */
  Ahead ahead(const uint16_t* images, int64_t channels, int64_t tile, int64_t tiles, int64_t times) const {
    const Place place = at(tile);
    const int64_t from = (place.image * c.height + place.y) * c.width, all = c.images * c.height * c.width;
    return {images + from * channels, std::clamp<int64_t>(all - from, 0, tiles * 4 + c.width) * channels, times};
  }
};

/** Rows of an image, of zeros above and below it. */
struct Rows {
  const uint16_t* of[4];
  int64_t width, channels;

  Rows(const Tiles& tiles, const Tiles::Place& place, const uint16_t* images, int64_t channels, const uint16_t* zeros, int64_t first)
      : width(tiles.c.width), channels(channels) {
    for (int64_t i = 0; i < 4; i++) {
      const int64_t y = place.y + first + i;
      of[i] = y < 0 || y >= tiles.c.height ? zeros : images + (place.image * tiles.c.height + y) * width * channels;
    }
  }
  bool has(int64_t x) const { return x >= 0 && x < width; }
};

/** Bᵀ of a column of inputs. */
DOTS_INLINE void inputColumn(const Rows& rows, int64_t x, int64_t channel, Vector out[4]) {
  if (!rows.has(x)) {
    out[0] = out[1] = out[2] = out[3] = _mm512_setzero_ps();
    return;
  }
  const int64_t at = x * rows.channels + channel;
  const Vector a = widen(rows.of[0] + at), b = widen(rows.of[1] + at), c = widen(rows.of[2] + at), d = widen(rows.of[3] + at);
  out[0] = minus(a, c);
  out[1] = plus(b, c);
  out[2] = minus(c, b);
  out[3] = minus(b, d);
}

/** `Bᵀ d B` of two tiles, 16 channels: `store(place, first, second)` for each place. */
template <class Store>
DOTS_INLINE void transformInput(const Rows& rows, int64_t x, int64_t channel, const Store& store) {
  Vector t[6][4];
#pragma GCC unroll 6
  for (int i = 0; i < 6; i++) inputColumn(rows, x + i - 1, channel, t[i]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    store(4 * i, minus(t[0][i], t[2][i]), minus(t[2][i], t[4][i]));
    store(4 * i + 1, plus(t[1][i], t[2][i]), plus(t[3][i], t[4][i]));
    store(4 * i + 2, minus(t[2][i], t[1][i]), minus(t[4][i], t[3][i]));
    store(4 * i + 3, minus(t[1][i], t[3][i]), minus(t[3][i], t[5][i]));
  }
}

/** A of a column of the gradient, but for the sign of its last number. */
DOTS_INLINE void gradientColumn(const Rows& rows, int64_t x, int64_t channel, Vector out[4]) {
  if (!rows.has(x)) {
    out[0] = out[1] = out[2] = out[3] = _mm512_setzero_ps();
    return;
  }
  const Vector a = widen(rows.of[0] + x * rows.channels + channel), b = widen(rows.of[1] + x * rows.channels + channel);
  out[0] = a;
  out[1] = plus(a, b);
  out[2] = minus(a, b);
  out[3] = b;
}

/** `A dY Aᵀ` of two tiles, but for the signs of its last row and column, which `finishWeightGradient` gives. */
template <class Store>
DOTS_INLINE void transformGradient(const Rows& rows, int64_t x, int64_t channel, const Store& store) {
  Vector t[4][4];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) gradientColumn(rows, x + i, channel, t[i]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    store(4 * i, t[0][i], t[2][i]);
    store(4 * i + 1, plus(t[0][i], t[1][i]), plus(t[2][i], t[3][i]));
    store(4 * i + 2, minus(t[0][i], t[1][i]), minus(t[2][i], t[3][i]));
    store(4 * i + 3, t[1][i], t[3][i]);
  }
}

/**
 * Transformed tiles of a block: `[channels / 16][place][tile][16]`. Distances are known when this is compiled, so that a register
 * is enough for the addresses of all.
 */
template <int64_t kBlock>
struct Transformed {
  /** A power of 2 would put all places into the same few lines of a cache. */
  static constexpr int64_t kPlace = kBlock * kLanes + 32, kChannels = kPlaces * kPlace;
  static int64_t size(int64_t channels) { return channels / kLanes * kChannels; }
};

/** Two tiles as two rows of 16 channels. */
template <int64_t kBlock>
struct AsRows {
  uint16_t* at;
  DOTS_INLINE void operator()(int p, Vector a, Vector b) const {
    _mm512_storeu_si512(at + p * Transformed<kBlock>::kPlace, rounded(a, b));
  }
};

/** Two tiles as one row of 16 pairs. */
template <int64_t kBlock>
struct AsPairs {
  uint16_t* at;
  DOTS_INLINE void operator()(int p, Vector a, Vector b) const {
    _mm512_storeu_si512(at + p * Transformed<kBlock>::kPlace, paired(a, b));
  }
};

/**
 * `out[tile][o] = Σ tiles[tile][i] weight[i][o]` at one place, of `kSums / kVectors` tiles and `16 · kVectors` output channels.
 * @param weight - pairs of input channels, `[channels / 2][16 · kVectors][2]`
 */
template <int kVectors>
DOTS_INLINE void multiply(const uint16_t* tiles, const uint16_t* weight, int64_t channels, float* out) {
  constexpr int kRows = kSums / kVectors;
  Vector sums[kRows][kVectors];
#pragma GCC unroll 24
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) sums[r][v] = _mm512_setzero_ps();
  }
  for (int64_t i = 0; i < channels; i += kLanes, tiles += Transformed<kRows>::kChannels) {
    for (int k = 0; k < kLanes; k += 2, weight += 2 * kLanes * kVectors) {
      __m512i w[kVectors];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) w[v] = _mm512_loadu_si512(weight + v * 2 * kLanes);
#pragma GCC unroll 24
      for (int r = 0; r < kRows; r++) {
        const __m512i x = _mm512_set1_epi32(*(const int*)(tiles + r * kLanes + k));
#pragma GCC unroll 2
        for (int v = 0; v < kVectors; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], (__m512bh)x, (__m512bh)w[v]);
      }
    }
  }
#pragma GCC unroll 24
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) _mm512_store_ps(out + (r * kVectors + v) * kLanes, sums[r][v]);
  }
}

/** `Aᵀ m A` of one tile, 16 channels: its four outputs, row by row. */
DOTS_INLINE void transformOutput(const float* sums, int64_t place, Vector out[4]) {
  Vector t[4][2];
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const float* m = sums + 4 * i * place;
    outputPair(_mm512_load_ps(m), _mm512_load_ps(m + place), _mm512_load_ps(m + 2 * place), _mm512_load_ps(m + 3 * place),
               t[i][0], t[i][1]);
  }
#pragma GCC unroll 2
  for (int j = 0; j < 2; j++) outputPair(t[0][j], t[1][j], t[2][j], t[3][j], out[j], out[2 + j]);
}

/** Writes one tile's outputs from channel `o` on, as far as they lie within the image. */
template <int kVectors, bool finishes>
DOTS_INLINE void storeTile(const Convolution& c, const Tiles::Place& place, const float* sums, int64_t step, const Finish* finish,
                           int64_t o, uint16_t* out) {
  Vector y[kVectors][4];
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; v++) transformOutput(sums + v * kLanes, step, y[v]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    const int64_t row = place.y + i / 2, column = place.x + i % 2;
    if (row >= c.height || column >= c.width) continue;
    const int64_t at = ((place.image * c.height + row) * c.width + column) * c.outChannels + o;
    if constexpr (finishes) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) y[v][i] = finished(y[v][i], *finish, o + v * kLanes, at + v * kLanes);
    }
    if constexpr (kVectors == 2) {
      _mm512_storeu_si512(out + at, rounded(y[0][i], y[1][i]));
    } else {
      _mm256_storeu_si256((__m256i*)(out + at), (__m256i)_mm512_cvtneps_pbh(y[0][i]));
    }
  }
}

/** Output channels that are computed together: those of `kVectors` vectors. */
int64_t channelsOfBlock(int64_t channels) { return channels % (2 * kLanes) == 0 ? 2 * kLanes : kLanes; }

/** Of the images `first` to `last`. */
template <int kVectors, bool finishes>
DOTS void convolve(const Convolution& c, int64_t first, int64_t last, const uint16_t* input, const uint16_t* weight, uint16_t* out,
                   const Finish* finish) {
  constexpr int64_t kBlock = kSums / kVectors, kOuts = kVectors * kLanes, kStep = kBlock * kVectors * kLanes;
  using Block = Transformed<kBlock>;
  const Tiles tiles(c);
  const int64_t end = last * tiles.perImage;
  const Scratch<uint16_t> transformed(Block::size(c.inChannels), true), zeros(c.width * c.inChannels, true);
  const Scratch<float> sums(kPlaces * kStep);
  Tiles::Place places[kBlock];
  for (int64_t from = first * tiles.perImage; from < end; from += kBlock) {
    const int64_t count = std::min(kBlock, end - from);
    tiles.at(from, count, places);
    for (int64_t t = 0; t < count; t += 2) {
      const Tiles::Place& at = places[t];
      const Rows rows(tiles, at, input, c.inChannels, zeros, -1);
      for (int64_t i = 0; i < c.inChannels; i += kLanes) {
        transformInput(rows, at.x, i, AsRows<kBlock>{transformed + i / kLanes * Block::kChannels + t * kLanes});
      }
    }
    Ahead next = tiles.ahead(input, c.inChannels, from + count, kBlock, kPlaces * c.outChannels / kOuts);
    for (int64_t o = 0; o < c.outChannels; o += kOuts) {
      const uint16_t* w = weight + o * kPlaces * c.inChannels;
      const int64_t placeW = kOuts * c.inChannels;
      for (int64_t p = 0; p < kPlaces; p++) {
        next.fetch();
        multiply<kVectors>(transformed + p * Block::kPlace, w + p * placeW, c.inChannels, sums + p * kStep);
      }
      for (int64_t t = 0; t < count; t++) {
        storeTile<kVectors, finishes>(c, places[t], sums + t * kVectors * kLanes, kStep, finish, o, out);
      }
    }
  }
}

/**
 * Adds the products of pairs of tiles to the sums of `16 · kVectors` input channels and `kOuts` output channels.
 * @param step - of `out` between output channels
 */
template <int kVectors, int kOuts = 16 / kVectors>
DOTS_INLINE void addProducts(const uint16_t* x, const uint16_t* g, int64_t pairs, float* out, int64_t step) {
  Vector sums[kOuts][kVectors];
#pragma GCC unroll 16
  for (int o = 0; o < kOuts; o++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) sums[o][v] = _mm512_load_ps(out + o * step + v * kLanes);
  }
  for (int64_t pair = 0; pair < pairs; pair++, x += 2 * kLanes, g += 2 * kLanes) {
    __m512i w[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) w[v] = _mm512_loadu_si512(x + v * Transformed<kTiles>::kChannels);
#pragma GCC unroll 16
    for (int o = 0; o < kOuts; o++) {
      const __m512i y = _mm512_set1_epi32(((const int*)g)[o]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; v++) sums[o][v] = _mm512_dpbf16_ps(sums[o][v], (__m512bh)w[v], (__m512bh)y);
    }
  }
#pragma GCC unroll 16
  for (int o = 0; o < kOuts; o++) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; v++) _mm512_store_ps(out + o * step + v * kLanes, sums[o][v]);
  }
}

/** What one thread does at a time: some of the images, some of the output channels. */
struct Share {
  int64_t firstImage, lastImage, firstOut, lastOut;
};

/** @param sums - `[places, outChannels, inChannels]` */
template <int kVectors>
DOTS void addShare(const Convolution& c, const Share& s, const uint16_t* input, const uint16_t* gradient, float* sums) {
  const Tiles tiles(c);
  const int64_t ins = c.inChannels, outs = s.lastOut - s.firstOut, end = s.lastImage * tiles.perImage;
  using Block = Transformed<kTiles>;
  constexpr int64_t kOuts = 16 / kVectors;
  const int64_t times = kPlaces * (ins / (kLanes * kVectors)) * (outs / kOuts);
  const Scratch<uint16_t> x(Block::size(ins)), g(Block::size(outs)), zeros(c.width * std::max(ins, c.outChannels), true);
  Tiles::Place places[kTiles];
  for (int64_t from = s.firstImage * tiles.perImage; from < end; from += kTiles) {
    const int64_t count = std::min(kTiles, end - from);
    tiles.at(from, count, places);
    for (int64_t t = 0; t < count; t += 2) {
      const Tiles::Place& at = places[t];
      const Rows inputs(tiles, at, input, ins, zeros, -1), gradients(tiles, at, gradient, c.outChannels, zeros, 0);
      for (int64_t i = 0; i < ins; i += kLanes) {
        transformInput(inputs, at.x, i, AsPairs<kTiles>{x + i / kLanes * Block::kChannels + t * kLanes});
      }
      for (int64_t o = 0; o < outs; o += kLanes) {
        transformGradient(gradients, at.x, s.firstOut + o, AsPairs<kTiles>{g + o / kLanes * Block::kChannels + t * kLanes});
      }
    }
    Ahead nextX = tiles.ahead(input, ins, from + count, kTiles, times);
    Ahead nextG = tiles.ahead(gradient, outs == c.outChannels ? outs : 0, from + count, kTiles, times);
    for (int64_t p = 0; p < kPlaces; p++) {
      for (int64_t i = 0; i < ins; i += kLanes * kVectors) {
        for (int64_t o = 0; o < outs; o += kOuts) {
          nextX.fetch();
          nextG.fetch();
          addProducts<kVectors>(x + i / kLanes * Block::kChannels + p * Block::kPlace,
                                g + o / kLanes * Block::kChannels + p * Block::kPlace + o % kLanes * 2, count / 2,
                                sums + (p * c.outChannels + s.firstOut + o) * ins + i, ins);
        }
      }
    }
  }
}

/** `Gᵀ sums G`, with the signs that `transformGradient` leaves out: of output channel `o` into `[3, 3, inChannels]`. */
DOTS void finishWeightGradient(const Convolution& c, int64_t o, const float* sums, float* out) {
  const int64_t place = c.outChannels * c.inChannels;
  for (int64_t i = 0; i < c.inChannels; i += kLanes) {
    Vector t[3][4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      const float* m = sums + j * place + o * c.inChannels + i;
      const Vector a = _mm512_load_ps(m + 4 * place), b = _mm512_load_ps(m + 8 * place), both = half(plus(a, b));
      t[0][j] = plus(_mm512_load_ps(m), both);
      t[1][j] = half(minus(a, b));
      t[2][j] = minus(both, _mm512_load_ps(m + 12 * place));
    }
#pragma GCC unroll 3
    for (int r = 0; r < 3; r++) {
      const Vector both = half(plus(t[r][1], t[r][2]));
      float* to = out + 3 * r * c.inChannels + i;
      _mm512_storeu_ps(to, plus(t[r][0], both));
      _mm512_storeu_ps(to + c.inChannels, half(minus(t[r][1], t[r][2])));
      _mm512_storeu_ps(to + 2 * c.inChannels, minus(both, t[r][3]));
    }
  }
}

/** `G g Gᵀ` for one output channel and 16 input channels. */
DOTS_INLINE void transformKernels(const Weight& w, int64_t o, int64_t i, bool turned, Vector out[kPlaces]) {
  Vector g[9], t[3][4];
#pragma GCC unroll 9
  for (int tap = 0; tap < 9; tap++) g[tap] = _mm512_loadu_ps(w.data + (9 * o + (turned ? 8 - tap : tap)) * w.inChannels + i);
#pragma GCC unroll 3
  for (int x = 0; x < 3; x++) kernelColumn(g[x], g[3 + x], g[6 + x], t[x]);
#pragma GCC unroll 4
  for (int y = 0; y < 4; y++) kernelColumn(t[0][y], t[1][y], t[2][y], out + 4 * y);
}

/** Of 16 output channels: to where pairs of input channels lie, in lines of the cache that are the same for all 16. */
DOTS void transformOuts(const Weight& w, int64_t first, uint16_t* out) {
  const int64_t block = channelsOfBlock(w.outChannels);
  for (int64_t i = 0; i < w.inChannels; i += kLanes) {
    for (int64_t o = first; o < first + kLanes; o++) {
      Vector u[kPlaces];
      transformKernels(w, o, i, false, u);
      for (int64_t p = 0; p < kPlaces; p++) {
        alignas(32) uint32_t pairs[kLanes / 2];
        _mm256_store_si256((__m256i*)pairs, (__m256i)_mm512_cvtneps_pbh(u[p]));
        uint32_t* to = (uint32_t*)out + ((o / block * kPlaces + p) * w.inChannels + i) / 2 * block + o % block;
        for (int64_t k = 0; k < kLanes / 2; k++) to[k * block] = pairs[k];
      }
    }
  }
}

/** Of a pair of output channels, which are the inputs here. */
DOTS void transformTurnedPair(const Weight& w, int64_t pair, uint16_t* out) {
  const int64_t block = channelsOfBlock(w.inChannels);
  for (int64_t i = 0; i < w.inChannels; i += kLanes) {
    Vector a[kPlaces], b[kPlaces];
    transformKernels(w, 2 * pair, i, true, a);
    transformKernels(w, 2 * pair + 1, i, true, b);
    for (int64_t p = 0; p < kPlaces; p++) {
      uint16_t* to = out + ((i / block * kPlaces + p) * (w.outChannels / 2) + pair) * 2 * block + i % block * 2;
      _mm512_storeu_si512(to, paired(a[p], b[p]));
    }
  }
}

}  // namespace

void transformWeight(const Weight& weight, uint16_t* out, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (int64_t o = 0; o < weight.outChannels; o += kLanes) transformOuts(weight, o, out);
}

void transformTurnedWeight(const Weight& weight, uint16_t* out, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (int64_t pair = 0; pair < weight.outChannels / 2; pair++) transformTurnedPair(weight, pair, out);
}

void winograd(const Convolution& c, const uint16_t* input, const uint16_t* weight, uint16_t* out, int threads,
              const Finish* finish) {
  const bool one = channelsOfBlock(c.outChannels) == kLanes;
  const auto convolveImages = finish ? (one ? convolve<1, true> : convolve<2, true>) : one ? convolve<1, false> : convolve<2, false>;
  const int64_t shares = std::clamp<int64_t>(threads, 1, c.images);
#pragma omp parallel for num_threads((int)shares) schedule(static) if (shares > 1)
  for (int64_t i = 0; i < shares; i++) {
    convolveImages(c, i * c.images / shares, (i + 1) * c.images / shares, input, weight, out, finish);
  }
}

void winogradWeightGradient(const Convolution& c, const uint16_t* input, const uint16_t* gradient, float* out, int threads) {
  const auto add = channelsOfBlock(c.inChannels) == kLanes ? addShare<1> : addShare<2>;
  const int64_t size = kPlaces * c.outChannels * c.inChannels;
  const bool byChannels = size * (int64_t)sizeof(float) > kOwnSums;
  const int64_t length = byChannels ? c.outChannels / kLanes : c.images;
  const int64_t parts = byChannels ? size * (int64_t)sizeof(float) / kMostSums : 1;
  const int64_t shares = std::clamp<int64_t>(parts, std::min<int64_t>(threads, length), length);
  const Scratch<float> sums((byChannels ? 1 : shares) * size, byChannels);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (int64_t i = 0; i < shares; i++) {
    const int64_t from = i * length / shares, to = (i + 1) * length / shares;
    if (byChannels) {
      add(c, {0, c.images, kLanes * from, kLanes * to}, input, gradient, sums);
    } else {
      std::fill_n(sums + i * size, size, 0.0f);
      add(c, {from, to, 0, c.outChannels}, input, gradient, sums + i * size);
    }
  }
  if (!byChannels) addUp(sums, size, shares, threads);
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (int64_t o = 0; o < c.outChannels; o++) finishWeightGradient(c, o, sums, out + o * 9 * c.inChannels);
}
#else
void transformWeight(const Weight&, uint16_t*, int) {}
void transformTurnedWeight(const Weight&, uint16_t*, int) {}
void winograd(const Convolution&, const uint16_t*, const uint16_t*, uint16_t*, int, const Finish*) {}
void winogradWeightGradient(const Convolution&, const uint16_t*, const uint16_t*, float*, int) {}
#endif

}  // namespace la_ssl
